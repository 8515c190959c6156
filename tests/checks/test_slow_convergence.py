"""H806: a loss that falls steadily and gets nowhere, told apart from plateaus and from tails."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from logs import fitted, history, noise
from logs import told as says
from model_cases import L, examined, number, only, save_data, stack, told, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.subject import Question


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
    assert "falls steadily, but by only" in report.verdict


def test_the_curve_alone_is_a_note(patient: tuple[Path, Any, Any, Any, str]) -> None:
    report = diagnose(Question(history=(patient[4],)))
    assert only(report, "H806").severity is Severity.NOTE


def test_epochs_to_the_goal_are_those_of_the_pace(tmp_path: Path) -> None:
    """Keras reaches the line's loss where the report says, on a curve that falls by the same share each epoch."""
    x, y = waves(200, 2, 5)
    values = 40.0 * np.exp(-np.arange(50) / 2000)
    (log := tmp_path / "h.csv").write_text(
        "epoch,loss\n" + "".join(f"{k},{v!r}\n" for k, v in enumerate(values.tolist()))
    )
    report = diagnose(Question(history=(str(log),), data=save_data(tmp_path / "d.csv", x, y)))
    finding = only(report, "H806")
    goal = number(finding, "goal")
    assert number(finding, "epochs_to_goal") == pytest.approx(2000 * np.log(values[-1] / goal), rel=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_quiet_on_a_plateau_with_scatter(seed: int) -> None:
    assert "H806" not in says(history(0.3 * (1 + 0.01 * noise(seed, 80)), decimals=4)).codes


def test_quiet_on_a_log_that_rounding_keeps_still() -> None:
    """The named false alarm: one step in the fourth digit is no pace."""
    values = np.where(np.arange(91) < 60, 0.0058, 0.0057)
    assert "H806" not in says(history(values, decimals=4)).codes


def test_quiet_on_the_tail_of_a_curve_that_fell_fast() -> None:
    epoch = np.arange(60)
    assert "H806" not in says(history(0.2 + np.exp(-epoch / 4) + 0.02 * np.exp(-epoch / 100))).codes


def test_quiet_on_few_epochs() -> None:
    assert "H806" not in says(history(1.3 * np.exp(-np.arange(15) / 500))).codes
