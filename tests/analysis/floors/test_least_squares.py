"""The affine rung for squared errors: against other solvers, in exact arithmetic, and on badly made data."""

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from operator import add

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from mlpdoctor.analysis.floors.least_squares import fit
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.affine_factor import AffineFactor


def factor(features: Array, targets: Array, blocks: int = 1) -> AffineFactor:
    parts = zip(np.array_split(features, blocks), np.array_split(targets, blocks), strict=True)
    whole: AffineFactor = reduce(add, [AffineFactor.of_values(x, y) for x, y in parts if len(x)])
    return whole


def problem(seed: int, rows: int, features: int, targets: int, noise: float = 1.0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, features)) * 10.0 ** rng.uniform(-2, 2, size=features) + rng.normal(size=features)
    Y = X @ rng.normal(size=(features, targets)) + noise * rng.normal(size=(rows, targets)) + rng.normal(size=targets)
    return X, Y


shapes = {
    "seed": st.integers(0, 2**32),
    "rows": st.integers(8, 200),
    "features": st.integers(1, 6),
    "targets": st.integers(1, 3),
    "blocks": st.integers(1, 5),
}


@settings(deadline=None)
@given(**shapes)
def test_loss_and_line_are_those_of_scikit_learn(
    seed: int, rows: int, features: int, targets: int, blocks: int
) -> None:
    X, Y = problem(seed, rows, features, targets)
    model = LinearRegression().fit(X, Y)
    losses = np.square(model.predict(X) - Y).mean(axis=0)
    for k, found in enumerate(fit(factor(X, Y, blocks))):
        assert found.value == pytest.approx(losses[k], rel=1e-9, abs=1e-12)
        assert found.intercept == pytest.approx(model.intercept_[k], rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(found.slopes, model.coef_[k], rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(**shapes)
def test_without_an_intercept_it_is_the_plain_least_squares_of_numpy(
    seed: int, rows: int, features: int, targets: int, blocks: int
) -> None:
    X, Y = problem(seed, rows, features, targets)
    solution = np.linalg.lstsq(X, Y, rcond=None)[0]
    losses = np.square(X @ solution - Y).mean(axis=0)
    for k, found in enumerate(fit(factor(X, Y, blocks), intercept=False)):
        assert found.value == pytest.approx(losses[k], rel=1e-9, abs=1e-12)
        assert found.intercept == 0.0
        np.testing.assert_allclose(found.slopes, solution[:, k], rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 40), features=st.integers(1, 4))
def test_a_line_that_may_not_leave_the_origin_is_no_better(seed: int, rows: int, features: int) -> None:
    made = factor(*problem(seed, rows, features, 1))
    assert fit(made, intercept=False)[0].value >= fit(made)[0].lower


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), blocks=st.integers(1, 5), size=st.sampled_from([1e-8, 1.0, 1e8]))
def test_the_line_shown_has_the_loss_stated(seed: int, blocks: int, size: float) -> None:
    X, Y = problem(seed, 60, 3, 2)
    for k, found in enumerate(fit(factor(size * X, Y / size, blocks))):
        errors = found.intercept + size * X @ found.slopes - Y[:, k] / size
        assert np.square(errors).mean() == pytest.approx(found.value, rel=1e-8)


def dependent(rng: np.random.Generator, rows: int) -> dict[str, Array]:
    a, b, groups = rng.normal(size=rows), rng.normal(size=rows), rng.integers(0, 4, rows)
    return {
        "copied": np.column_stack([a, b, a]),
        "summed": np.column_stack([a, b, a + b, a - 2 * b]),
        "scaled": np.column_stack([a, b, a * 1e9, b / 3e7]),
        "constant": np.column_stack([a, b, np.full(rows, 7.0), np.zeros(rows)]),
        "one-hot": np.column_stack([a, b, np.eye(4)[groups]]),
        "far off": np.column_stack([a, b, a]) + 1e9,
    }


@pytest.mark.parametrize("blocks", [1, 40])
@pytest.mark.parametrize("kind", ["copied", "summed", "scaled", "constant", "one-hot", "far off"])
def test_dependent_columns_change_neither_the_loss_nor_make_giant_slopes(kind: str, blocks: int) -> None:
    rng = np.random.default_rng(8)
    X = dependent(rng, 300)[kind]
    y = X[:, :1] - X[:, 1:2] + rng.normal(size=(300, 1))
    centred = X - X.mean(axis=0)
    residual = y - y.mean() - centred @ np.linalg.lstsq(centred, y - y.mean(), rcond=1e-12)[0]
    (found,) = fit(factor(X, y, blocks))
    assert found.value == pytest.approx(float(np.square(residual).mean()), rel=1e-7)
    assert found.value - found.lower <= 1e-10 * found.value
    assert max(np.abs(found.slopes) * np.abs(centred).max(axis=0)) < 20


