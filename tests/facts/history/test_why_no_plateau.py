"""A curve without a level says why: it is on its way, or it swings; a smooth one does not swing."""

from pathlib import Path

import numpy as np
import pytest

from mlpdoctor.core.check import Absent
from mlpdoctor.facts.history.curve_plateau import curve_plateau
from mlpdoctor.facts.history.training_curve import TrainingCurve, training_curve
from mlpdoctor.readers.histories.history import read_history


def reason(folder: Path, losses: np.ndarray) -> str:
    file = folder / "log.csv"
    file.write_text("epoch,loss\n" + "".join(f"{k},{loss:.6f}\n" for k, loss in enumerate(losses)))
    history = read_history(str(file))
    curve = training_curve.function(history)
    assert isinstance(curve, TrainingCurve)
    found = curve_plateau.function(history, curve, None)
    return found.reason if isinstance(found, Absent) else ""


@pytest.mark.parametrize("kept", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("epochs", [20, 60])
def test_a_smooth_fall_does_not_swing(kept: float, epochs: int, tmp_path: Path) -> None:
    assert "swings" not in reason(tmp_path, 10 * kept ** np.arange(epochs))
