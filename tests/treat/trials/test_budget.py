"""What the user allows, and how long each run may be for it."""

import pytest
from drawn_cases import L, compiled, stack
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.network import Network
from mlpdoctor.treat.trials.budget import (
    BUSY,
    MOST_UPDATES,
    Budget,
    Meter,
    affordable,
    updates_of,
    worth_compiling,
)
from mlpdoctor.treat.trials.costs import Cost, Way, cost_of


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("60s", Budget(seconds=60)),
        ("90", Budget(seconds=90)),
        ("2m", Budget(seconds=120)),
        (" 1.5 min ", Budget(seconds=90)),
        ("1h", Budget(seconds=3600)),
        ("200 epochs", Budget(epochs=200)),
        ("1 Epoch", Budget(epochs=1)),
    ],
)
def test_times_and_epochs_are_read(text: str, budget: Budget) -> None:
    assert Budget.read(text) == budget


@pytest.mark.parametrize("text", ["", "soon", "0s", "-5s", "1.5 epochs", "0 epochs", "5 parsecs", "nan", "inf s"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="such as 60s, 5m or '200 epochs'"):
        Budget.read(text)


def test_epochs_are_the_same_for_everybody() -> None:
    assert updates_of(Budget(epochs=7), 100, 32, -1.0, 1.0) == -(-700 // 32)
    assert affordable(Budget(epochs=7), 0.0, 5.0, 1.0, 11, 4) == 11
    assert Meter.of(Budget(epochs=7), 0.0).left == float("inf")


@given(st.floats(0.01, 600), st.floats(1e-6, 1.0), st.integers(1, 40))
def test_more_time_never_means_fewer_updates(free: float, of_all: float, models: int) -> None:
    budget = Budget(seconds=60)
    few, many = (updates_of(budget, 1000, 32, seconds, of_all * models) for seconds in (free, 2 * free))
    assert 1 <= few <= many <= MOST_UPDATES


@given(st.floats(0.1, 600), st.floats(0.01, 5), st.floats(1e-6, 0.1), st.integers(4, 40))
def test_fewer_models_are_tried_rather_than_all_for_too_short(
    left: float, of_a_model: float, of_all: float, wanted: int
) -> None:
    found = affordable(Budget(seconds=60), left, of_a_model, of_all, wanted, 4)
    assert 4 <= found <= wanted


def test_half_of_the_budget_is_left_for_trials_however_little_it_is() -> None:
    assert Meter.of(Budget(seconds=60), 100.0).work == 54.0
    assert Meter.of(Budget(seconds=8), 100.0).work == 4.0


def test_work_is_counted_and_the_clock_is_heard_only_when_it_is_far_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    meter = Meter.of(Budget(seconds=60), 100.0)
    now[0] += 0.99 * BUSY * 60
    meter.spend(50.0)
    assert (meter.left, meter.cut) == (4.0, False)
    now[0] += 0.02 * BUSY * 60
    assert (meter.left, meter.cut) == (-1.0, True)
    done = Meter(0.0, deadline=0.0)
    assert done.left == 0.0
    assert not done.cut  # the budget was used up first


def dense(*units: int) -> Network:
    network: Network = compiled(stack(20, *(L.Dense(one) for one in units))).network()
    return network


def test_compiling_pays_where_there_is_time_and_updates_are_cheap() -> None:
    small = [cost_of(dense(8, 1), 32, 100, way) for way in (Way.LOOP, Way.XLA)]
    assert worth_compiling(54.0, 10, 3, *small)
    assert worth_compiling(600.0, 10, 3, *small)  # both come as far, and one takes a tenth of the time
    assert not worth_compiling(4.0, 10, 3, *small)
    assert not worth_compiling(54.0, 10, 3, Cost(0.6, 5e-4, 1e-3), Cost(1.2, 2e-3, 1e-3))  # a convolution


@given(st.integers(1, 300), st.integers(1, 512), st.integers(1, 1000), st.sampled_from(Way))
def test_more_work_costs_more(units: int, batch: int, rows: int, way: Way) -> None:
    one, wider = (cost_of(dense(size, 1), batch, rows, way) for size in (units, 2 * units))
    twice = cost_of(dense(units, 1), 2 * batch, 2 * rows, way)
    assert 0 < one.update < wider.update
    assert one.look < wider.look
    assert one.model == wider.model == twice.model
    assert one.update < twice.update <= 2 * one.update
    assert one.look < twice.look
