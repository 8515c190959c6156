"""H803, with Keras: NaN, infinity, and a loss that rose for good, told apart from spikes, swings and warm restarts."""

from pathlib import Path
from typing import Any

import keras
import pytest
from keras_logs import fitted
from model_cases import L, examined, only, stack, told, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any, Any, str]:
    """SGD that a hundredfold rate blows up."""
    folder = tmp_path_factory.mktemp("diverged")
    x, y = waves(200, 3, 4)
    keras.utils.set_random_seed(4)
    model = stack(3, L.Dense(16, "relu"), L.Dense(16, "relu"), L.Dense(1))
    model.compile(keras.optimizers.SGD(3.0), "mse", steps_per_execution=10)
    return folder, model, x, 100 * y, fitted(folder, model, x, 100 * y, 6, batch_size=50)


def test_nan(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    assert "nan" in Path(log).read_text().lower()
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H803")
    assert finding.severity is Severity.ERROR
    assert report.verdict.startswith("Training diverged: the loss is"), told(report)
    assert report.verdict.count("Training diverged") == 1


def test_the_curve_alone_and_the_model_alone(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, _, _, log = patient
    assert diagnose(Question(history=(log,))).verdict.startswith("Training diverged: the loss is")
    assert only(examined(folder, model, history=(log,)), "H803")
