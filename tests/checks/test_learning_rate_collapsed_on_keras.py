"""W306, with Keras: a rate that moves nothing any more."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import L, examined, only, stack, told, waves

from mlpdoctor.core.finding import Severity


def with_rate(model: Any, rate: Any, updates: int) -> Any:  # noqa: ANN401
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(updates)
    return model


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("rate", [0.0, 1e-12, 1e-8])
@pytest.mark.series
def test_a_rate_that_fell_too_early_is_an_error(tmp_path: Path, rate: float, seed: int, form: str) -> None:
    x, y = waves(300, 3, seed)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(seed)
    model = with_rate(stack(3, L.Dense(16, "tanh"), L.Dense(1)), rate, 500)
    report = examined(tmp_path, model, x, y, form=form, rules=("W306",))
    # Weights that never moved are those of an untrained model, whatever the counter says.
    finding = only(report, "W306")
    assert finding.severity is Severity.ERROR, told(report)
    assert "Adam(0.001)" in str(finding.evidence.remedy)


def test_keras_itself_moves_nothing_at_such_a_rate(tmp_path: Path) -> None:
    """The claim that a step below half a unit in the last place is rounded away, on real training."""
    x, y = waves(100, 3, 0)
    model = stack(3, L.Dense(8, "tanh", bias_initializer="ones"), L.Dense(1, bias_initializer="ones"))
    model.compile(keras.optimizers.Adam(1e-10), "mse")
    before = [np.array(weight) for weight in model.get_weights()]
    fit(model, x, y, epochs=3)
    moved = [np.abs(a - b).max() for a, b in zip(model.get_weights(), before, strict=True)]
    assert max(moved[1], moved[3]) == 0  # biases of size 1 stay to the last digit
    finding = only(examined(tmp_path, model, x, y, rules=("W306",)), "W306")
    assert finding.severity is Severity.ERROR
