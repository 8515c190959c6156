"""The floor of a function of one variable with few kinks: against all partitions, and never above a real function."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.floors import knots
from mlpdoctor.analysis.floors.knots import lower_bound
from mlpdoctor.core.network import Array

seeds = st.integers(0, 2**32)


def line_cost(x: Array, y: Array, w: Array) -> float:
    root = np.sqrt(w)
    design = np.column_stack([np.ones(len(x)), x - x[0]]) * root[:, None]
    rest = root * y - design @ np.linalg.lstsq(design, root * y, rcond=None)[0]
    return float(rest @ rest)


def brute(x: Array, y: Array, w: Array, most: int) -> float:
    """Every partition of the distinct x into runs."""
    values = np.unique(x)
    best = np.inf
    for cuts in combinations(range(1, len(values)), min(most, len(values) - 1)):
        edges = [0, *cuts, len(values)]
        runs = [np.isin(x, values[a:b]) for a, b in pairwise(edges)]
        best = min(best, sum(line_cost(x[run], y[run], w[run]) for run in runs))
    return best / len(x)


@settings(deadline=None, max_examples=examples(150))
@given(seed=seeds, rows=st.integers(1, 9), most=st.integers(0, 4), ties=st.booleans())
def test_it_is_the_best_of_all_partitions(seed: int, rows: int, most: int, ties: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 5, rows).astype(float) if ties else rng.normal(size=rows)
    y, w = rng.normal(size=rows), rng.uniform(0.1, 3, size=rows)
    assert lower_bound(x, y, most, w) == pytest.approx(brute(x, y, w, most), rel=1e-9, abs=1e-12)


def fitted(x: Array, y: Array, kinks: Array, w: Array) -> float:
    """The loss of the best continuous function with these kinks."""
    hinges = np.maximum(x[:, None] - kinks, 0.0)
    root = np.sqrt(w)
    design = np.column_stack([np.ones(len(x)), x, hinges]) * root[:, None]
    rest = root * y - design @ np.linalg.lstsq(design, root * y, rcond=None)[0]
    return float(rest @ rest) / len(x)


@settings(deadline=None, max_examples=examples(100))
@given(seed=seeds, rows=st.integers(1, 80), most=st.integers(0, 6), blocks=st.sampled_from([5, 20, 1000]))
def test_no_continuous_function_with_so_many_kinks_is_below(seed: int, rows: int, most: int, blocks: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = np.round(rng.normal(size=rows), rng.integers(0, 4)), rng.uniform(0, 2, size=rows)
    kinks = rng.normal(size=most)
    # Near such a function itself the bound has least room.
    y = np.maximum(x[:, None] - kinks, 0.0) @ rng.normal(size=most) + 10.0 ** rng.uniform(-9, 0) * rng.normal(size=rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(knots, "MOST_BLOCKS", blocks)
        bound = lower_bound(x, y, most, w)
    reached = fitted(x, y, kinks, w)
    # The reference rounds its errors at the size of the targets, which a small loss feels in more than its last digits.
    assert bound <= reached * (1 + 1e-9) + 1e-15 * float(np.abs(y).max()) * float(np.sqrt(reached)) + 1e-28


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(60))
@given(seed=seeds, rows=st.integers(30, 150), most=st.integers(0, 3))
def test_cutting_between_blocks_alone_lowers_it_a_little(seed: int, rows: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, size=rows)
    y = np.sin(4 * x) + 0.3 * rng.normal(size=rows)
    exact = lower_bound(x, y, most)
    bounds = []
    for blocks in (10, rows - 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(knots, "MOST_BLOCKS", blocks)
            bounds.append(lower_bound(x, y, most))
    assert max(bounds) <= exact * (1 + 1e-9)
    if not most:
        assert bounds == pytest.approx([exact] * 2)


def test_many_rows_in_blocks_come_close_to_all_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, size=900)
    y = np.sin(8 * x) + 0.1 * rng.normal(size=900)
    exact = lower_bound(x, y, 4)
    monkeypatch.setattr(knots, "MOST_BLOCKS", 300)
    assert 0.93 * exact < lower_bound(x, y, 4) <= exact


@settings(deadline=None, max_examples=examples(40))
@given(seed=seeds, blocks=st.sampled_from([15, 1000]))
def test_more_kinks_never_raise_it(seed: int, blocks: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 40, size=60).astype(float), rng.normal(size=60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(knots, "MOST_BLOCKS", blocks)
        bounds = [lower_bound(x, y, most) for most in (0, 1, 2, 3, 6, 12, 25, 50)]
    assert all(later <= earlier for earlier, later in pairwise(bounds))
    within = sum(float(np.square(y[x == value] - y[x == value].mean()).sum()) for value in np.unique(x)) / 60
    assert bounds[-1] == pytest.approx(within, rel=1e-9)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(60))
@given(
    seed=seeds,
    most=st.integers(0, 4),
    shift=st.sampled_from([0.0, 1.0, -(2.0**30), 2.0**30]),
    size=st.sampled_from([-1.0, 3.0, 1e-30, 1e30]),
)
def test_neither_the_order_of_rows_nor_the_unit_of_x_matters(seed: int, most: int, shift: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    x, y, w = rng.integers(-99, 99, size=50) / 64, rng.normal(size=50), rng.uniform(size=50)
    order = rng.permutation(50)
    bound = lower_bound(x, y, most, w)
    assert lower_bound(x[order], y[order], most, w[order]) == pytest.approx(bound, rel=1e-9)
    assert lower_bound((x + shift) * size, y, most, w) == pytest.approx(bound, rel=1e-6)
    assert lower_bound(x, y * 1e20, most, w * 1e-70) == pytest.approx(bound * 1e-30, rel=1e-9)


def test_a_small_signal_on_giant_offsets_keeps_its_digits() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 10_000, size=200) / 64, rng.integers(-50, 50, size=200) / 64
    far = lower_bound(x + 1e9, y - 1e9, 5)
    assert far == pytest.approx(lower_bound(x, y, 5), rel=1e-9)


@pytest.mark.parametrize("gap", [1e-12, 1e-40, 1e-170, 5e-324])
def test_rows_close_together_are_no_reason_to_claim_more(gap: float) -> None:
    x = np.array([0.0, gap, 1.0, 2.0, 3.0])
    y = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    # A line for the first two, a line for the others.
    assert lower_bound(x, y, 1) == 0.0
    assert lower_bound(np.tile(x, 3), np.tile(y, 3), 1) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("rows", [300, 3000])
@pytest.mark.parametrize("offset", [1e9, 1 / 3])
def test_a_function_with_so_many_kinks_loses_nothing(offset: float, rows: int) -> None:
    """With the second offset each target is rounded: what that makes is no loss that is proved."""
    x = np.arange(float(rows)) / 1024
    y = offset + 2 * np.abs(x - 0.125) - 3 * np.maximum(x - 0.25, 0)
    assert lower_bound(x, y, 2) == 0.0
    assert lower_bound(x, y, 1) > 1e-7


def test_rows_without_weight_are_not_there() -> None:
    x, y = np.arange(8.0), np.array([0.0, 5, 0, 5, 0, 5, 0, 5])
    weights = np.array([1.0, 0, 1, 0, 1, 0, 1, 0])
    assert lower_bound(x, y, 0, weights) == 0.0
    assert lower_bound(x, y, 0, 0 * weights) == 0.0
    assert lower_bound(np.zeros(8), y, 3) == pytest.approx(6.25)
