"""Slope, limit and what is reached at this pace, against scipy and against synthetic truths over seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import FIXTURES
from scipy import ndimage, optimize, stats

from mlpdoctor.analysis.curves.noise import inflation, jitter, quantile, running_median
from mlpdoctor.analysis.curves.slope import Slope, asymptote, epochs_to, final_slope
from mlpdoctor.core.history import Column
from mlpdoctor.core.network import Array
from mlpdoctor.readers.histories.history import read_history

SEED = FIXTURES / "three-points" / "history.txt"


def column(values: Array, half: float = 0.0) -> Column:
    return Column("loss", np.arange(1, len(values) + 1), values, np.full(len(values), half))


def noise(seed: int, epochs: int, alike: float) -> Array:
    found: Array = np.random.default_rng(seed).normal(size=epochs) * np.sqrt(1 - alike**2)
    for epoch in range(1, epochs):
        found[epoch] += alike * found[epoch - 1]
    return found


@pytest.mark.parametrize("freedom", [3, 5, 10, 30, 1000])
def test_quantile_is_students(freedom: int) -> None:
    assert quantile(freedom) == pytest.approx(float(stats.t.ppf(0.975, freedom)), rel=0.04 if freedom < 5 else 0.01)


@pytest.mark.parametrize("width", [1, 3, 9])
@pytest.mark.parametrize("length", [1, 2, 7, 40])
def test_running_median_is_scipys(width: int, length: int) -> None:
    values = np.random.default_rng(width).normal(size=length)
    found, half = running_median(values, width), width // 2
    if length >= width:
        inside = slice(half, length - half)
        np.testing.assert_array_equal(found[inside], ndimage.median_filter(values, width)[inside])
    assert found[0] == values[0]
    assert found[-1] == values[-1]


@pytest.mark.parametrize("scatter", [1e-3, 0.1])
def test_jitter_is_the_scatter_about_a_trend(scatter: float) -> None:
    values = np.linspace(5, 1, 2000) ** 2 + scatter * noise(0, 2000, 0.0)
    assert jitter(values) == pytest.approx(scatter, rel=0.1)
    values[::7] += 3.0
    assert jitter(values) < 3 * scatter


def test_neighbours_alike_widen_the_error() -> None:
    assert inflation(noise(1, 5000, 0.0)) == pytest.approx(1.0, abs=0.1)
    assert inflation(noise(1, 5000, 0.5)) == pytest.approx(3.0, rel=0.15)


@pytest.mark.parametrize("epochs", [5, 12, 80])
def test_slope_is_that_of_least_squares(epochs: int) -> None:
    values = np.exp(-0.01 * np.arange(epochs) + 1e-3 * noise(2, epochs, 0.0))
    found = final_slope(column(values))
    assert found is not None
    logs = np.log(values[found.first - 1 :])
    expected = stats.linregress(np.arange(len(logs)), logs)
    assert found.per_epoch == pytest.approx(expected.slope, abs=expected.stderr)
    assert found.last == epochs
    assert found.falling


@pytest.mark.slow
@pytest.mark.parametrize("epochs", [12, 20, 50, 200])
@pytest.mark.parametrize(("scatter", "alike", "least"), [(0.0, 0.0, 1.0), (1e-2, 0.0, 0.93), (0.05, 0.5, 0.8)])
def test_the_error_bar_of_the_slope_holds_the_truth(epochs: int, scatter: float, alike: float, least: float) -> None:
    truth = 0.2 * (1 + np.exp(-np.arange(epochs) / (0.3 * epochs)))
    held = false = 0
    for seed in range(100):
        swings = np.exp(scatter * noise(seed, epochs, alike))
        found = final_slope(column(np.round(truth * swings, 4), 5e-5))
        flat = final_slope(column(np.round(0.2 * swings, 4), 5e-5))
        assert found is not None
        assert flat is not None
        expected = np.polyfit(np.arange(found.first, epochs + 1), np.log(truth[found.first - 1 :]), 1)[0]
        held += abs(found.per_epoch - expected) <= found.error
        false += flat.falling or flat.rising
    assert held >= 100 * least
    assert false <= (18 if alike else 8)


def test_rounding_alone_shows_no_slope() -> None:
    found = final_slope(column(np.full(100, 0.0057), 5e-5))
    assert found is not None
    assert found.per_epoch == pytest.approx(0.0, abs=1e-12)
    assert found.error >= 2 * 5e-5 / 0.0057 / 24
    assert not found.falling


@pytest.mark.parametrize("values", [[0.5] * 4, [0.5] * 9 + [0.0], [-0.5] * 20, [0.5] * 20 + [np.nan]])
def test_no_slope_without_positive_losses(values: list[float]) -> None:
    assert final_slope(column(np.array(values))) is None


@settings(deadline=None)  # the machine may be busy
@given(st.floats(1e-6, 1.0), st.floats(1e-3, 1e3), st.floats(1.01, 1e3))
def test_epochs_at_this_pace(pace: float, end: float, factor: float) -> None:
    slope = Slope(-pace, pace / 2, 1, 10, end)
    reach = epochs_to(slope, end / factor)
    assert reach is not None
    assert end * np.exp(-pace * reach.epochs) == pytest.approx(end / factor)
    assert reach.low < reach.epochs < reach.high
    assert epochs_to(slope, 0.0) is None
    assert epochs_to(slope, end * factor) == epochs_to(slope, end)
    standing = epochs_to(Slope(pace, pace / 2, 1, 10, end), end / factor)
    assert standing is not None
    assert standing.epochs == standing.low == standing.high == np.inf


@pytest.mark.parametrize("seed", range(5))
def test_the_limit_is_that_of_scipys_fit(seed: int) -> None:
    epochs = np.arange(200.0)
    values = 0.1 + np.exp(-epochs / 40) + 1e-3 * noise(seed, 200, 0.0)
    found = asymptote(column(values))
    assert found is not None
    passed = epochs[found.first - 1 :] - epochs[found.first - 1]
    (limit, _, scale), _ = optimize.curve_fit(
        lambda t, level, height, time: level + height * np.exp(-t / time),
        passed,
        values[found.first - 1 :],
        p0=(0.1, 0.1, 40.0),
    )
    assert found.value == pytest.approx(limit, abs=2e-4)
    assert found.scale == pytest.approx(scale, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("epochs", [40, 150])
@pytest.mark.parametrize("scale", [0.1, 0.4])
@pytest.mark.parametrize(("scatter", "alike", "least"), [(1e-4, 0.0, 0.93), (1e-2, 0.0, 0.93), (1e-3, 0.5, 0.8)])
def test_the_interval_of_the_limit_holds_it(
    epochs: int, scale: float, scatter: float, alike: float, least: float
) -> None:
    truth = 0.1 + np.exp(-np.arange(epochs) / (scale * epochs))
    found = [asymptote(column(np.round(truth + scatter * noise(seed, epochs, alike), 4), 5e-5)) for seed in range(40)]
    known = [limit for limit in found if limit is not None]
    assert len(known) >= 25
    assert sum(limit.low <= 0.1 <= limit.high for limit in known) >= least * len(known)


def test_the_seed_is_heading_for_the_best_straight_line() -> None:
    (run,) = read_history(str(SEED)).runs
    assert run.loss is not None
    found = asymptote(run.loss)
    assert found is not None
    assert found.low <= 0.005676 <= found.high
    assert found.value == pytest.approx(0.005676, abs=5e-5)
    assert found.high - found.low < 5e-4


def test_a_straight_fall_has_no_limit_that_is_known() -> None:
    found = asymptote(column(np.linspace(2.0, 1.0, 100) + 1e-3 * noise(3, 100, 0.0)))
    assert found is not None
    assert found.low == -np.inf
    assert found.high <= 1.0


@pytest.mark.parametrize("values", [np.linspace(1, 2, 50) ** 3, np.ones(5), np.append(np.ones(50), np.nan)])
def test_no_limit(values: Array) -> None:
    assert asymptote(column(values)) is None


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.floats(1e-30, 1e30) | st.sampled_from([0.0, -1.0, np.nan, np.inf]), max_size=40))
def test_any_curve(values: list[float]) -> None:
    curve = column(np.array(values, dtype=np.float64))
    slope, limit = final_slope(curve), asymptote(curve)
    assert slope is None or slope.error >= 0
    assert limit is None or limit.low <= limit.value <= limit.high
