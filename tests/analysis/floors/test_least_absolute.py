"""The affine rung for absolute errors: against an exact linear program, and no line goes below the proved bound."""

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from mlpdoctor.analysis.floors.least_absolute import fit, solve
from mlpdoctor.core.network import Array

NARROW = 1e-8
"""Relative gap that is left between the bounds: far more digits agree than a report shows."""


def program(features: Array, target: Array) -> float:
    """The least mean absolute error by HiGHS, from the dual: maximise y.d with X'd = 0 and |d| <= 1."""
    centred = features - features.mean(axis=0)
    size = np.abs(centred).max(axis=0, initial=0.0)
    size[size == 0] = 1.0
    design = np.column_stack([np.ones(len(target)), centred / size])
    start = np.median(target)
    spread = float(np.abs(target - start).max()) or 1.0
    found = linprog(
        -(target - start) / spread, A_eq=design.T, b_eq=np.zeros(design.shape[1]), bounds=(-1, 1), method="highs"
    )
    return -float(found.fun or 0.0) * spread / len(target)


def mean_error(features: Array, target: Array, intercept: float, slopes: tuple[float, ...]) -> float:
    return float(np.abs(intercept + features @ np.array(slopes) - target).mean())


def column(kind: str, rows: int, rng: np.random.Generator) -> Array:
    normal = rng.normal(size=rows)
    return {
        "normal": normal,
        "integers": rng.integers(-3, 4, size=rows).astype(float),
        "binary": rng.integers(0, 2, size=rows).astype(float),
        "duplicates": normal[rng.integers(0, 1 + rows // 4, size=rows)],
        "heavy": rng.standard_t(1, size=rows),
        "constant": np.full(rows, normal[0]),
        "large": 1e8 * normal,
        "small": 1e-8 * normal,
        "offset": 1e6 + normal,
    }[kind]


KINDS = ["normal", "integers", "binary", "duplicates", "heavy", "constant", "large", "small", "offset"]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Array, Array]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = draw(st.one_of(st.integers(1, 8), st.integers(9, 120)))
    kinds: list[str] = draw(st.lists(st.sampled_from(KINDS), min_size=0, max_size=4))
    features = np.array([column(kind, rows, rng) for kind in kinds]).reshape(len(kinds), rows).T
    if len(kinds) > 0 and draw(st.booleans()):
        features = np.column_stack([features, -2 * features[:, 0]])  # exactly, as a sum of columns would not be
    target = column(draw(st.sampled_from(KINDS)), rows, rng)
    if len(kinds) > 0 and draw(st.booleans()):
        target = target + features @ (rng.normal(size=features.shape[1]) / np.maximum(np.abs(features).max(axis=0), 1))
    return features, target


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(400))
@given(problem=problems())
def test_the_optimum_of_the_linear_program_lies_between_the_bounds(problem: tuple[Array, Array]) -> None:
    features, target = problem
    (found,) = fit(features, target[:, None])
    scale = float(np.abs(target - np.median(target)).mean() + 1e-9 * np.abs(target).max())
    wanted = program(features, target)
    assert found.lower <= found.value
    assert found.value - found.lower <= NARROW * found.value
    assert found.value == pytest.approx(wanted, rel=1e-6, abs=1e-6 * scale)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(200))
@given(problem=problems(), seed=st.integers(0, 2**32))
def test_no_line_near_the_best_goes_below_the_proved_bound(problem: tuple[Array, Array], seed: int) -> None:
    features, target = problem
    rng = np.random.default_rng(seed)
    (found,) = fit(features, target[:, None])
    rounding = 1e-14 * float(np.abs(target).max(initial=0.0) + np.abs(features).max(axis=0, initial=0.0).sum())
    spread = np.ptp(features, axis=0)
    spread[spread == 0] = 1.0
    for size in 10.0 ** rng.uniform(-8, 1, size=30):
        step = size * target.std() * rng.normal(size=1 + features.shape[1])
        slopes = tuple(found.slopes + step[1:] / spread)
        shift = found.intercept + step[0] - step[1:] / spread @ features.mean(axis=0)
        assert mean_error(features, target, shift, slopes) >= found.lower * (1 - 1e-12) - rounding


@pytest.mark.parametrize("seed", range(12))
def test_no_optimizer_finds_a_line_below_the_proved_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.choice(KINDS[:5], size=3)
    features = np.column_stack([column(kind, 40, rng) for kind in kinds])
    target = column(str(rng.choice(KINDS[:5])), 40, rng)
    (found,) = fit(features, target[:, None])

    def loss(line: Array) -> float:
        return float(np.abs(line[0] + features @ line[1:] - target).mean())

    starts = [np.zeros(4), np.array([found.intercept, *found.slopes]), rng.normal(size=4)]
    least = min(minimize(loss, start, method="Powell", tol=1e-10).fun for start in starts)
    assert least >= found.lower * (1 - 1e-12)
    assert loss(starts[1]) == pytest.approx(found.value, rel=1e-9)


