"""H806: a loss that falls steadily and gets nowhere, told apart from plateaus and from tails."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import number, only, save_data, waves
from logs import history, noise
from logs import told as says

from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question


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
