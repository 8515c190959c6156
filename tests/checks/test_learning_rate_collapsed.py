"""W306: a rate that moves nothing any more."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_cases import (
    L,
    alarms,
    compiled,
    examined,
    fit,
    found,
    only,
    optimizers,
    quiet,
    schedules,
    set_random_seed,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Severity

SCHEDULES = schedules


def half_trained(seed: int, epochs: int, width: int = 3) -> tuple[Any, Any, Any]:
    x, y = waves(400, width, seed)
    y = (y - y.mean()) / y.std()
    set_random_seed(seed)
    model = compiled(stack(width, L.Dense(24, "tanh"), L.Dense(24, "tanh"), L.Dense(1)), updates=0)
    return train(model, x, y, epochs), x, y


def with_rate(model: Any, rate: Any, updates: int) -> Any:  # noqa: ANN401
    model.compile(optimizers.Adam(rate), "mse")
    model.optimizer.build(dict(model.owners))
    model.optimizer.iterations = updates
    return model


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("rate", [0.0, 1e-12])
def test_a_rate_that_fell_too_early_is_an_error(tmp_path: Path, rate: float, seed: int) -> None:
    x, y = waves(300, 3, seed)
    y = (y - y.mean()) / y.std()
    set_random_seed(seed)
    model = with_rate(stack(3, L.Dense(16, "tanh"), L.Dense(1)), rate, 500)
    report = examined(tmp_path, model, x, y, rules=("W306",))
    # Weights that never moved are those of an untrained model, whatever the counter says.
    finding = only(report, "W306")
    assert finding.severity is Severity.ERROR, told(report)
    assert "Adam(0.001)" in str(finding.evidence.remedy)


FALLING = {
    "inverse time": SCHEDULES.InverseTimeDecay(3e-3, 1, 0.9),
    "exponential": SCHEDULES.ExponentialDecay(3e-3, 10, 0.7),
    "cosine": SCHEDULES.CosineDecay(3e-3, 25, alpha=0.001),
    "polynomial": SCHEDULES.PolynomialDecay(3e-3, 25, end_learning_rate=5e-6, power=2.0),
    "piecewise": SCHEDULES.PiecewiseConstantDecay([8], [3e-3, 6e-6]),
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", FALLING)
@pytest.mark.series
def test_a_schedule_is_evaluated_at_the_saved_update_and_what_is_left_of_it_is_tried(
    tmp_path: Path, kind: str, seed: int
) -> None:
    x, y = waves(400, 3, seed)
    y = 3 * (y - y.mean()) / y.std()
    set_random_seed(seed)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(optimizers.Adam(FALLING[kind]), "mse")
    report = examined(tmp_path, fit(model, x, y, epochs=15), x, y)
    assert report.findings[0].code == "W306", told(report)
    assert "by the schedule" in report.verdict
    assert "down from 0.0030" in report.verdict


@pytest.mark.parametrize("seed", [0, 1])
def test_a_schedule_that_has_hardly_begun_is_left_alone(tmp_path: Path, seed: int) -> None:
    x, y = waves(400, 3, seed)
    y = 3 * (y - y.mean()) / y.std()
    set_random_seed(seed)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(optimizers.Adam(SCHEDULES.InverseTimeDecay(3e-3, 1000, 0.9)), "mse")
    report = examined(tmp_path, fit(model, x, y, epochs=5), x, y, rules=("W306",))
    assert quiet(report, "W306"), told(report)


def test_keras_itself_moves_nothing_at_such_a_rate(tmp_path: Path) -> None:
    """The claim that a step below half a unit in the last place is rounded away, on real training."""
    x, y = waves(100, 3, 0)
    model = stack(3, L.Dense(8, "tanh", bias_initializer="ones"), L.Dense(1, bias_initializer="ones"))
    model.compile(optimizers.Adam(1e-10), "mse")
    before = [np.array(weight) for weight in model.get_weights()]
    fit(model, x, y, epochs=3)
    moved = [np.abs(a - b).max() for a, b in zip(model.get_weights(), before, strict=True)]
    assert max(moved[1], moved[3]) == 0  # biases of size 1 stay to the last digit
    finding = only(examined(tmp_path, model, x, y, rules=("W306",)), "W306")
    assert finding.severity is Severity.ERROR


@pytest.mark.slow
@pytest.mark.parametrize(
    "schedule",
    [
        SCHEDULES.ExponentialDecay(1e-2, 5, 0.5),
        SCHEDULES.CosineDecay(1e-2, 40),
        SCHEDULES.PiecewiseConstantDecay([20], [1e-2, 1e-9]),
    ],
    ids=["exponential", "cosine", "piecewise"],
)
@pytest.mark.series
def test_a_schedule_that_ended_before_training_did(tmp_path: Path, schedule: Any) -> None:  # noqa: ANN401
    x, y = waves(400, 3, 1)
    y = (y - y.mean()) / y.std()
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    set_random_seed(1)
    model.compile(optimizers.Adam(schedule), "mse")
    fit(model, x, y, epochs=30, batch=100)
    report = examined(tmp_path, model, x, y)
    well = report.ladder is not None and report.ladder.value("model") is not None
    assert well
    if found(report, "W306"):
        finding = only(report, "W306")
        assert finding.severity is Severity.ERROR
        assert "schedule" in report.verdict or finding is not report.findings[0]
    alone = only(examined(tmp_path, model, rules=("W306",)), "W306")
    assert alone.severity is Severity.NOTE  # in the file it looks like a training that came to its end


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("rate", [0.0, 1e-9])
@pytest.mark.series
def test_a_rate_that_ended_together_with_training_is_left_alone(tmp_path: Path, rate: float, seed: int) -> None:
    """The named false alarm: a cosine to zero under a model that has learned what there is."""
    model, x, y = half_trained(seed, 150)
    report = examined(tmp_path, with_rate(model, rate, 900), x, y, rules=("W306",))
    assert quiet(report, "W306"), told(report)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adagrad", "AdamW", "Lion"])
@pytest.mark.parametrize("with_data", [True, False])
def test_ordinary_rates_are_left_alone(tmp_path: Path, name: str, *, with_data: bool) -> None:
    x, y = waves(200, 3, 0)
    model = stack(3, L.Dense(8, "relu"), L.Dense(1))
    model.compile(name.lower(), "mse")
    report = examined(tmp_path, model, *((x, y) if with_data else ()))
    assert quiet(report, "W306"), told(report)
    assert not [alarm for alarm in alarms(report) if "crashed" in alarm]
