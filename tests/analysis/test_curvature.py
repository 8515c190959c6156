"""Lanczos's method against whole decompositions, and its two bounds as laws."""

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.curvature import largest
from mlpdoctor.core.network import Array


def symmetric(size: int, seed: int, spread: float) -> Array:
    """A matrix with eigenvalues over so many powers of ten, of both signs."""
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(size, size)))
    values = rng.choice([-1.0, 1.0], size) * 10 ** rng.uniform(-spread, spread, size)
    return np.asarray((q * values) @ q.T)


@pytest.mark.slow
@given(st.integers(1, 40), st.integers(0, 1000), st.floats(0, 3), st.integers(1, 30))
@settings(deadline=None, max_examples=examples(150))
def test_it_never_exceeds_the_largest_and_some_eigenvalue_is_within_the_residual(
    size: int, seed: int, spread: float, most: int
) -> None:
    matrix = symmetric(size, seed, spread)
    values = np.linalg.eigvalsh(matrix)
    top = largest(lambda v: matrix @ v, size, most=most, seed=seed)
    rounding = 1e-9 * np.abs(values).max()
    assert top.value <= values[-1] + rounding
    assert np.abs(values - top.value).min() <= top.residual + rounding
    assert np.linalg.norm(matrix @ top.vector - top.value * top.vector) == pytest.approx(top.residual, abs=rounding)
    assert top.products <= min(most, size)


@pytest.mark.parametrize("seed", range(5))
def test_with_as_many_products_as_columns_it_is_exact(seed: int) -> None:
    matrix = symmetric(12, seed, 1)
    top = largest(lambda v: matrix @ v, 12, most=12, tolerance=0)
    assert top.value == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-8)


def test_the_same_seed_gives_the_same_number() -> None:
    matrix = symmetric(30, 1, 2)
    assert largest(lambda v: matrix @ v, 30).value == largest(lambda v: matrix @ v, 30).value


def test_a_product_that_is_not_finite_gives_no_number() -> None:
    assert np.isnan(largest(lambda v: v * np.inf, 4).value)


def test_zero_is_found() -> None:
    assert largest(lambda v: 0 * v, 4).value == 0
