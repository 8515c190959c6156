"""H807: EarlyStopping that cut a moving curve, told apart from one that did its work."""

import numpy as np
import pytest
from logs import history, noise
from logs import told as says

from mlpdoctor.core.history import Note

STOPPED = [Note(15, "stopped early")]


@pytest.mark.parametrize("seed", range(4))
def test_quiet_on_an_early_stop_that_did_its_work(seed: int) -> None:
    """The named false alarm: the training loss falls on, the validation loss does not."""
    epoch = np.arange(37)
    training = 0.1 + np.exp(-epoch / 12)
    validation = 0.3 + np.exp(-epoch / 4) + 0.01 * noise(seed, 37)
    given = history(training, validation, planned=200, notes=STOPPED, decimals=4)
    assert "H807" not in says(given).codes


def test_quiet_on_a_plateau_pasted_in_part() -> None:
    """The seed post: 91 epochs of 10,000, and nothing moves."""
    values = 0.0057 + 0.003 * np.exp(-np.arange(91) / 12)
    assert "H807" not in says(history(values, planned=10_000, decimals=4)).codes


def test_quiet_where_all_epochs_were_made() -> None:
    values = 2.3 * np.exp(-np.arange(15) / 40)
    assert "H807" in says(history(values, planned=16)).codes
    whole = says(history(values, planned=15)).codes
    assert "H807" not in whole
    assert "H802" in whole
