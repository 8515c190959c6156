"""H804, with Keras: what needs the real models."""

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
    """RMSprop at three hundred times its usual rate, on tanh units: they do not die, and nothing settles."""
    folder = tmp_path_factory.mktemp("swings")
    x, y = waves(200, 3, 5)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(5)
    model = stack(3, L.Dense(32, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.RMSprop(0.3), "mse", steps_per_execution=10)
    return folder, model, x, y, fitted(folder, model, x, y, 50, batch_size=20)


def test_a_rate_at_which_nothing_settles(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,), rules=("H804",))
    finding = only(report, "H804")
    assert finding.severity is Severity.WARNING, told(report)
    assert "0.06" in str(finding.evidence.remedy), "a fifth of the rate"


def test_the_curve_alone_and_the_model_alone(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, _, _, log = patient
    assert only(diagnose(Question(history=(log,))), "H804")
    assert only(examined(folder, model, history=(log,), rules=("H804",)), "H804")
