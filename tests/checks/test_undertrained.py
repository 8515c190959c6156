"""G607: a training that was stopped early, told apart from a rate too low, a floor, and a model that is done."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import L, alarms, examined, found, number, only, quiet, stack, told, train, waves

from mlpdoctor.core.finding import Certainty, Severity

Optimizers = keras.optimizers


def network(seed: int, optimizer: Any, width: int = 24, loss: str = "mse", end: str | None = None) -> Any:  # noqa: ANN401
    keras.utils.set_random_seed(seed)
    model = stack(3, L.Dense(width, "relu"), L.Dense(width, "tanh"), L.Dense(1, end))
    model.compile(optimizer, loss)
    return model


def standard(rows: int, seed: int, noise: float = 0.05) -> tuple[Any, Any]:
    x, y = waves(rows, 3, seed, noise)
    return x, (y - y.mean()) / y.std()


def steps(model: Any, x: Any, y: Any, updates: int, batch: int = 32) -> Any:  # noqa: ANN401
    """So many updates in one call."""
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(len(x)) for _ in range(-(-updates * batch // len(x)))])[: updates * batch]
    fit(model, x[order], y[order], batch=batch, shuffle=False)
    return model


@pytest.mark.parametrize(
    ("optimizer", "updates", "rows"),
    [
        (Optimizers.Adam(1e-3), 30, 400),
        (Optimizers.SGD(0.03), 20, 300),
        (Optimizers.RMSprop(1e-3), 40, 900),
    ],
    ids=["Adam", "SGD", "RMSprop"],
)
def test_stopped_after_a_few_updates(tmp_path: Path, optimizer: Any, updates: int, rows: int) -> None:  # noqa: ANN401
    x, y = standard(rows, updates)
    report = examined(tmp_path, steps(network(1, optimizer), x, y, updates), x, y)
    finding = only(report, "G607")
    assert finding.severity is Severity.WARNING, told(report)
    assert finding.evidence.certainty is Certainty.TRIED
    assert number(finding, "updates") == updates
    assert number(finding, "epochs_of_such_batches") == pytest.approx(updates * 32 / rows)
    assert finding.evidence.explains is not None
    first = next(one for one in report.findings if one.severity is not Severity.NOTE)
    assert first.code == "G607", told(report)
    assert "stopped too early" in report.verdict


def test_keras_goes_on_as_the_trial_says(tmp_path: Path) -> None:
    """The loss that the report promises after 100 more updates is about the one that Keras then has."""
    x, y = standard(320, 2)
    model = steps(network(2, Optimizers.Adam(1e-3)), x, y, 20)
    finding = only(examined(tmp_path, model, x, y, rules=("G607",)), "G607")
    steps(model, x, y, 100)
    after = float(np.square(model.predict(x, verbose=0) - y).mean())
    assert float(str(finding.evidence.numbers["after"])) == pytest.approx(after, rel=0.1)


def test_binary_classes(tmp_path: Path) -> None:
    x, y = standard(500, 3)
    labels = (y > 0).astype(np.float64)
    model = steps(network(3, Optimizers.Adam(1e-3), loss="binary_crossentropy", end="sigmoid"), x, labels, 25)
    assert found(report := examined(tmp_path, model, x, labels, rules=("G607",)), "G607"), told(report)


@pytest.mark.parametrize("seed", [7, 8])
def test_a_rare_class_still_far_above_the_base_rate(tmp_path: Path, seed: int) -> None:
    """It began there, as a fresh start on these rows does: no sign that training saw others."""
    x, y = standard(800, seed)
    labels = (y > np.quantile(y, 0.95)).astype(np.float64)
    keras.utils.set_random_seed(seed)
    model = stack(3, L.Dense(24, "relu"), L.Dense(24, "relu"), L.Dense(1, "sigmoid"))
    model.compile(Optimizers.SGD(0.01), "binary_crossentropy")
    report = examined(tmp_path, steps(model, x, labels, 120), x, labels)
    assert found(report, "L502"), told(report)
    assert "stopped too early" in report.verdict, told(report)


def test_a_slow_start_is_tried_for_longer_than_its_training_took(tmp_path: Path) -> None:
    x, y = standard(433, 9)
    keras.utils.set_random_seed(1)
    model = stack(3, L.Dense(28, "sigmoid"), L.Dense(1))
    model.compile(Optimizers.SGD(0.005), "mae")
    finding = only(examined(tmp_path, steps(model, x, y, 40), x, y, rules=("G607",)), "G607")
    assert number(finding, "more") == 400


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.series
def test_quiet_on_a_finished_model(tmp_path: Path, seed: int) -> None:
    x, y = standard(400, seed)
    report = examined(tmp_path, train(network(seed, Optimizers.Adam(0.01)), x, y, 120), x, y)
    assert not found(report, "G607")
    assert not alarms(report), told(report)


def test_quiet_where_the_rate_is_what_is_wrong(tmp_path: Path) -> None:
    """The neighbour: at this rate the loss does not fall readily, and more updates are no advice."""
    x, y = standard(300, 4)
    report = examined(tmp_path, steps(network(4, Optimizers.Adam(3e-6)), x, y, 200), x, y, rules=("G604", "G607"))
    assert quiet(report, "G607"), told(report)
    assert found(report, "G604"), told(report)


def test_quiet_on_a_floor(tmp_path: Path) -> None:
    """A linear network that has found its line needs no more epochs."""
    x, y = standard(300, 5)
    keras.utils.set_random_seed(5)
    model = stack(3, L.Dense(16), L.Dense(1))
    model.compile(Optimizers.Adam(0.01), "mse")
    report = examined(tmp_path, train(model, x, y, 40), x, y, rules=("A101", "G606", "G607"))
    assert quiet(report, "G607"), told(report)
    assert quiet(report, "G606"), told(report)
    assert found(report, "A101")


def test_quiet_where_the_training_saw_something_else(tmp_path: Path) -> None:
    """The named false alarm: after so many updates at this pace the loss would be far lower; it is other data."""
    x, y = standard(400, 6)
    rng = np.random.default_rng(0)
    shuffled = np.concatenate([y[rng.permutation(len(y))] for _ in range(80)])
    model = network(6, Optimizers.Adam(1e-3), width=16)
    fit(model, np.concatenate([x] * 80), shuffled, batch=32)
    report = examined(tmp_path, model, x, y, rules=("G607", "L502"))
    assert quiet(report, "G607"), told(report)
    assert found(report, "L502"), told(report)
