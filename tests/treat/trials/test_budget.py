"""What the user allows, and how long each run may be for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.errors import UsageError
from mlpdoctor.treat.trials.budget import (
    MOST_UPDATES,
    SLOW_ANYWAY,
    Budget,
    Clock,
    Cost,
    affordable,
    updates_of,
    worth_compiling,
)


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
    assert Clock.of(Budget(epochs=7), 0.0, 0.0).left == float("inf")


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


def test_half_of_the_budget_is_left_however_long_keras_takes() -> None:
    assert Clock.of(Budget(seconds=60), 100.0, 105.0).end == 160.0
    assert Clock.of(Budget(seconds=20), 100.0, 118.0).end == 128.0


def test_compiling_pays_where_there_is_time_and_updates_are_cheap() -> None:
    small = Cost(model=0.7, tracing=0.4, update=1e-4)
    assert worth_compiling(60.0, 10, 3, small)
    assert not worth_compiling(4.0, 10, 3, small)
    assert not worth_compiling(600.0, 10, 3, Cost(0.7, 0.4, 2 * SLOW_ANYWAY))
