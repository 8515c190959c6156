"""A101, with Keras: fires on every shape of a linear network, and on no deliberate design."""

from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import (
    L,
    compiled,
    examined,
    found,
    least_squares,
    names,
    number,
    only,
    stack,
    waves,
)
from paths import FIXTURES

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("data", ["csv", "npz", "parquet"])
def test_the_same_answer_from_every_kind_of_file(form: str, data: str, tmp_path: Path) -> None:
    x, y = waves(100, 3, seed=5)
    model = compiled(stack(3, L.Dense(7, name="first"), L.Dense(1, name="last")))
    report = examined(tmp_path, model, x, y, form=form, data=data, rules=("A101",))
    finding = only(report, "A101")
    assert names(finding, "layers") == ("first", "last")
    assert number(finding, "floor") == pytest.approx(least_squares(x, y), rel=1e-12)
    assert finding.message.startswith("first -> last have no activation between them")


@pytest.mark.parametrize("seed", range(3))
def test_the_floor_for_absolute_error_is_that_of_least_absolute_deviations(seed: int, tmp_path: Path) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y = waves(150, 2, seed=seed)
    report = examined(tmp_path, compiled(stack(2, L.Dense(4), L.Dense(1)), loss="mae"), x, y, rules=("A101",))
    median = linear_model.QuantileRegressor(quantile=0.5, alpha=0.0, solver="highs").fit(x, y[:, 0])
    floor = float(np.abs(y[:, 0] - median.predict(x)).mean())
    assert number(only(report, "A101"), "floor") == pytest.approx(floor, rel=1e-6)


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_the_model_alone_is_enough(form: str, tmp_path: Path) -> None:
    report = examined(tmp_path, stack(3, L.Dense(4), L.Dense(1)), form=form)
    finding = only(report, "A101")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED)
    assert finding.evidence.numbers["floor"] is None
    assert finding.evidence.explains is None
    assert report.ladder is None
    assert "there is no activation function between your layers" in report.verdict


def test_layers_that_mlpdoctor_does_not_know_are_no_proof_of_linearity(tmp_path: Path) -> None:
    entry = keras.Input((4,))
    odd = L.Flatten()(L.MaxPooling1D(2)(L.Reshape((4, 1))(L.Dense(4)(entry))))
    model = compiled(keras.Model(entry, L.Dense(1)(odd)))
    assert not found(examined(tmp_path, model, rules=("A101",)), "A101")


def test_the_old_file_of_r_keras_is_read_alike() -> None:
    old = diagnose(Question(str(FIXTURES / "three-points/model.h5"), str(FIXTURES / "three-points/data.csv")))
    new = diagnose(Question(str(FIXTURES / "three-points/model.keras"), str(FIXTURES / "three-points/data.csv")))
    assert only(old, "A101").evidence == only(new, "A101").evidence
