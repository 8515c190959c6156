"""Floors of a narrow layer: against other solvers, and against maps that would have to be below them."""

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from mlpdoctor.analysis.floors.least_squares import of_rank, targets_only
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.affine_factor import AffineFactor


def factor(X: Array, Y: Array, blocks: int = 1) -> AffineFactor:
    parts = zip(np.array_split(X, blocks), np.array_split(Y, blocks), strict=True)
    whole: AffineFactor = reduce(add, [AffineFactor.of_values(x, y) for x, y in parts if len(x)])
    return whole


def problem(seed: int, rows: int, features: int, targets: int) -> tuple[Array, Array, tuple[float, ...]]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, features)) * 10.0 ** rng.uniform(-2, 2, size=features) + rng.normal(size=features)
    Y = X @ rng.normal(size=(features, targets)) + rng.normal(size=(rows, targets)) + rng.normal(size=targets)
    return X, Y, tuple(rng.uniform(0, 3, size=targets).tolist())


def plain(design: Array, Y: Array) -> Array:
    """Mean squared error of each target."""
    errors: Array = Y - design @ np.linalg.lstsq(design, Y, rcond=1e-12)[0]
    return np.asarray(np.square(errors).mean(axis=0), np.float64)


def alternating(X: Array, Y: Array, rank: int, seed: int, steps: int = 300) -> float:
    """Fit ``Y = X A B`` by turns: each step is a least-squares problem, and none leaves the maps of this rank."""
    B: Array = np.random.default_rng(seed).normal(size=(rank, Y.shape[1]))
    for _ in range(steps):
        A = np.linalg.lstsq(X, Y @ np.linalg.pinv(B), rcond=None)[0]
        B = np.asarray(np.linalg.lstsq(X @ A, Y, rcond=None)[0], np.float64)
    return float(np.square(Y - X @ A @ B).sum() / len(X))


shapes = {
    "seed": st.integers(0, 2**32),
    "rows": st.integers(1, 60),
    "features": st.integers(1, 5),
    "targets": st.integers(1, 5),
    "intercept": st.booleans(),
}


@settings(deadline=None)
@given(**shapes, blocks=st.integers(1, 4))
def test_it_falls_with_the_rank_from_the_constant_to_the_affine_floor(
    seed: int,
    rows: int,
    features: int,
    targets: int,
    intercept: bool,  # noqa: FBT001
    blocks: int,
) -> None:
    X, Y, weights = problem(seed, rows, features, targets)
    made = factor(X, Y, blocks)
    found = [of_rank(made, rank, weights, intercept=intercept) for rank in range(max(features, targets) + 2)]
    ones = np.ones((rows, 1))
    design = np.concatenate([ones, X], axis=1) if intercept else X
    constant = plain(ones, Y) if intercept else np.square(Y).mean(axis=0)
    near = 1e-16 * float(np.square(Y).sum())
    assert found[0][0] == pytest.approx(constant @ weights, rel=1e-7, abs=near)
    for value, lower in found[min(features, targets) :]:
        assert value == pytest.approx(plain(design, Y) @ weights, rel=1e-7, abs=near)
        assert lower <= value
    for (value, lower), (less, _) in pairwise(found):
        assert lower <= value
        assert less <= value * (1 + 1e-12)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(25))
@given(seed=st.integers(0, 2**32), rank=st.integers(1, 3), intercept=st.booleans())
def test_it_is_where_alternating_least_squares_ends(seed: int, rank: int, intercept: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 4)) + 1
    Y = X @ np.diag([8.0, 4, 2, 1]) @ rng.normal(size=(4, 4)) + rng.normal(size=(40, 4))
    weights = tuple(rng.uniform(0.5, 2, size=4).tolist())
    value, lower = of_rank(factor(X, Y), rank, weights, intercept=intercept)
    if intercept:
        X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    reached = min(alternating(X, Y * np.sqrt(weights), rank, start) for start in range(2))
    assert lower <= reached * (1 + 1e-12)
    assert reached == pytest.approx(value, rel=0.02)


