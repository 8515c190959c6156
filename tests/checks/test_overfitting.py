"""H805: a validation loss that turns up, told apart from a gap, from scatter, and from an early stop."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from logs import fitted, history, noise
from logs import told as says
from model_cases import L, examined, only, stack, told

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.history import Note
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.subject import Question

EPOCH = np.arange(60)
TRAINING = 0.01 + np.exp(-EPOCH / 12)


def turned(seed: int = 1, rise: float = 0.01) -> Any:  # noqa: ANN401
    return 0.3 + np.exp(-EPOCH / 8) + rise * EPOCH + 0.01 * noise(seed, 60)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any, Any, str]:
    """Sixty rows of noise and a wide network."""
    folder = tmp_path_factory.mktemp("overfitting")
    rng = np.random.default_rng(6)
    x = rng.normal(size=(80, 8))
    y = 0.5 * x[:, :1] + rng.normal(size=(80, 1))
    keras.utils.set_random_seed(6)
    model = stack(8, L.Dense(128, "relu"), L.Dense(1))
    model.compile(keras.optimizers.Adam(0.01), "mse", steps_per_execution=10)
    return folder, model, x, y, fitted(folder, model, x, y, 60, batch_size=60, validation_split=0.25)


def test_a_wide_network_on_few_rows(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H805")
    assert finding.severity is Severity.WARNING, told(report)
    assert "restore_best_weights" in str(finding.evidence.remedy)
    assert "by heart since about epoch" in report.verdict


def test_the_curve_alone_and_the_model_alone(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, _, _, log = patient
    assert "by heart" in diagnose(Question(history=(log,))).verdict
    assert only(examined(folder, model, history=(log,)), "H805")


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
