"""H808: a rate that fell until nothing moved, told apart from schedules that end with the training."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from logs import fitted, history, noise
from logs import told as says
from model_cases import L, examined, found, only, save_data, stack, told, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.subject import Question

EPOCH = np.arange(60)
COLLAPSED = np.where(EPOCH < 10, 1e-3, 1e-3 * 0.1 ** ((EPOCH - 8) // 2))
CUT_IN_MID_FALL = np.where(EPOCH < 12, 1.0 - 0.03 * EPOCH, 0.67)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any, Any, str]:
    """ReduceLROnPlateau that takes a slow fall for a plateau."""
    folder = tmp_path_factory.mktemp("decayed")
    x, y = waves(300, 3, 7)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(7)
    model = stack(3, L.Dense(32, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.Adam(1e-4), "mse", steps_per_execution=10)
    cut = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=5, min_delta=0.5, min_lr=0)
    return folder, model, x, y, fitted(folder, model, x, y, 40, cut)


def test_a_callback_without_patience(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H808")
    assert finding.severity is Severity.ERROR, told(report)
    assert finding.evidence.numbers["falling_before_the_cut"] is True
    assert "although it was falling when the rate was cut" in report.verdict
    assert report.findings[0].code == "H808", told(report)
    assert [one.because_of for one in found(report, "W306")] in ([], ["H808"])


def test_the_curve_beside_the_data_and_alone(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    beside = diagnose(Question(history=(log,), data=save_data(folder / "d.csv", x, y)))
    assert only(beside, "H808").severity is Severity.WARNING
    assert "The learning rate fell from 0.0001" in diagnose(Question(history=(log,))).verdict
    assert only(examined(folder, model, history=(log,)), "H808")


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
