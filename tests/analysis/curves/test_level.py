"""The level of a curve's end: the seed's number, synthetic truths over seeds, and what cannot be known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import FIXTURES

from mlpdoctor.analysis.curves.level import Level, final_level
from mlpdoctor.core.history import Column, History
from mlpdoctor.core.network import Array
from mlpdoctor.readers.histories.history import read_history

SEED = FIXTURES / "three-points" / "history.txt"


def column(values: Array, half: float = 0.0) -> Column:
    return Column("loss", np.arange(1, len(values) + 1), values, np.full(len(values), half))


def approach(
    seed: int, epochs: int, scale: float, scatter: float, alike: float = 0.0, height: float = 1.0
) -> tuple[Column, float]:
    """An exponential approach to 0.1 with noise, printed with four decimals; and the true loss at its last epoch."""
    noise = np.random.default_rng(seed).normal(size=epochs) * scatter * np.sqrt(1 - alike**2)
    for epoch in range(1, epochs):
        noise[epoch] += alike * noise[epoch - 1]
    truth = 0.1 + height * np.exp(-np.arange(epochs) / (scale * epochs))
    return column(np.round(truth + noise, 4), 5e-5), float(truth[-1])


def seed_post() -> Column:
    """The loss of the seed post: 91 epochs from 0.0084 to 0.0057."""
    (run,) = read_history(str(SEED)).runs
    assert run.loss is not None
    return run.loss


@pytest.mark.parametrize("epochs", [90, 91])
def test_the_seed(epochs: int) -> None:
    curve = seed_post()
    found = final_level(Column("loss", curve.epochs[:epochs], curve.values[:epochs], curve.rounding[:epochs]))
    assert found == Level(0.0057, 0.0, 5e-5, 89, epochs, settled=False)
    assert found.low <= 0.005676 <= found.high


def test_the_seed_run_on() -> None:
    values = np.append(seed_post().values, np.full(300, 0.0057))
    found = final_level(column(values, 5e-5))
    assert found is not None
    assert (found.value, found.within, found.first, found.settled) == (0.0057, 5e-5, 89, True)


def test_a_number_alone() -> None:
    (run,) = History.of_plateau("0.0057").runs
    assert run.loss is not None
    assert final_level(run.loss) == Level(0.0057, 0.0, 5e-5, 1, 1, settled=False)


@pytest.mark.slow
@pytest.mark.parametrize(("epochs", "scale"), [(20, 0.1), (40, 0.15), (90, 0.1), (90, 0.2), (300, 0.15), (1000, 0.1)])
@pytest.mark.parametrize(("scatter", "alike", "least"), [(1e-3, 0.0, 0.86), (1e-2, 0.0, 0.86), (1e-2, 0.5, 0.75)])
def test_the_error_bar_holds_the_truth(epochs: int, scale: float, scatter: float, alike: float, least: float) -> None:
    held = 0
    for seed in range(60):
        curve, truth = approach(seed, epochs, scale, scatter, alike)
        found = final_level(curve)
        assert found is not None
        held += found.low <= truth <= found.high
    assert held >= 60 * least


@pytest.mark.parametrize("scatter", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("epochs", [40, 300])
def test_a_standing_curve_has_settled_and_is_known_well(scatter: float, epochs: int) -> None:
    for seed in range(30):
        curve, truth = approach(seed, epochs, 0.1, scatter, height=0.0)
        found = final_level(curve)
        assert found is not None
        assert found.settled or scatter == 1e-4
        assert found.error <= 10 * max(scatter, 2e-4) / np.sqrt(epochs)
        assert abs(found.value - truth) <= 2 * found.within


@pytest.mark.parametrize("scatter", [0.0, 1e-3])
@pytest.mark.parametrize("epochs", [30, 100, 1000])
def test_a_falling_curve_has_not_settled(scatter: float, epochs: int) -> None:
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(size=epochs) * scatter
        found = final_level(column(np.linspace(2.0, 1.0, epochs) + noise))
        assert found is not None
        assert not found.settled or epochs == 30
        assert abs(found.value - 1.0) < 0.25 if epochs == 30 else abs(found.value - 1.0) < 0.1


def test_spikes_do_not_move_it() -> None:
    curve, truth = approach(1, 300, 0.1, 1e-3)
    values = curve.values.copy()
    values[-100::10] += 0.5
    found = final_level(column(values, 5e-5))
    assert found is not None
    assert abs(found.value - truth) < 1e-3


@pytest.mark.parametrize(("values", "level"), [([], None), ([0.5, np.nan], None), ([np.inf], None)])
def test_no_end_no_level(values: list[float], level: None) -> None:
    assert final_level(column(np.array(values))) is level


def test_what_came_before_a_nan_is_another_curve() -> None:
    found = final_level(column(np.array([9.0, np.nan, *[0.5] * 20])))
    assert found == Level(0.5, 0.0, 0.0, 3, 22, settled=True)


def test_few_epochs_are_not_known_better_than_their_steps() -> None:
    assert final_level(column(np.array([0.9, 0.5, 0.6]))) == Level(0.6, 0.4, 0.0, 3, 3, settled=False)


@settings(deadline=None)  # the machine may be busy
@given(
    st.lists(st.floats(1e-30, 1e30) | st.sampled_from([0.0, np.nan, np.inf, -1.0]), max_size=60),
    st.sampled_from([0.0, 5e-5, 0.5]),
)
def test_any_curve_has_a_level_among_its_values_or_none(values: list[float], half: float) -> None:
    found = final_level(column(np.array(values), half))
    if found is not None:
        assert np.nanmin(values) <= found.value <= np.nanmax(values)
        assert found.error >= 0
        assert 1 <= found.first <= found.last <= len(values)
    else:
        assert not values or not np.isfinite(values[-1])


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.integers(-20, 20))
def test_the_unit_of_the_loss_does_not_matter(values: list[int], power: int) -> None:
    plain, scaled = (final_level(column(np.array(values) * unit, 0.5 * unit)) for unit in (1.0, 2.0**power))
    assert plain is not None
    assert scaled is not None
    assert (scaled.value, scaled.error) == (plain.value * 2.0**power, plain.error * 2.0**power)
    assert (scaled.first, scaled.settled) == (plain.first, plain.settled)