@settings(deadline=None, max_examples=examples(100))
@given(problem=problems())
def test_the_line_shown_has_the_error_stated(problem: tuple[Array, Array]) -> None:
    features, target = problem
    (found,) = fit(features, target[:, None])
    terms = np.abs(target).max() + abs(found.intercept) + np.abs(features) @ np.abs(found.slopes)
    shown = mean_error(features, target, found.intercept, found.slopes)
    assert shown == pytest.approx(found.value, rel=1e-9, abs=1e-13 * float(terms.max()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [1, 2, 7, 100])
def test_without_features_it_is_the_mean_distance_from_the_median(kind: str, rows: int) -> None:
    target = column(kind, rows, np.random.default_rng(rows))
    (found,) = fit(np.empty((rows, 0)), target[:, None])
    best = float(np.abs(target - np.median(target)).mean())
    assert found.value == pytest.approx(best, rel=1e-10, abs=1e-15 * np.abs(target).max())
    assert found.lower <= best * (1 + 1e-12)
    assert found.slopes == ()


@pytest.mark.parametrize(("rows", "features"), [(1, 1), (2, 1), (3, 2), (4, 5), (6, 5)])
def test_so_few_rows_lie_on_a_plane_and_lose_exactly_nothing(rows: int, features: int) -> None:
    rng = np.random.default_rng(rows)
    (found,) = fit(rng.normal(size=(rows, features)), rng.normal(size=(rows, 1)))
    assert (found.value, found.lower) == (0.0, 0.0)


@pytest.mark.parametrize("size", [2.0**-27, 1.0, 2.0**27])
@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_the_loss_follows_the_scale_of_the_targets_alone(size: float, offset: float) -> None:
    rng = np.random.default_rng(2)
    x, noise = rng.integers(0, 500, size=80).astype(float), rng.integers(-9, 10, size=80).astype(float)
    (plain,) = fit(x[:, None], (2 * x + noise)[:, None])
    (moved,) = fit(size * (x[:, None] + offset), (2 * x + noise)[:, None] / size)
    assert moved.value == pytest.approx(plain.value / size, rel=1e-9)
    assert moved.slopes[0] == pytest.approx(plain.slopes[0] / size**2, rel=1e-6)


def test_each_target_is_fitted_on_its_own() -> None:
    rng = np.random.default_rng(3)
    features, targets = rng.normal(size=(50, 2)), rng.normal(size=(50, 3))
    for k, found in enumerate(fit(features, targets)):
        assert found == fit(features, targets[:, k : k + 1])[0]


def test_one_wild_row_does_not_move_the_line() -> None:
    x = np.arange(30.0)
    y = 2 * x + 1
    y[7] = 1e9
    (found,) = fit(x[:, None], y[:, None])
    assert (found.intercept, found.slopes[0]) == pytest.approx((1.0, 2.0), rel=1e-6)
    assert found.value == pytest.approx((1e9 - 15) / 30, rel=1e-9)


def test_sums_of_other_columns_change_nothing() -> None:
    rng = np.random.default_rng(4)
    plain = rng.integers(-50, 50, size=(80, 2)).astype(float)
    target = (plain @ [1.0, -2.0] + rng.standard_t(2, size=80))[:, None]
    more = np.column_stack([plain, plain.sum(axis=1), 3 * plain[:, 0] - plain[:, 1], np.full(80, 5.0)])
    (wanted,), (found,) = fit(plain, target), fit(more, target)
    assert found.value == pytest.approx(wanted.value, rel=1e-9)
    assert max(map(abs, found.slopes)) < 10


def test_a_target_in_the_difference_of_two_nearly_equal_columns_is_no_floor() -> None:
    rng = np.random.default_rng(11)
    start = np.sort(rng.uniform(0, 1e9, 200_000))
    end = start + rng.exponential(0.05, len(start))
    (found,) = fit(np.column_stack([start, end]), (end - start)[:, None])
    assert (found.value, found.lower) == (0.0, 0.0)


def test_a_design_without_an_intercept_column_is_solved_as_it_is() -> None:
    x, y = np.array([[1.0], [2.0], [4.0]]), np.array([2.0, 4.0, 9.0])
    found = solve(x, y)
    assert found.value == pytest.approx(min(np.abs(y - b * x[:, 0]).sum() for b in y / x[:, 0]), rel=1e-10)
