"""The least absolute error over more rows than are kept at once, against the problem solved in one piece."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.floors import least_absolute, least_absolute_passes
from mlpdoctor.analysis.floors.least_absolute_passes import fit_passes
from mlpdoctor.analysis.floors.least_squares import LinearFit
from mlpdoctor.core.network import Array

NOISES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "gaussian": lambda rng, rows: rng.normal(size=rows),
    "cauchy": lambda rng, rows: rng.standard_cauchy(size=rows),
    "skewed": lambda rng, rows: rng.exponential(size=rows) ** 3,
    "integers": lambda rng, rows: rng.integers(-2, 3, size=rows).astype(float),
    "coins": lambda rng, rows: rng.integers(0, 2, size=rows).astype(float),
    "mostly none": lambda rng, rows: rng.normal(size=rows) * (rng.random(rows) < 0.3),
    "growing": lambda rng, rows: rng.normal(size=rows) * np.linspace(0, 10, rows) ** 2,
}


def reader(X: Array, y: Array, block: int) -> Callable[[], Iterator[tuple[Array, Array, Array]]]:
    def reread() -> Iterator[tuple[Array, Array, Array]]:
        for start in range(0, len(X), block):
            end = min(start + block, len(X))
            yield X[start:end], y[start:end], np.ones(end - start)

    return reread


def passes(X: Array, y: Array, cells: int, block: int = 97) -> LinearFit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(least_absolute_passes, "KEPT_CELLS", cells)
        return fit_passes(reader(X, y, block), len(X), X.shape[1])


def made(noise: str, seed: int, rows: int, features: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, features))
    return X, X @ np.arange(1.0, features + 1) + NOISES[noise](rng, rows)


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(150))
@given(
    noise=st.sampled_from(sorted(NOISES)),
    seed=st.integers(0, 2**32),
    rows=st.integers(20, 600),
    features=st.integers(0, 3),
    kept=st.integers(8, 80),
)
def test_the_optimum_lies_between_the_bounds_however_few_rows_are_kept(
    noise: str, seed: int, rows: int, features: int, kept: int
) -> None:
    X, y = made(noise, seed, rows, features)
    (exact,) = least_absolute.fit(X, y[:, None])
    found = passes(X, y, kept * (features + 2))
    assert found.lower <= exact.value * (1 + 1e-12)
    assert found.value >= exact.lower * (1 - 1e-12)
    errors = found.intercept + X @ np.array(found.slopes) - y
    assert np.abs(errors).mean() == pytest.approx(found.value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("noise", sorted(NOISES))
@pytest.mark.parametrize("features", [0, 2])
def test_the_bounds_meet_when_a_fifth_of_the_rows_is_kept(noise: str, features: int) -> None:
    X, y = made(noise, 5, 4_000, features)
    (exact,) = least_absolute.fit(X, y[:, None])
    found = passes(X, y, 800 * (features + 2))
    assert found.value == pytest.approx(exact.value, rel=1e-7)
    assert found.value - found.lower <= 1e-6 * found.value


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["gaussian", "cauchy", "integers"])
def test_the_size_of_blocks_changes_nothing(noise: str) -> None:
    X, y = made(noise, 6, 700, 2)
    first, *others = [passes(X, y, 400, block) for block in (700, 1, 33, 256)]
    for other in others:
        assert (other.value, other.lower) == pytest.approx((first.value, first.lower), rel=1e-9)
        assert (other.intercept, *other.slopes) == pytest.approx((first.intercept, *first.slopes), rel=1e-6)


@pytest.mark.parametrize("kept", [5, 60, 10_000])
@pytest.mark.parametrize("features", [0, 2])
def test_a_constant_target_loses_nothing(kept: int, features: int) -> None:
    X = np.random.default_rng(7).normal(size=(500, features))
    found = passes(X, np.full(500, -3.25), kept * (features + 2))
    assert found.value <= 1e-14
    assert found.lower <= 1e-15
    assert found.intercept == pytest.approx(-3.25, rel=1e-14)


def test_rows_on_a_line_lose_next_to_nothing_and_are_proved_nothing() -> None:
    X = np.random.default_rng(8).integers(-99, 99, size=(500, 2)).astype(float)
    found = passes(X, X @ [2.0, -1.0] + 4, 160)
    assert found.value <= 1e-12
    assert found.lower <= 1e-14


def test_few_rows_are_solved_in_one_piece() -> None:
    X, y = made("gaussian", 9, 120, 2)
    assert passes(X, y, 120 * 4) == least_absolute.fit(X, y[:, None])[0]


def test_only_the_features_asked_for_are_used() -> None:
    X, y = made("gaussian", 10, 300, 3)
    found = fit_passes(reader(X, y, 50), 300, 2)
    assert found == least_absolute.fit(X[:, :2], y[:, None])[0]


def test_a_file_sorted_by_its_target_is_sampled_all_over() -> None:
    X, y = made("skewed", 11, 3_000, 1)
    order = np.argsort(y)
    (exact,) = least_absolute.fit(X, y[:, None])
    assert passes(X[order], y[order], 3 * 600).value == pytest.approx(exact.value, rel=1e-6)