@settings(deadline=None, max_examples=examples(60))
@given(seed=st.integers(0, 2**32), rows=st.integers(2, 50), targets=st.integers(1, 5), blocks=st.integers(1, 4))
def test_what_a_subspace_of_the_outputs_leaves_is_the_rest_of_the_principal_components(
    seed: int, rows: int, targets: int, blocks: int
) -> None:
    X, Y, weights = problem(seed, rows, 2, targets)
    made = factor(X, Y, blocks)
    spectrum = PCA().fit(Y * np.sqrt(weights)).explained_variance_ * (rows - 1) / rows
    for rank in range(targets + 1):
        value, lower = targets_only(made, rank, weights)
        assert value == pytest.approx(spectrum[rank:].sum(), rel=1e-8, abs=1e-13 * spectrum.sum())
        assert lower <= value
        assert lower <= of_rank(made, rank, weights)[0] * (1 + 1e-12)
    assert targets_only(made, targets, weights) == (0.0, 0.0)


@settings(deadline=None, max_examples=examples(60))
@given(seed=st.integers(0, 2**32), rank=st.integers(0, 3), blocks=st.integers(1, 5), intercept=st.booleans())
def test_the_order_of_rows_does_not_matter(seed: int, rank: int, blocks: int, intercept: bool) -> None:  # noqa: FBT001
    X, Y, weights = problem(seed, 40, 3, 3)
    order = np.random.default_rng(seed).permutation(40)
    one, other = factor(X, Y), factor(X[order], Y[order], blocks)
    value = of_rank(one, rank, weights, intercept=intercept)
    assert of_rank(other, rank, weights, intercept=intercept) == pytest.approx(value, rel=1e-8)
    assert targets_only(other, rank) == pytest.approx(targets_only(one, rank), rel=1e-8)


@pytest.mark.parametrize("blocks", [1, 7])
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_a_small_signal_on_giant_offsets_keeps_its_digits(rank: int, blocks: int) -> None:
    rng = np.random.default_rng(2)
    X: Array = rng.integers(-50, 50, size=(200, 3)).astype(np.float64)
    Y: Array = rng.integers(-50, 50, size=(200, 3)).astype(np.float64) + X @ rng.integers(-2, 3, size=(3, 3))
    near, far = factor(X, Y), factor(X + 1e9, Y - 1e9, blocks)
    assert of_rank(far, rank) == pytest.approx(of_rank(near, rank), rel=1e-9)
    assert targets_only(far, rank) == pytest.approx(targets_only(near, rank), rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=examples(60))
@given(
    seed=st.integers(0, 2**32),
    rank=st.integers(0, 3),
    offset=st.sampled_from([0.0, 1e9]),
    size=st.sampled_from([2.0**-26, 1.0, 2.0**26]),
)
def test_a_map_of_so_low_a_rank_loses_nothing(seed: int, rank: int, offset: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    X: Array = rng.integers(-9, 9, size=(50, 5)).astype(np.float64)
    Y: Array = X @ rng.integers(-3, 4, size=(5, rank)) @ rng.integers(-3, 4, size=(rank, 4)) * size
    made = factor(np.concatenate([X, X[:, :1]], axis=1) + offset, Y + offset * size, 3)
    assert of_rank(made, rank) == (0.0, 0.0)
    assert targets_only(made, rank) == (0.0, 0.0)


def test_so_few_rows_need_no_more_rank_than_there_are_of_them() -> None:
    X, Y, _ = problem(3, 3, 6, 4)
    made = factor(X, Y)
    assert of_rank(made, 2) == (0.0, 0.0)
    assert of_rank(made, 1) == pytest.approx(targets_only(made, 1), rel=1e-9)
    assert of_rank(made, 1)[1] > 0


def test_a_target_without_weight_asks_for_no_rank() -> None:
    X, Y, _ = problem(4, 50, 3, 2)
    assert of_rank(factor(X, Y), 1, (1.0, 0.0)) == pytest.approx(of_rank(factor(X, Y[:, :1]), 1), rel=1e-9)
