"""The nearest answer within bounds, against grids of answers."""

import itertools

import numpy as np
import pytest
from loss_cases import CASES, Case

from mlpdoctor.core.network import Array

GRID, FINE_GRID = 11, 401
ANY = ((-1.0, 1.0), (0.0, 1.0), (0.0, 3.0), (-2.0, -0.5), (0.3, 0.6), (0.7, 0.7), (1.0, 1.0))
PROBABILITIES = ((0.0, 1.0), (0.2, 0.9), (0.0, 0.5), (0.4, 0.4), (1.0, 1.0))
EXACT_WITHIN = ("CategoricalHinge", "SparseCategoricalCrossentropy")


def bounds(case: Case) -> tuple[tuple[float, float], ...]:
    return ANY if case.outputs.__name__ == "normal" else PROBABILITIES


def cheapest(case: Case, targets: Array, low: float, high: float, units: int) -> Array:
    """The least loss of each row over a grid, and, as a softmax would have it, over shares where bounds are free."""
    axis = np.linspace(low, high, GRID if case.loss.joint else FINE_GRID)
    if not case.loss.joint:
        axis = np.concatenate([axis, np.clip(targets, low, high).ravel()])
    grid = (
        np.array(list(itertools.product(axis, repeat=units))) if case.loss.joint else np.repeat(axis[:, None], units, 1)
    )
    if case.name == "KLDivergence" and (low, high) == (0.0, 1.0):
        grid = grid[grid.sum(axis=1) > 0]
        grid = grid / grid.sum(axis=1, keepdims=True)
    if case.name.startswith("Categorical") and low == 0 and not case.options.get("from_logits"):
        grid = grid[grid.sum(axis=1) > 0]
    found = [case.loss.values(targets, np.broadcast_to(one, targets.shape)) for one in grid]
    return np.asarray(np.min(found, axis=0), np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_answer_within_bounds_is_below_the_nearest(case: Case) -> None:
    units = 3 if case.loss.joint else 2
    targets = case.encoded(np.random.default_rng(4), 25, units)
    for low, high in bounds(case):
        nearest = case.loss.nearest(targets, low, high)
        least = cheapest(case, targets, low, high, units)
        assert nearest.shape == least.shape
        assert (nearest <= least + 1e-6 * (1 + np.abs(least))).all(), (low, high)
        if not case.loss.joint:
            np.testing.assert_allclose(nearest, least, rtol=1e-3, atol=1e-4)
        if case.name in EXACT_WITHIN:
            np.testing.assert_allclose(nearest, least, rtol=1e-6, atol=2e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_narrower_bounds_cost_no_less(case: Case) -> None:
    targets = case.encoded(np.random.default_rng(4), 25, 3)
    free = case.loss.nearest(targets, -np.inf, np.inf)
    for low, high in bounds(case):
        if low < 0 and case.name.startswith("Categorical") and not case.options.get("from_logits"):
            continue
        if case.name == "KLDivergence" and (low, high) != (0.0, 1.0):
            continue  # answers that need not be distributions
        assert (case.loss.nearest(targets, low, high) >= free - 2e-6).all()


def test_what_a_softmax_of_one_unit_costs() -> None:
    case = next(case for case in CASES if case.name == "BinaryCrossentropy" and not case.options)
    cost = case.loss.nearest(np.array([[0.0], [1.0]]), 1.0, 1.0)
    np.testing.assert_allclose(cost, [[15.942385], [1.1920929e-07]], rtol=1e-6)
