"""H807, with Keras: EarlyStopping that cut a moving curve, told apart from one that did its work."""

from pathlib import Path
from typing import Any

import keras
import pytest
from keras_logs import fitted
from model_cases import L, examined, only, stack, told, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


@pytest.fixture(scope="module", params=[0, 1], ids=["silent", "verbose"])
def patient(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Any, Any, Any, str]:
    """A min_delta larger than what an epoch brings."""
    folder = tmp_path_factory.mktemp("stopped")
    x, y = waves(400, 3, 3)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(3)
    model = stack(3, L.Dense(32, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.SGD(0.003), "mse", steps_per_execution=10)
    stop = keras.callbacks.EarlyStopping("loss", min_delta=0.5, patience=11, verbose=request.param)
    return folder, model, x, y, fitted(folder, model, x, y, 100, stop, console=True)


def test_a_min_delta_that_no_epoch_reaches(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H807")
    assert finding.severity is Severity.WARNING, told(report)
    assert finding.evidence.numbers["planned"] == 100
    assert finding.evidence.numbers["by_callback"] == ("early stopping" in Path(log).read_text())
    assert "min_delta=0" in str(finding.evidence.remedy)
    assert "Training was stopped too early, after epoch 12 of 100 planned" in report.verdict
    assert not [one for one in report.findings if one.code == "H802"], "one story"


def test_the_curve_alone_and_the_model_alone(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, _, _, log = patient
    assert diagnose(Question(history=(log,))).verdict.startswith("Training was stopped too early")
    assert only(examined(folder, model, history=(log,)), "H807")
