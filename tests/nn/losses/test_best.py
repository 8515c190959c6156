"""The best answer to a group of rows, against a search, and against whatever else one may answer."""

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import CASES, Case
from scipy.optimize import minimize

from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.loss import Loss

UNITS = 3
each_loss = pytest.mark.parametrize("case", CASES, ids=str)
seeds = st.integers(0, 2**32 - 1)


def cost(loss: Loss, targets: Array, weights: Array, answer: Array) -> Array:
    return np.asarray(weights @ loss.values(targets, np.broadcast_to(answer, targets.shape)), np.float64)


def answers(case: Case, rng: np.random.Generator, targets: Array) -> Array:
    """Constants that may be good: drawn ones, targets, means of targets."""
    drawn = case.outputs(rng, 30, UNITS)
    if case.outputs.__name__ == "normal":
        return np.concatenate([drawn, targets, [targets.mean(axis=0)], np.zeros((1, UNITS))])
    inside = np.clip(np.concatenate([targets, [targets.mean(axis=0)]]), 1e-9, None)
    if case.outputs.__name__ == "distributions":
        inside /= inside.sum(axis=1, keepdims=True)
    return np.concatenate([drawn, inside])


@each_loss
@settings(max_examples=examples(10), deadline=None)
@given(seed=seeds)
def test_no_answer_beats_the_best(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 15))
    targets = case.encoded(rng, rows, UNITS)
    weights = rng.random(rows) * rng.integers(0, 3, rows)
    best = case.loss.best(np.zeros(rows, np.intp), targets, weights)[0]
    for answer in answers(case, rng, targets):
        there = cost(case.loss, targets, weights, answer)
        assert (best <= there + 1e-6 * weights.sum() * (1e-3 + np.abs(there)) + 1e-9).all()


def reached(case: Case, targets: Array, weights: Array) -> Array:
    """What a search from many starts finds."""
    rng = np.random.default_rng(0)
    found = []
    kind = case.outputs.__name__

    def outputs(free: Array) -> Array:
        if kind == "normal":
            return free
        if kind == "positive" and not case.loss.joint:
            return np.exp(free)
        if kind == "unit" and not case.loss.joint:
            return np.asarray(1 / (1 + np.exp(-free)), np.float64)
        powers = np.exp(free - free.max())
        return np.asarray(powers / powers.sum(), np.float64)

    for unit in range(1 if case.loss.joint else UNITS):
        starts = [*rng.normal(size=(4, UNITS)), np.zeros(UNITS), targets.mean(axis=0), *targets[:6]]

        def total(free: Array, unit: int = unit) -> float:
            return float(cost(case.loss, targets, weights, outputs(free))[unit])

        tries = [
            minimize(total, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 3000})
            for start in starts
        ]
        found.append(min(one.fun for one in tries))
    return np.array(found)


@pytest.mark.slow
@each_loss
def test_a_search_reaches_the_best(case: Case) -> None:
    rng = np.random.default_rng(5)
    targets = case.encoded(rng, 9, UNITS)
    weights = rng.random(9) + 0.2
    best = case.loss.best(np.zeros(9, np.intp), targets, weights)[0]
    search = reached(case, targets, weights)
    np.testing.assert_allclose(best, search, rtol=2e-5, atol=2e-5)
    assert (best <= search + 1e-6 * np.abs(search) + 1e-8).all()


@each_loss
def test_groups_are_judged_by_themselves(case: Case) -> None:
    rng = np.random.default_rng(2)
    targets, weights = case.encoded(rng, 40, UNITS), rng.random(40) + 0.1
    groups = np.concatenate([np.arange(7), rng.integers(0, 7, 33)])
    best = case.loss.best(groups, targets, weights)
    assert best.shape == (7, 1 if case.loss.joint else UNITS)
    for group in range(7):
        own = groups == group
        alone = case.loss.best(np.zeros(own.sum(), np.intp), targets[own], weights[own])
        np.testing.assert_allclose(best[group], alone[0], rtol=1e-9, atol=1e-9)


@each_loss
def test_equal_rows_cost_what_the_nearest_answer_costs(case: Case) -> None:
    rng = np.random.default_rng(3)
    targets = case.encoded(rng, 12, UNITS)
    groups = np.repeat(np.arange(12), 3)
    best = case.loss.best(groups, targets[groups], np.ones(36))
    np.testing.assert_allclose(best, 3 * case.loss.nearest(targets, -np.inf, np.inf), rtol=1e-6, atol=3e-6)


@each_loss
def test_zero_weights_cost_nothing(case: Case) -> None:
    targets = case.encoded(np.random.default_rng(0), 5, UNITS)
    best = case.loss.best(np.array([0, 0, 1, 1, 1]), targets, np.zeros(5))
    np.testing.assert_array_equal(best, np.zeros_like(best))


def test_medians_of_light_groups_do_not_drown_in_heavy_ones() -> None:
    rng = np.random.default_rng(1)
    rows = 3000
    groups = np.sort(rng.integers(0, 500, rows))
    groups = np.unique(groups, return_inverse=True)[1]
    values, weights = rng.normal(size=(rows, 1)), 10.0 ** rng.uniform(-9, 9, (rows, 1))
    weights[groups % 2 == 0] *= 1e12
    found = grouped.medians(groups, values, weights)
    for group in range(groups.max() + 1):
        own = groups == group
        least = min(float((weights[own] * np.abs(values[own] - one)).sum()) for one in values[own])
        assert float((weights[own] * np.abs(values[own] - found[group])).sum()) <= least * (1 + 1e-9)
