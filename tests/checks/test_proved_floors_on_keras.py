"""A102, L505, O201 and O204, with Keras: what needs the real models."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import (
    L,
    compiled,
    examined,
    found,
    number,
    only,
    quiet,
    stack,
    told,
)

from mlpdoctor.core.finding import Certainty


@pytest.mark.filterwarnings("ignore:(?s).*softmax over axis:UserWarning")
@pytest.mark.parametrize("loss", ["mse", "mae", "binary_crossentropy", "categorical_crossentropy"])
@pytest.mark.parametrize("with_data", [True, False])
def test_o201_sees_a_softmax_over_one_unit(tmp_path: Path, loss: str, *, with_data: bool) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(100, 2)), (rng.random((100, 1)) < 0.3).astype(float)
    model = compiled(stack(2, L.Dense(8, "relu"), L.Dense(1, "softmax", name="top")), loss)
    report = examined(tmp_path, model, *((x, y) if with_data else ()))
    finding = only(report, "O201")
    assert report.findings[0] is finding, told(report)
    assert finding.evidence.certainty is Certainty.PROVED
    assert finding.evidence.remedy is not None
    line = 'Dense(1, activation="sigmoid", name="top")'
    if loss == "categorical_crossentropy":  # of one unit it is 0, whatever the activation
        line += '; model.compile(model.optimizer, loss="binary_crossentropy")'
    assert finding.evidence.remedy.code == line or loss in ("mse", "mae")
    if with_data and loss in ("mse", "mae"):
        assert number(finding, "floor") == pytest.approx(float((1 - y).mean()), rel=1e-12)
        assert number(finding, "accuracy_share") == pytest.approx(float(y.mean()))
    assert not found(report, "O204")


@pytest.mark.parametrize("body", [[L.Dense(64, "relu")], [L.Dense(2, "tanh")], [L.Dense(12, "relu")]], ids=str)
def test_l505_stays_quiet_where_units_are_enough_or_smooth(tmp_path: Path, body: list[Any]) -> None:
    x = np.linspace(-1, 1, 300)[:, None]
    y = np.sin(np.pi * x)
    layers = [keras.layers.Dense.from_config(layer.get_config()) for layer in body]
    model = compiled(stack(1, *layers, L.Dense(1)))
    assert quiet(examined(tmp_path, model, x, y, rules=("L505",)), "L505")


@pytest.mark.parametrize("periods", [1.3, 1.8, 2.4])
def test_l505_the_line_that_it_prints_bends_where_tanh_of_as_many_units_does_not(
    tmp_path: Path, periods: float
) -> None:
    """Keras draws biases of 0, so that all units bend at 0: spread over the input they find the waves."""
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (300, 1)).astype(np.float32)
    y = np.sin(2 * np.pi * periods * x)
    model = compiled(stack(1, L.Dense(2, "relu"), L.Dense(1)))
    fit(model, x, y, epochs=20)
    remedy = only(examined(tmp_path, model, x, y, rules=("L505",)), "L505").evidence.remedy
    assert remedy is not None
    assert remedy.code is not None

    def trained(layer: Any) -> float:  # noqa: ANN401
        keras.utils.set_random_seed(1)
        other = stack(1, layer, L.Dense(1))
        other.compile(keras.optimizers.Adam(0.01), "mse")
        fit(other, x, y, epochs=300)
        return float(np.square(np.asarray(other(x)) - y).mean())

    line = trained(eval(remedy.code, {"Dense": L.Dense, "keras": keras}))  # noqa: S307  mlpdoctor's own line
    assert line < 0.5 * trained(L.Dense(64, "tanh"))
    assert line < 0.5 * float(y.var())