@pytest.mark.parametrize(("rows", "features"), [(1, 1), (1, 4), (2, 1), (3, 2), (4, 6), (7, 6)])
def test_so_few_rows_lie_on_a_plane_and_lose_exactly_nothing(rows: int, features: int) -> None:
    X, Y = problem(rows, rows, features, 2)
    assert [(found.value, found.lower) for found in fit(factor(X, Y))] == [(0.0, 0.0)] * 2


@pytest.mark.parametrize(("offset", "slope"), [(0, 1), (1e9, 2**-10), (-1e9, 1), (0, 2**26), (0, 2**-26)])
def test_rows_on_a_line_lose_exactly_nothing(offset: float, slope: float) -> None:
    x = offset + np.arange(50.0)[:, None]
    (found,) = fit(factor(x, slope * x + 3.0, 3))
    assert (found.value, found.lower) == (0.0, 0.0)
    assert found.slopes[0] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("size", [1e-8, 1e-3, 1e3, 1e8])
def test_the_loss_follows_the_scale_of_the_targets_alone(size: float) -> None:
    X, Y = problem(9, 80, 3, 1)
    (plain,) = fit(factor(X, Y))
    (scaled_features,) = fit(factor(size * X, Y))
    (scaled_targets,) = fit(factor(X, size * Y))
    assert scaled_features.value == pytest.approx(plain.value, rel=1e-9)
    assert scaled_targets.value == pytest.approx(size**2 * plain.value, rel=1e-9)


def test_a_small_signal_on_a_giant_offset_keeps_its_digits() -> None:
    rng = np.random.default_rng(10)
    x, noise = rng.integers(0, 1000, size=400).astype(float), rng.integers(-3, 4, size=400).astype(float)
    y = 2 * x + noise
    (near,) = fit(factor(x[:, None], y[:, None]))
    (far,) = fit(factor(x[:, None] + 1e9, y[:, None] - 1e9, 7))
    assert far.value == pytest.approx(near.value, rel=1e-9)


def test_a_target_in_the_difference_of_two_nearly_equal_columns_is_no_floor() -> None:
    """Start and end of events, in seconds over years, and their duration: a line, though the columns look alike."""
    rng = np.random.default_rng(11)
    start = np.sort(rng.uniform(0, 1e8, 1_000_000))
    end = start + rng.exponential(0.02, len(start))
    duration = end - start
    (found,) = fit(factor(np.column_stack([start, end]), duration[:, None], 61))
    assert found.lower == 0.0
    assert found.value <= 1e-9 * duration.var()
    np.testing.assert_allclose(found.slopes, [-1, 1], rtol=1e-6)


def exact_loss(X: list[list[int]], y: list[int]) -> Fraction:
    """The least mean squared error of an affine function, by elimination on the normal equations in fractions."""
    design = [[Fraction(1), *map(Fraction, row)] for row in X]
    size = len(design[0])
    table = [
        [_dot((row[i] for row in design), (row[j] for row in design)) for j in range(size)]
        + [_dot((row[i] for row in design), map(Fraction, y))]
        for i in range(size)
    ]
    line = [Fraction(0)] * size
    pivots: list[tuple[int, int]] = []
    for column in range(size):
        used = len(pivots)
        lead = next((r for r in range(used, size) if table[r][column] != 0), None)
        if lead is None:
            continue
        table[used], table[lead] = table[lead], table[used]
        table[used] = [value / table[used][column] for value in table[used]]
        for r in range(size):
            if r != used:
                table[r] = [a - table[r][column] * b for a, b in zip(table[r], table[used], strict=True)]
        pivots.append((used, column))
    for row, column in pivots:
        line[column] = table[row][-1]
    errors = [_dot(row, line) - value for row, value in zip(design, y, strict=True)]
    return _dot(errors, errors) / len(y)


def _dot(first: Iterable[Fraction], second: Iterable[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True)), Fraction(0))


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(300))
@given(data=st.data(), rows=st.integers(1, 8), features=st.integers(1, 3), far=st.sampled_from([0, 0, 10**6, 10**9]))
def test_the_bounds_hold_the_exact_value(data: st.DataObject, rows: int, features: int, far: int) -> None:
    small = st.integers(-4, 4)
    X = data.draw(st.lists(st.lists(small, min_size=features, max_size=features), min_size=rows, max_size=rows))
    y = data.draw(st.lists(small, min_size=rows, max_size=rows))
    moved = [[value + far for value in row] for row in X]
    exact = exact_loss(moved, y)
    (found,) = fit(factor(np.array(moved, float), np.array(y, float)[:, None]))
    assert Fraction(found.lower) <= exact
    # A computed loss may lie below the true one by its own last digits, never by more.
    assert exact <= Fraction(found.value) * (1 + Fraction(1, 10**12)) + Fraction(1, 10**28)
    assert found.value - found.lower <= 1e-12 + 1e-10 * found.value
    if exact == 0:
        assert found.value == 0.0
