"""What the families say of their steps is what their steps do."""

import numpy as np
import pytest

from mlpdoctor.core.network import Optimizer
from mlpdoctor.nn.optimizers.rule import known
from mlpdoctor.nn.optimizers.traits import (
    Step,
    follows_gradient,
    moves_by_a_share,
    moves_by_the_rate,
    next_step,
    normalises_gradient,
)

KEY = ("dense", "kernel")
NAMES = sorted(name for rule in known() for name in rule.names)
OPTIONS = {"learning_rate": 0.01, "epsilon": 1e-30, "initial_accumulator_value": 1e-30, "weight_decay": 0.0}


def step(name: str, size: float, weights: float = 1.0, seed: int = 0) -> np.ndarray:
    """What the last of twenty updates does, with gradients of a size."""
    rng = np.random.default_rng(seed)
    current = Optimizer(name, OPTIONS, 0, 0.01)
    place = {KEY: weights * rng.normal(size=(4, 3))}
    last = np.zeros((4, 3))
    for _ in range(20):
        made = next_step(current, place, {KEY: size * rng.normal(size=(4, 3))})
        assert isinstance(made, Step), made
        current, last = made.optimizer, made.updates[KEY]
    return last


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_an_optimizer_normalises_if_longer_gradients_make_the_same_steps(name: str, seed: int) -> None:
    ratio = np.linalg.norm(step(name, 1e3, seed=seed)) / np.linalg.norm(step(name, 1.0, seed=seed))
    optimizer = Optimizer(name, OPTIONS)
    assert normalises_gradient(optimizer) == (ratio < 1.01)
    assert follows_gradient(optimizer) == (ratio > 999)


@pytest.mark.parametrize("name", NAMES)
def test_steps_as_long_as_a_share_of_the_weights_are_named(name: str) -> None:
    optimizer = Optimizer(name, OPTIONS)
    grows = np.linalg.norm(step(name, 1.0, weights=100.0)) > 50 * np.linalg.norm(step(name, 1.0))
    assert moves_by_a_share(optimizer) == (grows and name != "Ftrl")
    assert not (moves_by_a_share(optimizer) and moves_by_the_rate(optimizer))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_slot_keeps_is_what_is_left_of_it_without_a_gradient(name: str) -> None:
    (rule,) = (rule.of(OPTIONS) for rule in known() if name in rule.names)
    if rule.squares is None:
        return
    assert rule.squares in rule.slots()
    full = {slot: np.ones(1) for slot in rule.slots()}
    _, after = rule.change(np.ones(1), np.zeros(1), full, 0.01, 50)
    assert after[rule.squares] == pytest.approx(rule.kept)
    empty = {slot: np.full(1, start) for slot, start in rule.slots().items()}
    _, one = rule.change(np.ones(1), np.full(1, 10.0), empty, 0.01, 1)
    _, two = rule.change(np.ones(1), np.full(1, 20.0), empty, 0.01, 1)
    assert two[rule.squares] / one[rule.squares] == pytest.approx(2**rule.power)


def test_of_optimizers_that_are_not_known_nothing_is_said_but_what_is() -> None:
    assert normalises_gradient(Optimizer("Adafactor"))
    mine = Optimizer("Mine")
    assert not any(trait(mine) for trait in (normalises_gradient, follows_gradient, moves_by_the_rate))
    assert not any(trait(None) for trait in (normalises_gradient, follows_gradient, moves_by_the_rate))
