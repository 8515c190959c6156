"""H803: NaN, infinity, and a loss that rose for good, told apart from spikes, swings and warm restarts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_cases import L, compiled, examined, only, stack
from logs import csv_of, history, noise
from logs import told as says

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.history import Note

EPOCH = np.arange(60)

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("values", "epoch", "word"),
    [
        ([1.0, 0.8, NAN, NAN], 3, "NaN"),
        ([NAN] * 4, 1, "NaN"),
        ([1.0, INF, NAN], 2, "infinite"),
        ([1.0, 1e39, NAN], 2, "infinite"),
    ],
)
def test_the_first_epoch_without_a_number(values: list[float], epoch: int, word: str) -> None:
    finding = says(history(values)).of("H803")
    assert finding.severity is Severity.ERROR
    assert finding.evidence.numbers["epoch"] == epoch
    assert word in finding.message
    assert ("isfinite" in str(finding.evidence.remedy)) == (epoch == 1), "from the start on it is the data"


def test_a_single_nan_is_a_note() -> None:
    assert says(history([1.0, NAN, 0.8, 0.7])).of("H803").severity is Severity.NOTE


def test_restored_weights_and_a_good_model_are_milder(tmp_path: Path) -> None:
    values = [1.0, 0.5, 0.2, NAN, NAN]
    restored = history(values, notes=[Note(5, "best weights restored", 3.0)])
    assert says(restored).of("H803").severity is Severity.WARNING
    x = np.random.default_rng(3).normal(size=(100, 2))
    y = x @ np.array([[1.0], [-2.0]]) + 1
    model = stack(2, L.Dense(1))
    model.layers[0].set_weights([np.array([[1.0], [-2.0]], np.float32), np.ones(1, np.float32)])
    report = examined(tmp_path, compiled(model), x, y, history=(csv_of(tmp_path, history(values)),))
    assert only(report, "H803").severity is Severity.NOTE
    assert "The saved weights do well all the same." in report.verdict


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("end", "severity"), [(5.0, Severity.ERROR), (0.5, Severity.WARNING)])
def test_a_rise_that_stays(seed: int, end: float, severity: Severity) -> None:
    values = np.r_[0.05 + np.exp(-EPOCH / 10), np.full(20, end)] * (1 + 0.05 * noise(seed, 80))
    finding = says(history(values, decimals=4)).of("H803")
    assert finding.severity is severity
    assert 45 <= int(finding.evidence.numbers["epoch"]) <= 60  # type: ignore[arg-type]


def test_a_short_log_that_explodes() -> None:
    assert says(history([1.0, 3.0, 20.0, 400.0])).of("H803").severity is Severity.ERROR
    assert "H803" not in says(history([1.0, 0.7, 0.9, 0.8])).codes


@pytest.mark.parametrize(
    "values",
    [
        (0.05 + np.exp(-EPOCH / 10)) * np.where(EPOCH == 40, 30, 1),
        1e-6 * np.exp(0.3 * noise(1, 60)) + np.exp(-EPOCH / 2),
        (0.05 + np.exp(-EPOCH / 10)) * np.exp(0.5 * noise(2, 60)),
    ],
    ids=["a spike", "near zero", "swings"],
)
def test_quiet_on_what_comes_back(values: Any) -> None:  # noqa: ANN401
    assert "H803" not in says(history(values)).codes


def test_quiet_on_a_warm_restart() -> None:
    """The named false alarm: the rate was raised again, and the loss is on its way down from there."""
    values = np.r_[0.05 + np.exp(-np.arange(40) / 6), 0.4 + np.exp(-np.arange(20) / 40)]
    rates = np.r_[np.geomspace(1e-2, 1e-5, 40), np.full(20, 1e-2)]
    assert "H803" in says(history(values)).codes
    assert "H803" not in says(history(values, rates=rates)).codes


def test_a_validation_loss_that_is_no_number() -> None:
    finding = says(history(0.1 + np.exp(-EPOCH / 5), np.where(EPOCH > 4, NAN, 1.0))).of("H803")
    assert finding.severity is Severity.WARNING
    assert finding.evidence.numbers["epoch"] == 6
    assert "validation" in str(finding.evidence.verdict)
