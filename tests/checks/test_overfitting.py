"""H805: a validation loss that turns up, told apart from a gap, from scatter, and from an early stop."""

from typing import Any

import numpy as np
import pytest
from logs import history, noise
from logs import told as says

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.history import Note

EPOCH = np.arange(60)

TRAINING = 0.01 + np.exp(-EPOCH / 12)


def turned(seed: int = 1, rise: float = 0.01) -> Any:  # noqa: ANN401
    return 0.3 + np.exp(-EPOCH / 8) + rise * EPOCH + 0.01 * noise(seed, 60)


@pytest.mark.parametrize("seed", range(5))
def test_a_turn(seed: int) -> None:
    finding = says(history(TRAINING, turned(seed), decimals=4)).of("H805")
    assert finding.severity is Severity.WARNING
    assert 10 <= int(finding.evidence.numbers["best_epoch"]) <= 30  # type: ignore[arg-type]


@pytest.mark.parametrize("bend", [0.5, 2.0, 4.0])
def test_a_rise_that_is_no_straight_line(bend: float) -> None:
    since = np.maximum(EPOCH - 15, 0) / 44
    values = 0.3 + 0.5 * np.exp(-EPOCH / 4) + 0.6 * since**bend
    assert says(history(TRAINING, values, decimals=4)).of("H805").severity is Severity.WARNING


@pytest.mark.parametrize("epochs", [60, 150, 300])
def test_a_rise_that_came_to_its_end_is_a_turn_all_the_same(epochs: int) -> None:
    """A network that has all its rows by heart gets no worse: what it lost to its best epoch is lost."""
    epoch = np.arange(1, epochs + 1)
    validation = 0.8 + 1.0 * (1 - np.exp(-epoch / 8)) + 0.1 * np.exp(-epoch / 2) + 0.005 * noise(0, epochs)
    found = says(history(2 * np.exp(-epoch / 6) + 1e-4, validation, decimals=4)).of("H805")
    assert found.severity is Severity.WARNING


def test_milder_where_the_best_weights_were_put_back() -> None:
    notes = [Note(60, "stopped early"), Note(60, "best weights restored", 18.0)]
    assert says(history(TRAINING, turned(), notes=notes)).of("H805").severity is Severity.NOTE


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("patience", [5, 10, 20])
def test_no_more_than_a_note_on_an_early_stop(seed: int, patience: int) -> None:
    """The named false alarm: a CSVLogger file does not tell that EarlyStopping put the best weights back."""
    best = 31
    epochs = best + patience
    epoch = np.arange(1, epochs + 1)
    validation = 0.3 + 0.0002 * (epoch - best) ** 2 + 0.002 * noise(seed, epochs)
    validation[best - 1] = validation.min() - 0.001
    assert not says(history(0.05 + np.exp(-epoch / 15), validation, decimals=4)).alarms


def test_milder_where_the_accuracy_did_not_suffer() -> None:
    accuracy = 0.9 - 0.4 * np.exp(-EPOCH / 6)
    mild = says(history(TRAINING, turned(), val_accuracy=accuracy)).of("H805")
    assert mild.severity is Severity.NOTE
    worse = accuracy - 0.003 * EPOCH
    assert says(history(TRAINING, turned(), val_accuracy=worse)).of("H805").severity is Severity.WARNING


@pytest.mark.parametrize("epochs", [12, 20, 60])
@pytest.mark.parametrize("scatter", [0.02, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_quiet_on_scatter(seed: int, scatter: float, epochs: int) -> None:
    epoch = np.arange(epochs)
    training = 0.1 + np.exp(-5 * epoch / epochs)
    validation = (0.3 + np.exp(-8 * epoch / epochs)) * (1 + scatter * noise(seed + 50, epochs))
    assert "H805" not in says(history(training, validation, decimals=4)).codes


def test_quiet_on_a_gap_that_does_not_widen() -> None:
    validation = 0.8 + np.exp(-EPOCH / 10) + 0.005 * noise(3, 60)
    assert "H805" not in says(history(0.01 + np.exp(-EPOCH / 10), validation, decimals=4)).codes


def test_quiet_where_both_rise() -> None:
    assert "H805" not in says(history(0.2 + 0.02 * EPOCH, 0.3 + 0.02 * EPOCH)).codes
