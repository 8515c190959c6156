"""H802: a training that ended while the loss still fell, told apart from the tail of one that is done."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, alarms, compiled, examined, found, stack, told
from logs import column, history, noise
from logs import told as says

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.history import Run


def test_quiet_where_the_saved_model_does_well(tmp_path: Path) -> None:
    """The named false alarm: a loss near zero falls on without end, and nobody misses what it would gain."""
    x = np.random.default_rng(3).normal(size=(200, 2))
    y = x @ np.array([[1.0], [-2.0]])
    model = stack(2, L.Dense(1))
    model.layers[0].set_weights([np.array([[1.01], [-1.99]], np.float32), np.zeros(1, np.float32)])
    log = tmp_path / "h.csv"
    values = 2.0 * np.exp(-np.arange(40) / 5)
    log.write_text("epoch,loss\n" + "".join(f"{k},{v}\n" for k, v in enumerate(values)))
    report = examined(tmp_path, compiled(model), x, y, history=(str(log),))
    assert not found(report, "H802"), told(report)
    assert not alarms(report), told(report)


@pytest.mark.parametrize("decimals", [None, 4])
@pytest.mark.parametrize("epochs", [10, 20, 60])
@pytest.mark.parametrize("scatter", [0.0, 0.01])
def test_found_at_all_lengths(epochs: int, scatter: float, decimals: int | None) -> None:
    values = 2.3 * np.exp(-np.arange(epochs) / (2 * epochs)) * (1 + scatter * noise(epochs, epochs))
    finding = says(history(values, decimals=decimals)).of("H802")
    assert finding.severity is Severity.WARNING
    gained = float(finding.evidence.numbers["gain_of_half_as_many"])  # type: ignore[arg-type]
    assert 0 < gained <= values[-1] * (1 - np.exp(-0.25)) * 1.1


def test_quiet_where_validation_no_longer_falls() -> None:
    """A training rightly ended: only the training rows are fitted closer."""
    epoch = np.arange(40)
    training = np.exp(-epoch / 30)
    validation = 0.6 + np.exp(-epoch / 5) + 0.005 * noise(1, 40)
    assert "H802" not in says(history(training, validation)).codes
    assert "H802" in says(history(training, training + 0.1)).codes


def test_a_run_that_went_on_from_trained_weights_is_a_note() -> None:
    values = 0.1 * np.exp(-np.arange(20) / 40)
    before = Run("", {"loss": column("loss", np.exp(-np.arange(20) / 5))})
    assert says(history(values, earlier=[before])).of("H802").severity is Severity.NOTE
    assert says(history(values, first=21)).of("H802").severity is Severity.NOTE


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 5])
def test_a_few_epochs_are_never_more_than_a_note(epochs: int) -> None:
    assert not says(history(2.3 * 0.8 ** np.arange(epochs), decimals=4)).alarms
