"""H804: a loss that swings far above its trend, told apart from ordinary scatter and from what is near zero."""

import numpy as np
import pytest
from logs import history, noise
from logs import told as says

from mlpdoctor.core.finding import Severity

EPOCH = np.arange(60)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [0.4, 0.8])
def test_swings_around_a_level(seed: int, size: float) -> None:
    finding = says(history(0.5 * np.exp(size * noise(seed, 80)), decimals=4)).of("H804")
    assert finding.severity is Severity.WARNING
    assert float(finding.evidence.numbers["typical"]) == pytest.approx(size, rel=0.6)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("epochs", [10, 20, 60])
@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_quiet_on_ordinary_scatter(seed: int, epochs: int, alike: float) -> None:
    """The named false alarm: a few rows in small batches scatter by several per cent."""
    values = 0.4 * (1 + 0.08 * noise(seed, epochs, alike))
    assert "H804" not in says(history(values, decimals=4)).codes


def test_quiet_near_zero() -> None:
    values = np.exp(-EPOCH / 4) + 1e-4 * np.exp(0.5 * noise(1, 60))
    assert "H804" not in says(history(values)).codes


def test_a_spike_that_goes_by_is_a_note() -> None:
    values = (0.3 + np.exp(-EPOCH / 5)) * np.where(EPOCH == 45, 5.0, 1.0)
    finding = says(history(values, decimals=4)).of("H804")
    assert finding.severity is Severity.NOTE
    assert finding.evidence.numbers["largest_at_epoch"] == 46


def test_rounding_is_no_swing() -> None:
    assert not says(history(0.0001 * (3 + EPOCH % 2), decimals=4)).alarms
