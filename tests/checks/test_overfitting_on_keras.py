"""H805, with Keras: a validation loss that turns up, told apart from a gap, from scatter, and from an early stop."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_logs import fitted
from model_cases import L, examined, only, stack, told

from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any, Any, str]:
    """Sixty rows of noise and a wide network."""
    folder = tmp_path_factory.mktemp("overfitting")
    rng = np.random.default_rng(6)
    x = rng.normal(size=(80, 8))
    y = 0.5 * x[:, :1] + rng.normal(size=(80, 1))
    keras.utils.set_random_seed(6)
    model = stack(8, L.Dense(128, "relu"), L.Dense(1))
    model.compile(keras.optimizers.Adam(0.01), "mse", steps_per_execution=10)
    return folder, model, x, y, fitted(folder, model, x, y, 60, batch_size=60, validation_split=0.25)


def test_a_wide_network_on_few_rows(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H805")
    assert finding.severity is Severity.WARNING, told(report)
    assert "restore_best_weights" in str(finding.evidence.remedy)
    assert "training rows since about epoch" in report.verdict


def test_the_curve_alone_and_the_model_alone(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, _, _, log = patient
    assert "memorising" in diagnose(Question(history=(log,))).verdict
    assert only(examined(folder, model, history=(log,)), "H805")
