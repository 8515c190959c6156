"""H807: EarlyStopping that cut a moving curve, told apart from one that did its work."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from logs import fitted, history, noise
from logs import told as says
from model_cases import L, examined, only, stack, told, waves

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.history import Note
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.subject import Question

STOPPED = [Note(15, "stopped early")]


@pytest.fixture(scope="module", params=[0, 1], ids=["silent", "verbose"])
def patient(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Any, Any, Any, str]:
    """A min_delta larger than what an epoch brings."""
    folder = tmp_path_factory.mktemp("stopped")
    x, y = waves(400, 3, 3)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(3)
    model = stack(3, L.Dense(32, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.SGD(0.003), "mse", steps_per_execution=10)
    stop = keras.callbacks.EarlyStopping("loss", min_delta=0.5, patience=11, verbose=request.param)
    return folder, model, x, y, fitted(folder, model, x, y, 100, stop, console=True)


def test_a_min_delta_that_no_epoch_reaches(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, x, y, log = patient
    report = examined(folder, model, x, y, history=(log,))
    finding = only(report, "H807")
    assert finding.severity is Severity.WARNING, told(report)
    assert finding.evidence.numbers["planned"] == 100
    assert finding.evidence.numbers["by_callback"] == ("early stopping" in Path(log).read_text())
    assert "min_delta=0" in str(finding.evidence.remedy)
    assert "Training was stopped too early, after epoch 12 of 100 planned" in report.verdict
    assert not [one for one in report.findings if one.code == "H802"], "one story"


def test_the_curve_alone_and_the_model_alone(patient: tuple[Path, Any, Any, Any, str]) -> None:
    folder, model, _, _, log = patient
    assert diagnose(Question(history=(log,))).verdict.startswith("Training was stopped too early")
    assert only(examined(folder, model, history=(log,)), "H807")


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
