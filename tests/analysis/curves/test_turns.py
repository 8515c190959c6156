"""Best epochs, NaN, swings, the turn of a validation curve, and the course of the learning rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.curves.gap import Best, best_epoch, first_broken, validation_gap
from mlpdoctor.analysis.curves.noise import Drop, learning_rates, swings
from mlpdoctor.core.history import Column
from mlpdoctor.core.network import Array


def column(values: Array, half: float = 5e-5) -> Column:
    return Column("loss", np.arange(1, len(values) + 1), values, np.full(len(values), half))


def noise(seed: int, epochs: int, alike: float = 0.0) -> Array:
    found: Array = np.random.default_rng(seed).normal(size=epochs) * np.sqrt(1 - alike**2)
    for epoch in range(1, epochs):
        found[epoch] += alike * found[epoch - 1]
    return found


def pair(seed: int, epochs: int, rise: float, scatter: float, alike: float) -> tuple[Column, Column]:
    """Training falls to 0.2; validation falls to 0.3 and rises by ``rise`` from two fifths of the way on."""
    passed = np.arange(epochs) / epochs
    fall = np.exp(-passed / 0.2)
    up = rise * np.maximum(passed - 0.4, 0) / 0.6
    training = 0.2 + fall + 0.01 * noise(seed + 1000, epochs)
    validation = 0.3 + fall + up + scatter * noise(seed, epochs, alike)
    return column(np.round(training, 4)), column(np.round(validation, 4))


def test_best_epoch() -> None:
    assert best_epoch(column(np.array([0.5, np.nan, 0.25, 0.25, 0.75]))) == Best(3, 0.25, 2, 0.5)
    assert best_epoch(column(np.array([np.nan, np.inf]))) is None
    assert best_epoch(column(np.array([]))) is None


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_first_broken(broken: float) -> None:
    found = first_broken(column(np.array([0.5, 0.4, broken, np.nan])))
    assert found is not None
    assert found[0] == 3
    np.testing.assert_equal(found[1], broken)
    assert first_broken(column(np.array([0.5, 0.4]))) is None


@pytest.mark.parametrize("epochs", [40, 100, 400])
@pytest.mark.parametrize("size", [0.02, 0.3])
def test_swings_have_their_size(epochs: int, size: float) -> None:
    found = [swings(column(np.exp(-np.arange(epochs) / 1e4 + size * noise(seed, epochs)), 0.0)) for seed in range(20)]
    assert np.median([swing.typical for swing in found if swing]) == pytest.approx(size, rel=0.25)
    assert np.mean([swing.rises for swing in found if swing]) == pytest.approx(0.5, abs=0.1)
    assert sum(len(swing.spikes) for swing in found if swing) <= 1


@pytest.mark.parametrize("epochs", [20, 90, 400])
def test_a_smooth_curve_does_not_swing(epochs: int) -> None:
    values = np.round(0.2 + np.exp(-np.arange(epochs) / epochs * 5), 4)
    found = swings(column(values))
    assert found is not None
    assert found.typical < 0.01
    assert found.largest < 1.02
    assert found.rises == 0
    assert not found.spikes


def test_rounding_is_no_swing() -> None:
    values = 0.0057 + 1e-4 * (np.arange(60) % 2)
    found = swings(column(np.round(values, 4)))
    assert found is not None
    assert not found.spikes


def test_a_spike_is_found() -> None:
    values = np.exp(-np.arange(100) / 50 + 0.02 * noise(1, 100))
    values[79] *= 4
    found = swings(column(values))
    assert found is not None
    assert found.spikes == (80,)
    assert found.epoch == 80
    assert found.largest == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize("values", [np.ones(9), np.zeros(50), np.append(np.ones(50), np.nan)])
def test_no_swings(values: Array) -> None:
    assert swings(column(values)) is None


@pytest.mark.slow
@pytest.mark.parametrize("epochs", [12, 20, 50, 200])
@pytest.mark.parametrize(("alike", "most"), [(0.0, 0), (0.5, 3)])
def test_noise_is_no_turn(epochs: int, alike: float, most: int) -> None:
    found = [validation_gap(*pair(seed, epochs, 0.0, 0.02, alike)) for seed in range(60)]
    assert sum(gap is not None and gap.turned for gap in found) <= most


@pytest.mark.slow
@pytest.mark.parametrize("epochs", [20, 50, 200])
@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_a_turn_is_found(epochs: int, alike: float) -> None:
    turned = 0
    for seed in range(40):
        gap = validation_gap(*pair(seed, epochs, 0.4, 0.02, alike))
        assert gap is not None
        turned += gap.turned
        assert gap.fall > 0
        assert gap.ratio is not None
        assert gap.ratio > 1
        if gap.turned:
            assert 0.25 * epochs < gap.best.epoch < 0.75 * epochs
            assert gap.rise > gap.error
    assert turned >= 30


def test_both_rising_is_divergence_and_no_overfitting() -> None:
    gap = validation_gap(*(column(np.linspace(0.2, 1.0, 50) + 0.01 * noise(seed, 50)) for seed in (1, 2)))
    assert gap is not None
    assert not gap.turned


def test_too_few_epochs_for_a_turn() -> None:
    few = column(np.arange(9) / 10)
    assert validation_gap(few, few) is None
    ends = column(np.append(np.ones(20), np.nan))
    assert validation_gap(ends, column(np.ones(21))) is None


def test_the_course_of_a_learning_rate() -> None:
    rates = learning_rates(column(np.array([0.01] * 5 + [0.005] * 3 + [0.001] * 4)))
    assert rates is not None
    assert rates.drops == (Drop(6, 0.01, 0.005), Drop(9, 0.005, 0.001))
    assert (rates.first, rates.largest, rates.last) == (0.01, 0.01, 0.001)
    assert learning_rates(column(np.array([np.nan]))) is None


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.floats(1e-30, 1e30) | st.sampled_from([0.0, -1.0, np.nan, np.inf, 0.5]), max_size=40), st.data())
def test_any_curve(values: list[float], data: st.DataObject) -> None:
    curve = column(np.array(values, dtype=np.float64), 0.0)
    other = column(np.array(data.draw(st.permutations(values)), dtype=np.float64), 0.0)
    best, swing, gap, rates = best_epoch(curve), swings(curve), validation_gap(curve, other), learning_rates(curve)
    assert best is None or best.margin >= 0
    assert swing is None or (swing.typical >= 0 and 0 <= swing.rises <= 1)
    assert gap is None or gap.error >= 0
    assert rates is None or rates.largest >= rates.last
