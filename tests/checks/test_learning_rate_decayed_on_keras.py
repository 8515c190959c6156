"""H808, with Keras: a rate that fell until nothing moved, told apart from schedules that end with the training."""

from pathlib import Path
from typing import Any

import keras
import pytest
from keras_logs import fitted
from model_cases import L, examined, found, only, save_data, stack, told, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any, Any, str]:
    """ReduceLROnPlateau that takes a slow fall for a plateau."""
    folder = tmp_path_factory.mktemp("decayed")
    x, y = waves(300, 3, 7)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(7)
    model = stack(3, L.Dense(32, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.Adam(1e-4), "mse", steps_per_execution=10)
    cut = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=5, min_delta=0.5, min_lr=0)
    return folder, model, x, y, fitted(folder, model, x, y, 40, cut)


def test_a_callback_without_patience(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H808")
    assert finding.severity is Severity.ERROR, told(report)
    assert finding.evidence.numbers["falling_before_the_cut"] is True
    assert "although it was falling when the rate was cut" in report.verdict
    assert report.findings[0].code == "H808", told(report)
    assert [one.because_of for one in found(report, "W306")] in ([], ["H808"])


def test_the_curve_beside_the_data_and_alone(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    beside = diagnose(Question(history=(log,), data=save_data(folder / "d.csv", x, y)))
    assert only(beside, "H808").severity is Severity.WARNING
    assert "The learning rate fell from 0.0001" in diagnose(Question(history=(log,))).verdict
    assert only(examined(folder, model, history=(log,)), "H808")
