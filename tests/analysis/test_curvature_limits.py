"""The limits of stability against the optimizers' own updates on a quadratic."""

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.analysis.curvature import critical, preconditioner
from mlpdoctor.core.network import Array, Key, Optimizer
from mlpdoctor.nn.optimizers.traits import next_step

KEY: Key = ("dense", "kernel")


def end(optimizer: Optimizer, bend: float, updates: int) -> float:
    """How far from the minimum of ``bend w^2 / 2`` the updates lead, on a start of 1."""
    weight: Array = np.ones(1)
    farthest = 0.0
    for update in range(updates):
        step = next_step(optimizer, {KEY: weight}, {KEY: bend * weight})
        assert not isinstance(step, str)
        weight, optimizer = weight + step.updates[KEY], step.optimizer
        if update >= updates - 20:  # a slow rotation passes through zero now and then
            farthest = max(farthest, float(np.abs(weight[0])))
        if abs(weight[0]) > 1e6:
            return float(np.abs(weight[0]))
    return farthest


@pytest.mark.slow
@given(st.floats(0.01, 100), st.floats(0, 0.9), st.booleans())
@settings(deadline=None, max_examples=examples(12))
def test_sgd_is_stable_below_its_limit_and_not_above(bend: float, momentum: float, nesterov: bool) -> None:  # noqa: FBT001
    options = {"momentum": momentum, "nesterov": nesterov}
    c = critical(Optimizer("SGD", options))
    assert c is not None

    def at(share: float) -> float:
        rate = share * c / bend
        return end(Optimizer("SGD", {**options, "learning_rate": rate}, 0, rate), bend, 600)

    assert at(0.95) < 0.5
    assert at(1.05) > 2.0


@given(st.floats(0.01, 100), st.floats(0.0, 0.95))
@settings(deadline=None, max_examples=examples(60))
def test_a_running_mean_of_gradients_has_the_limit_of_adam(bend: float, beta: float) -> None:
    """Adam with its second moments held still: ``m = b m + (1 - b) g; w -= r m``, in units of the divisor."""
    c = critical(Optimizer("Adam", {"beta_1": beta}))
    assert c is not None
    sizes = []
    for share in (0.97, 1.03):
        rate, weight, mean = share * c / bend, 1.0, 0.0
        trace = []
        for _ in range(1500):
            mean = beta * mean + (1 - beta) * bend * weight
            weight -= rate * mean
            trace.append(abs(weight))
            if abs(weight) > 1e6:
                break
        sizes.append(max(trace[-20:]))
    assert sizes[0] < 0.5
    assert sizes[1] > 2.0


def test_known_limits() -> None:
    assert critical(Optimizer("SGD")) == 2
    assert critical(Optimizer("SGD", {"momentum": 0.9})) == pytest.approx(3.8)
    assert critical(Optimizer("SGD", {"momentum": 0.9, "nesterov": True})) == pytest.approx(3.8 / 2.8)
    assert critical(Optimizer("Adam")) == pytest.approx(38)
    assert critical(Optimizer("Lion")) is None


def test_the_divisor_of_adam_is_what_its_updates_show() -> None:
    """With its first moment at zero and one gradient, the update is the rate times that gradient over the divisor."""
    squares = np.array([4.0, 1e-4])
    slots = {"dense": {"kernel": {"momentum": np.zeros(2), "velocity": squares}}}
    made = 500
    optimizer = Optimizer("Adam", {"learning_rate": 0.01, "beta_1": 0.0}, made, 0.01, slots)
    gradient = np.array([1e-9, 1e-9])  # too small to change the second moments
    step = next_step(optimizer, {KEY: np.zeros(2)}, {KEY: gradient})
    assert not isinstance(step, str)
    divisors = preconditioner(optimizer, {KEY: np.zeros(2)})
    assert divisors is not None
    np.testing.assert_allclose(-0.01 * gradient / step.updates[KEY], divisors[KEY], rtol=2e-3)


def test_without_state_there_is_no_divisor() -> None:
    assert preconditioner(Optimizer("Adam", iterations=5), {KEY: np.zeros(2)}) is None
    assert preconditioner(Optimizer("SGD", iterations=5), {KEY: np.zeros(2)}) is None
