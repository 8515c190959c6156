"""Substitution by blocks solves what a general solver solves."""

import numpy as np
import pytest

from mlpdoctor.analysis.floors.basis import BLOCK, solved


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 7])
def test_it_solves_the_equations_to_rounding(size: int) -> None:
    rng = np.random.default_rng(size)
    half = rng.normal(size=(size, 2 * size))
    matrix = half @ half.T
    right = matrix @ rng.normal(size=size)
    kept = right.copy()
    found = solved(np.linalg.cholesky(matrix), right)
    assert np.abs(matrix @ found - right).max() <= 1e-13 * np.abs(matrix).sum(axis=1).max() * np.abs(found).max()
    assert np.array_equal(right, kept)


@pytest.mark.parametrize("size", [3, BLOCK])
def test_of_one_block_it_is_the_general_solver_to_the_last_bit(size: int) -> None:
    rng = np.random.default_rng(0)
    factor = np.linalg.cholesky(np.cov(rng.normal(size=(size, 2 * size))))
    right = rng.normal(size=size)
    assert np.array_equal(solved(factor, right), np.linalg.solve(factor.T, np.linalg.solve(factor, right)))
