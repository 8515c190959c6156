"""H806, with Keras: a loss that falls steadily and gets nowhere, told apart from plateaus and from tails."""

from pathlib import Path
from typing import Any

import keras
import pytest
from keras_logs import fitted
from model_cases import L, examined, number, only, save_data, stack, told, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any, Any, str]:
    """SGD at a rate with two zeros too many."""
    folder = tmp_path_factory.mktemp("slow")
    x, y = waves(300, 3, 2)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(2)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.SGD(1e-5), "mse", steps_per_execution=10)
    return folder, model, x, y, fitted(folder, model, x, y, 30, batch_size=100)


def test_a_rate_with_zeros_too_many(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H806")
    assert finding.severity is Severity.WARNING, told(report)
    assert number(finding, "epochs_to_goal") > 5 * 30
    assert "0.0001" in str(finding.evidence.remedy), "ten times the rate"
    leading = next(one for one in report.findings if one.severity is not Severity.NOTE)
    assert leading.code in ("G604", "H806", "W306"), told(report)


def test_the_curve_beside_the_data(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, _, x, y, log = patient
    report = diagnose(Question(history=(log,), data=save_data(folder / "d.csv", x, y)))
    assert only(report, "H806").severity is Severity.WARNING
    assert "still falls, by only" in report.verdict


def test_the_curve_alone_is_a_note(patient: tuple[Path, Any, Any, Any, str]) -> None:
    report = diagnose(Question(history=(patient[4],)))
    assert only(report, "H806").severity is Severity.NOTE
