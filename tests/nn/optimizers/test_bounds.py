"""No gradient moves a weight further than the bound, and the bounds of Adam and Adamax are the least there are."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.network import Array, Optimizer
from mlpdoctor.nn.optimizers.traits import Step, momentum_of, most_per_update, next_step

KEY = ("dense", "kernel")
RATE = 0.01
sizes = st.floats(-30, 30).map(lambda power: 2.0**power)
values = st.one_of(st.just(0.0), sizes, sizes.map(lambda size: -size))
sequences = st.lists(values, min_size=1, max_size=40)
kept = st.floats(0, 0.999)


def optimizer(name: str, **options: Any) -> Optimizer:  # noqa: ANN401
    return Optimizer(name, {"learning_rate": RATE, "epsilon": 0.0, **options}, 0, RATE)


def moves(start: Optimizer, sequence: Any, weight: float = 0.0) -> Array:  # noqa: ANN401
    """How far each gradient of a sequence moves the one weight there is."""
    moved, current, place = [], start, np.array([weight])
    for value in sequence:
        step = next_step(current, {KEY: place}, {KEY: np.array([float(value)])})
        assert isinstance(step, Step), step
        current, place = step.optimizer, place + step.updates[KEY]
        moved.append(float(step.updates[KEY][0]))
    return np.abs(np.nan_to_num(moved))  # without epsilon no gradient at all gives 0 / 0


def assert_bounded(start: Optimizer, sequence: list[float]) -> None:
    bound = most_per_update(start)
    if bound is not None:
        assert moves(start, sequence).max() <= bound * (1 + 1e-4)  # the betas are rounded to float32


@given(sequences, kept, kept, st.sampled_from(["Adam", "AdamW", "Nadam", "Adamax"]))
def test_no_gradients_move_adam_and_its_kin_further(
    sequence: list[float], first: float, second: float, name: str
) -> None:
    assert_bounded(optimizer(name, beta_1=first, beta_2=second, weight_decay=0.0), sequence)


@given(sequences, kept, kept)
def test_nor_amsgrad(sequence: list[float], first: float, second: float) -> None:
    assert_bounded(optimizer("Adam", beta_1=first, beta_2=second, amsgrad=True), sequence)


@given(sequences, kept, st.floats(0, 0.95))
def test_nor_rmsprop(sequence: list[float], rho: float, momentum: float) -> None:
    assert_bounded(optimizer("RMSprop", rho=rho, momentum=momentum), sequence)


@given(sequences, st.sampled_from(["Lion", "Adagrad"]))
def test_nor_lion_and_adagrad(sequence: list[float], name: str) -> None:
    assert_bounded(optimizer(name), sequence)


@given(
    sequences,
    st.floats(0, 0.95),
    st.booleans(),
    st.sampled_from(["clipnorm", "clipvalue", "global_clipnorm"]),
    st.floats(0.01, 10),
)
def test_nor_clipped_descent(sequence: list[float], momentum: float, nesterov: bool, clip: str, limit: float) -> None:  # noqa: FBT001
    start = optimizer("SGD", momentum=momentum, nesterov=nesterov, **{clip: limit})
    assert most_per_update(start) == pytest.approx(RATE * limit / (1 - momentum))
    assert_bounded(start, sequence)


@pytest.mark.parametrize(("first", "second"), [(0.9, 0.999), (0.5, 0.9), (0.9, 0.95), (0.0, 0.99), (0.9, 0.82)])
def test_gradients_that_grow_reach_the_bound_of_adam(first: float, second: float) -> None:
    bound = most_per_update(optimizer("Adam", beta_1=first, beta_2=second))
    assert bound is not None
    assert bound == pytest.approx(RATE * (1 - first) / math.sqrt((1 - second) * (1 - first**2 / second)))
    # The equality in the proof: g_k proportional to (b1 / b2)^k, k updates ago, after a long time of none.
    length = 2000 if second < 0.83 else 300
    growth = np.array([(first / second) ** (length - k) if first else float(k == length) for k in range(1, length + 1)])
    growth[growth < 1e-30] = 0.0
    start = optimizer("Adam", beta_1=first, beta_2=second, epsilon=1e-60)
    quiet = next_step(start, {KEY: np.zeros(1)}, {KEY: np.zeros(1)})
    assert isinstance(quiet, Step)
    late = Optimizer("Adam", start.options, 100_000, RATE, quiet.optimizer.slots)
    assert moves(late, growth).max() == pytest.approx(bound, rel=1e-3)


def test_the_step_of_one_gradient_after_none_is_that_of_kingma_and_ba() -> None:
    start = optimizer("Adam", epsilon=1e-7)
    slots = {"dense": {"kernel": {"momentum": np.zeros(1), "velocity": np.zeros(1)}}}
    late = Optimizer("Adam", start.options, 100_000, RATE, slots)
    assert moves(late, [1.0])[0] == pytest.approx(RATE * 0.1 / math.sqrt(0.001), rel=1e-4)


def test_known_bounds() -> None:
    assert most_per_update(optimizer("Adam")) == pytest.approx(7.2685 * RATE, rel=1e-3)
    assert most_per_update(optimizer("Adamax")) == pytest.approx(1.0091 * RATE, rel=1e-3)
    assert most_per_update(optimizer("RMSprop")) == pytest.approx(math.sqrt(10) * RATE)
    assert most_per_update(optimizer("Nadam")) == pytest.approx(9.7 * RATE, rel=0.05)
    assert most_per_update(optimizer("Lion")) == RATE


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {}),
        ("Adadelta", {}),
        ("Ftrl", {}),
        ("Lamb", {}),
        ("Adafactor", {}),
        ("RMSprop", {"centered": True}),
        ("Adam", {"beta_1": 0.99, "beta_2": 0.9}),
        ("Adamax", {"beta_1": 0.99, "beta_2": 0.9}),
        ("Nadam", {"beta_1": 0.99, "beta_2": 0.9}),
    ],
)
def test_where_nothing_bounds_it(name: str, options: dict[str, Any]) -> None:
    assert most_per_update(optimizer(name, **options)) is None


@pytest.mark.slow
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("nesterov", [False, True])
def test_the_stability_limits_of_momentum(momentum: float, nesterov: bool) -> None:  # noqa: FBT001
    start = optimizer("SGD", momentum=momentum, nesterov=nesterov)
    assert momentum_of(start) == momentum
    limit = 2 * (1 + momentum) / (1 + 2 * momentum if nesterov else 1)

    def grows(product: float) -> bool:
        current, place = start, np.ones(1)
        for _ in range(2000):
            step = next_step(current, {KEY: place}, {KEY: product / RATE * place})
            assert isinstance(step, Step)
            current, place = step.optimizer, place + step.updates[KEY]
        return abs(float(place[0])) > 1

    assert not grows(0.99 * limit)
    assert grows(1.01 * limit)


@pytest.mark.parametrize("name", ["SGD", "RMSprop"])
def test_momentum_is_read_in_one_place(name: str) -> None:
    assert momentum_of(optimizer(name, momentum=0.5)) == 0.5
    assert momentum_of(optimizer(name, momentum=1)) == 0.999
    assert momentum_of(optimizer(name)) == momentum_of(optimizer(name, momentum="much")) == 0
