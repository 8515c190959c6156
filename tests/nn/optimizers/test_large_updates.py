"""Updates of large weights, made piece by piece in the arrays of the one before, are those of small ones."""

import numpy as np
import pytest

from mlpdoctor.core.network import Key, Optimizer
from mlpdoctor.nn.optimizers import rule
from mlpdoctor.nn.optimizers.rule import known
from mlpdoctor.nn.optimizers.traits import Step, next_step

KEY: Key = ("dense", "kernel")
SHAPE = (13, 17)
NAMES = sorted(name for one in known() for name in one.names)


@pytest.mark.parametrize("spent", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_pieces_move_as_the_whole_does(name: str, monkeypatch: pytest.MonkeyPatch, *, spent: bool) -> None:
    options = {"weight_decay": 0.01, "momentum": 0.9, "centered": True, "amsgrad": True}
    places = []
    for piece in (1000, 7):
        monkeypatch.setattr(rule, "PIECE", piece)
        rng = np.random.default_rng(0)
        place, optimizer = rng.normal(size=SHAPE), Optimizer(name, options, 0, 0.01)
        for update in range(4):
            step = next_step(optimizer, {KEY: place}, {KEY: rng.normal(size=SHAPE)}, spent=spent and update > 0)
            assert isinstance(step, Step), step
            place, optimizer = place + step.updates[KEY], step.optimizer
        places.append(place)
    assert np.array_equal(places[0], places[1])


def test_what_is_not_spent_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "PIECE", 7)
    rng = np.random.default_rng(0)
    place, gradient = rng.normal(size=SHAPE), rng.normal(size=SHAPE)
    kept = place.copy(), gradient.copy()
    first = next_step(Optimizer("Adam", {}, 0, 0.01), {KEY: place}, {KEY: gradient})
    assert isinstance(first, Step)
    slots = {name: slot.copy() for name, slot in first.optimizer.slots[KEY[0]][KEY[1]].items()}
    next_step(first.optimizer, {KEY: place}, {KEY: gradient})
    assert np.array_equal(place, kept[0])
    assert np.array_equal(gradient, kept[1])
    assert all(np.array_equal(first.optimizer.slots[KEY[0]][KEY[1]][name], slot) for name, slot in slots.items())
