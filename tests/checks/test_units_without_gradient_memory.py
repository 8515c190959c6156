"""How far back the optimizer's state tells of units without a gradient, and that no more is said."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    examined,
    fit,
    found,
    number,
    only,
    optimizers,
    put,
    set_random_seed,
    stack,
    told,
    waves,
)

from mlpdoctor.core.finding import Severity


def model_of(optimizer: Model, units: int, seed: int, dead_from_the_start: int = 0) -> Model:
    set_random_seed(seed)
    model = stack(3, L.Dense(units, "relu", name="hidden"), L.Dense(1, name="out"))
    kernel, bias = model.get_layer("hidden").get_weights()
    put(model.get_layer("hidden"), kernel, np.where(np.arange(units) < dead_from_the_start, -50.0, bias))
    model.compile(optimizer, "mse")
    return model


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("optimizer", "fewest", "most"),
    [(optimizers.RMSprop(0.001), 400, 900), (optimizers.RMSprop(0.001, rho=0.5), 60, 130)],
    ids=["rho 0.9", "rho 0.5"],
)
@pytest.mark.series
def test_units_that_died_on_the_way_are_told_of_the_last_updates_alone(
    tmp_path: Path,
    optimizer: Model,
    fewest: int,
    most: int,
    seed: int,
) -> None:
    x, y = waves(100, 3, seed)
    model = fit(model_of(optimizer, 8, seed), x, 5 * y, 20, batch=10)
    kernel, _ = model.get_layer("hidden").get_weights()
    put(model.get_layer("hidden"), kernel, np.where(np.arange(8) < 6, -50.0, 0.5))
    fit(model, x, 5 * y, 120, batch=10)
    finding = only(report := examined(tmp_path, model, x, 50 * y, rules=("W305",)), "W305")
    assert fewest <= number(finding, "updates_remembered") <= most
    assert number(finding, "updates_remembered") < model.optimizer.iterations
    assert finding.evidence.numbers["never_learned"] is False
    text = " ".join([finding.message, finding.evidence.why, finding.evidence.verdict or ""])
    assert "the last" in text, told(report)
    assert "never" not in text, text


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", ["Adam", "Nadam", "Adamax", "Adagrad", "Lamb"])
@pytest.mark.series
def test_units_dead_from_the_start_have_never_learned_where_the_state_remembers_all(
    tmp_path: Path, name: str, seed: int
) -> None:
    x, y = waves(100, 3, seed)
    model = fit(model_of(getattr(optimizers, name)(0.001), 8, seed, dead_from_the_start=6), x, y, 5, batch=10)
    finding = only(examined(tmp_path, model, x, 50 * y, rules=("W305",)), "W305")
    assert finding.evidence.numbers["never_learned"] is True
    assert "have never learned: no gradient in all 50 updates" in str(finding.evidence.verdict)


@pytest.mark.parametrize("seed", [0, 1])
def test_false_alarm_a_network_that_has_learned_all_there_is(tmp_path: Path, seed: int) -> None:
    """A loss next to nothing leaves no gradient, or one too small for a float32: nothing is to be re-initialised."""
    x, _ = waves(100, 3, seed)
    model = model_of(optimizers.RMSprop(1e-5), 8, seed, dead_from_the_start=6)
    y = np.zeros((100, 1))
    put(model.get_layer("out"), np.zeros((8, 1)), [0.0])
    y[0] = 1e-9
    report = examined(tmp_path, fit(model, x, y, 20, batch=10), x, y + x[:, :1] * 0, rules=("W305",))
    assert all(one.severity is Severity.NOTE and one.evidence.remedy is None for one in found(report, "W305"))
