"""H808: a rate that fell until nothing moved, told apart from schedules that end with the training."""

import math

import numpy as np
import pytest
from logs import history, noise
from logs import told as says

from mlpdoctor.core.finding import Severity

EPOCH = np.arange(60)

COLLAPSED = np.where(EPOCH < 10, 1e-3, 1e-3 * 0.1 ** ((EPOCH - 8) // 2))

CUT_IN_MID_FALL = np.where(EPOCH < 12, 1.0 - 0.03 * EPOCH, 0.67)


def test_a_curve_cut_in_mid_fall() -> None:
    assert says(history(CUT_IN_MID_FALL, rates=COLLAPSED, decimals=4)).of("H808").severity is Severity.WARNING


def test_quiet_where_the_loss_had_stopped_before() -> None:
    """The named false alarm: the rate followed the loss, as ReduceLROnPlateau is meant to."""
    values = 0.4 + 0.6 * np.exp(-EPOCH) + 1e-4 * noise(1, 60)
    assert "H808" not in says(history(values, rates=COLLAPSED)).codes


@pytest.mark.parametrize("epochs", [20, 60, 200])
def test_quiet_on_a_cosine(epochs: int) -> None:
    rates = [0.01 * 0.5 * (1 + math.cos(math.pi * epoch / epochs)) for epoch in range(epochs)]
    values = 0.05 + np.exp(-8 * np.arange(epochs) / epochs)
    assert "H808" not in says(history(values, rates=rates, decimals=4)).codes


@pytest.mark.parametrize("factor", [0.1, 0.3])
def test_no_more_than_a_note_on_steps(factor: float) -> None:
    rates = 0.01 * factor ** (EPOCH // 15)
    values = 0.05 + np.exp(-EPOCH / 5) + 0.05 * rates / 0.01
    assert not says(history(values, rates=rates, decimals=4)).alarms


def test_quiet_on_a_rate_that_never_fell() -> None:
    assert "H808" not in says(history(CUT_IN_MID_FALL, rates=np.full(60, 1e-3))).codes
    assert "H808" not in says(history(CUT_IN_MID_FALL)).codes
