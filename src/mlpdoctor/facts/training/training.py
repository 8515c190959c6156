"""How training began and went, as far as the file remembers: its rate, its updates, how weights are drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Layer, Network, Stored
from mlpdoctor.core.random_state import random
from mlpdoctor.nn.initializers import draw
from mlpdoctor.nn.layers.family import number
from mlpdoctor.nn.layers.properties import family_of
from mlpdoctor.nn.optimizers.rate import rate_at, rate_now, schedule_of


@dataclass(frozen=True)
class CurrentRate:
    """The learning rate that the next update would have.

    Attributes:
        rate: its value.
        compiled: the rate that training started with, as far as the file tells; Keras 3 saves the current rate in its
            place when there is no schedule.
        schedule: the class name of the schedule, None without one.
    """

    rate: float
    compiled: float
    schedule: str | None


@fact
def current_rate(network: Network) -> CurrentRate | Absent:
    """Read it, or work it out from the schedule and the number of updates."""
    optimizer = network.optimizer
    if optimizer is None:
        return Absent("the model was saved without an optimizer", applicable=False)
    rate, start = rate_now(optimizer), rate_at(optimizer, 0)
    schedule, _ = schedule_of(optimizer)
    if schedule is not None:
        if rate is None or start is None:
            return Absent(f"the schedule {schedule} is not one of Keras's that can be followed")
        return CurrentRate(rate, max(start, rate), schedule)
    if optimizer.learning_rate is None or rate is None:
        return Absent("the file does not tell the learning rate", applicable=False)
    spec = optimizer.options.get("learning_rate", optimizer.options.get("lr"))
    compiled = number(spec, optimizer.learning_rate) if isinstance(spec, int | float) else optimizer.learning_rate
    return CurrentRate(rate, compiled, None)


CONSTANTS = {"Zeros": 0.0, "Ones": 1.0}
"""Initialisers that leave no doubt: after the first update such a weight is somewhere else."""


@dataclass(frozen=True)
class Training:
    """What the file says about training.

    Attributes:
        updates: steps the optimizer has made; None without an optimizer in the file.
        fresh: whether all weights that start from a constant still hold it; None when there is no such weight.
    """

    updates: int | None
    fresh: bool | None

    @property
    def never(self) -> bool:
        """Whether these weights are where they were initialised.

        Weights that moved although the optimizer made no step came from elsewhere: a training loop of the user's
        own, or ``set_weights``. They count as trained.
        """
        return not self.updates and (self.fresh is True or (self.fresh is None and self.updates == 0))


@dataclass(frozen=True)
class Trained:
    """The weights have been trained; what is said about how they do is about training."""

    updates: int | None


@fact
def training(network: Network) -> Training:
    """Read the optimizer's counter and compare weights with their initialisers."""
    verdicts = [verdict for layer in network.layers if layer.trainable for verdict in _untouched(layer)]
    updates = network.optimizer.iterations if network.optimizer else None
    return Training(updates, all(verdicts) if verdicts else None)


@fact
def trained(training: Training) -> Trained | Absent:
    """Only for weights that have been trained."""
    if training.never:
        return Absent("the model has not been trained yet", applicable=False)
    return Trained(training.updates)


def _untouched(layer: Layer) -> list[bool]:
    found = []
    for name, weight in layer.weights.items():
        start = constant_start(layer.config.get(f"{name}_initializer"))
        if start is not None and weight.size:
            found.append(_equal(weight, start))
    return found


def _equal(weight: Stored, start: float) -> bool:
    return bool(np.all(weight == weight.dtype.type(start)))


def constant_start(initializer: Any) -> float | None:  # noqa: ANN401  JSON
    """The one value that an initialiser gives to every weight; None for all others."""
    if isinstance(initializer, str):
        initializer = {"class_name": initializer.title(), "config": {}}
    if not isinstance(initializer, Mapping):
        return None
    kind, config = initializer.get("class_name"), initializer.get("config") or {}
    if kind == "Constant":
        value = config.get("value")
        return float(value) if isinstance(value, int | float) else None
    return CONSTANTS.get(str(kind))


@dataclass(frozen=True, eq=False)
class FreshStart:
    """Any number of fresh starts of a network.

    Attributes:
        specs: how each trainable weight is drawn, as the configuration says.
        shapes: the shapes of these weights.
    """

    specs: Mapping[Key, object]
    shapes: Mapping[Key, tuple[int, ...]]

    def weights(self, seed: int) -> dict[Key, Array]:
        """All trainable weights, re-initialised; the same for the same seed."""
        rng = random(seed)
        found = {}
        for key, spec in self.specs.items():
            values = draw(spec, key[1], self.shapes[key], rng)
            if values is not None:
                found[key] = values
        return found


@fact
def fresh_start(network: Network) -> FreshStart | Absent:
    """Read the initialiser of each trainable weight."""
    specs, shapes = {}, {}
    for layer in network.layers:
        family = family_of(layer)
        if not layer.trainable or not layer.weights:
            continue
        own = tuple(layer.weights) if family is None else family.trained(layer)
        # Of kinds that only Keras runs those are known that name an initialiser for each weight, as convolutions do.
        if family is None and not all(f"{name}_initializer" in layer.config for name in own):
            return Absent(f"how the weights of {layer.name} are drawn is not known")
        for name in own:
            spec = layer.config.get(f"{name}_initializer")
            if draw(spec, name, (1, 1), np.random.default_rng(0)) is None:
                return Absent(f"the initialiser of {layer.name}'s {name} is not one of Keras's own")
            specs[layer.name, name] = spec
            shapes[layer.name, name] = np.shape(layer.weights[name])
    if not specs:
        return Absent("the model has no weight that training may change", applicable=False)
    return FreshStart(specs, shapes)
