"""H802, with Keras: a training that ended while the loss still fell, told apart from the tail of one that is done."""

from pathlib import Path
from typing import Any

import keras
import pytest
from keras_logs import fitted
from model_cases import L, examined, only, stack, told, waves

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any, Any, str]:
    """Twelve epochs of a training that takes a hundred, rows held out."""
    folder = tmp_path_factory.mktemp("improving")
    x, y = waves(400, 3, 1)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(1)
    model = stack(3, L.Dense(32, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.SGD(0.005), "mse", steps_per_execution=10)
    return folder, model, x, y, fitted(folder, model, x, y, 12, validation_split=0.2)


def test_a_training_of_too_few_epochs(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H802")
    assert finding.severity is Severity.WARNING, told(report)
    assert finding.evidence.certainty is Certainty.MEASURED
    assert finding.evidence.numbers["epochs"] == 12
    assert finding.evidence.remedy is not None
    assert '"val_loss"' in str(finding.evidence.remedy.code)
    leading = next(one for one in report.findings if one.severity is not Severity.NOTE)
    assert leading.code in ("H802", "G607", "G604"), told(report)


def test_the_curve_alone_says_so(patient: tuple[Path, Any, Any, Any, str]) -> None:
    report = diagnose(Question(history=(patient[4],)))
    # Of a curve alone nobody knows how far it has to go: a note, and a verdict that is no stronger.
    assert only(report, "H802").severity is Severity.NOTE
    assert "was still falling by" in report.verdict
    assert report.verdict.endswith("more epochs may lower it.")


def test_a_model_without_data(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, _, _, log = patient
    assert only(examined(folder, model, history=(log,), rules=("H802",)), "H802")
