"""H801, with Keras: what needs the real models."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, Table, examined, only, save_data, stack, told

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

ROWS = 256

Patient = tuple[Any, str, Table, Table]


def trained(folder: Path, layers: list[Any], x: Table, y: Table, rate: float = 0.02, epochs: int = 20) -> Patient:
    """A network trained by Keras with a CSVLogger, its log, and its data.

    An epoch runs twenty times over the rows, all in one batch: an epoch costs Keras more than twenty such updates.
    Nothing but the initial weights is left to chance, and they are seeded.
    """
    folder.mkdir()
    keras.utils.set_random_seed(7)
    model = stack(np.asarray(x).shape[1], *layers)
    model.compile(keras.optimizers.Adam(rate), "mse")
    log = folder / "history.csv"
    rows, targets = np.tile(x, (20, 1)).astype(np.float32), np.tile(y, (20, 1)).astype(np.float32)
    logger = keras.callbacks.CSVLogger(str(log))
    model.fit(rows, targets, batch_size=len(x), epochs=epochs, shuffle=False, verbose=0, callbacks=[logger])
    return model, str(log), x, y


def numbers(seed: int) -> tuple[Table, Table]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (ROWS, 2))
    return x, (np.sin(3 * x[:, 0]) + x[:, 1] ** 2 + x @ (1.0, -1.0))[:, None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("histories")


@pytest.fixture(scope="module")
def straight(folder: Path) -> Patient:
    return trained(folder / "straight", [L.Dense(8), L.Dense(1)], *numbers(1))


@pytest.fixture(scope="module")
def conflicting(folder: Path) -> Patient:
    rng = np.random.default_rng(2)
    x = np.repeat(rng.normal(size=(6, 2)), 20, axis=0)
    y = x[:, :1] + rng.normal(size=(120, 1))
    return trained(folder / "conflicting", [L.Dense(32, activation="tanh"), L.Dense(1)], x, y, epochs=30)


@pytest.fixture(scope="module")
def dead(folder: Path) -> Patient:
    never = keras.initializers.Constant(-50.0)
    layers = [L.Dense(8, activation="relu", bias_initializer=never), L.Dense(1)]
    return trained(folder / "dead", layers, *numbers(3))


@pytest.fixture(scope="module")
def curved(folder: Path) -> Patient:
    return trained(folder / "curved", [L.Dense(24, activation="tanh"), L.Dense(1)], *numbers(4), rate=0.01)


@pytest.fixture(scope="module")
def penalised(folder: Path) -> Patient:
    layers = [L.Dense(1, kernel_regularizer=keras.regularizers.L2(0.05))]
    return trained(folder / "penalised", layers, *numbers(5))


def report_of(patient: Patient, folder: Path, **given: Any) -> Report:  # noqa: ANN401
    model, log, x, y = patient
    return examined(folder, model, x, y, **({"history": (log,)} | given))


def curve_of(patient: Patient, folder: Path, **given: Any) -> Report:  # noqa: ANN401
    _, log, x, y = patient
    return diagnose(Question(history=(log,), data=save_data(folder / "data.csv", x, y), **given))


def rung(report: Report) -> tuple[Severity, Any, str | None]:
    found = only(report, "H801")
    return found.severity, found.evidence.numbers["rung"], found.because_of


def test_a_network_that_can_only_draw_a_plane_stops_on_it(straight: Patient, tmp_path: Path) -> None:
    report = report_of(straight, tmp_path)
    assert rung(report) == (Severity.NOTE, "affine", "A101"), told(report)
    assert report.verdict.startswith("The loss is stuck at ")
    assert "The network is a linear model, and already the best one" in report.verdict
    assert "the loss of the best plane" in str(only(report, "H801").evidence.verdict)


def test_without_the_model_the_plane_is_a_warning_of_its_own(straight: Patient, tmp_path: Path) -> None:
    report = curve_of(straight, tmp_path)
    assert rung(report) == (Severity.WARNING, "affine", None), told(report)
    assert "there is more: a quick nonlinear fit" in report.verdict


def test_rows_that_contradict_each_other_are_a_floor_and_training_is_done(conflicting: Patient, tmp_path: Path) -> None:
    for report in (report_of(conflicting, tmp_path), curve_of(conflicting, tmp_path)):
        found = only(report, "H801")
        assert (found.severity, found.evidence.numbers["rung"]) == (Severity.NOTE, "data"), told(report)
        assert not any(f.severity is Severity.ERROR for f in report.findings)
        assert "the floor that these data set" in report.verdict
    assert "Training is done" in report.verdict


def test_a_dead_network_stops_on_the_constant(dead: Patient, tmp_path: Path) -> None:
    report = report_of(dead, tmp_path)
    severity, name, cause = rung(report)
    assert (severity, name) == (Severity.NOTE, "constant"), told(report)
    assert cause is not None
    alone = curve_of(dead, tmp_path)
    assert rung(alone) == (Severity.ERROR, "constant", None)
    assert "ignores its inputs" in alone.verdict


def test_a_network_that_learns_stops_on_no_rung(curved: Patient, tmp_path: Path) -> None:
    for report in (report_of(curved, tmp_path), curve_of(curved, tmp_path)):
        assert not [f for f in report.findings if f.code == "H801"], told(report)


def test_the_penalties_that_keras_logs_are_taken_off(penalised: Patient, tmp_path: Path) -> None:
    """A linear regression with L2 ends above the plane; with the penalty its log is further up still."""
    report = report_of(penalised, tmp_path)
    assert report.history is not None
    plateau = report.history.plateau
    assert plateau is not None
    assert report.ladder is not None
    model, penalty = report.ladder.value("model"), report.ladder.penalty
    assert model is not None
    assert penalty is not None
    assert plateau.value == pytest.approx(model + penalty.total, rel=1e-3)
    found = [f for f in report.findings if f.code == "H801"]
    assert all(f.evidence.numbers["with_model"] for f in found)


def test_a_model_that_is_elsewhere_is_said_to_be(straight: Patient, tmp_path: Path) -> None:
    """The log of another training: what it says of its plateau holds all the same."""
    _, _, x, y = straight
    report = report_of(straight, tmp_path, history=(), plateau=f"{heights(x, y)[0]:.4f}")
    found = only(report, "H801")
    assert found.evidence.numbers["rung"] == "constant"
    assert found.evidence.numbers["with_model"] is False
    assert "; the saved model is not there but at " in report.verdict


def test_a_search_whose_trials_all_end_at_one_value(straight: Patient, tmp_path: Path) -> None:
    """Whatever Keras Tuner tried, the loss was that of the plane."""
    model, _, x, y = straight
    for number in range(4):
        (tmp_path / "search" / f"trial_{number}").mkdir(parents=True)
        loss = heights(x, y)[1] * (1 + 0.001 * number)
        found = {"direction": "min", "observations": [{"value": [loss], "step": 0}]}
        trial = {
            "trial_id": str(number),
            "hyperparameters": {"space": [], "values": {"units": 8 * 2**number, "rate": 10.0**-number}},
            "metrics": {"metrics": {"loss": found, "val_loss": {**found, "observations": []}}},
            "score": loss,
            "status": "COMPLETED",
        }
        (tmp_path / "search" / f"trial_{number}" / "trial.json").write_text(json.dumps(trial))
    search = str(tmp_path / "search")
    report = examined(tmp_path, model, x, y, history=(search,))
    assert report.verdict.startswith("The loss is stuck at 0.249")
    assert str(only(report, "H801").evidence.verdict).startswith("The value 0.249")
    assert "at which all trials stop is the loss of the best plane" in str(only(report, "H801").evidence.verdict)
    assert "All 4 trials of the search stop there, whatever their units, rate." in only(report, "H801").evidence.why
    alone = diagnose(Question(history=(search,), data=save_data(tmp_path / "data.csv", x, y)))
    assert rung(alone)[:2] == (Severity.WARNING, "affine")


def heights(x: Table, y: Table) -> tuple[float, float]:
    """The constant's and the plane's loss by NumPy alone."""
    design = np.column_stack([np.ones(len(x)), x])
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(np.var(y)), float(np.mean(left**2))
