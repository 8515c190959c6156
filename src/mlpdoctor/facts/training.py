"""Whether the weights have ever been trained, as far as the file remembers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Layer, Network, Stored

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
        start = _constant(layer.config.get(f"{name}_initializer"))
        if start is not None and weight.size:
            found.append(_equal(weight, start))
    return found


def _equal(weight: Stored, start: float) -> bool:
    return bool(np.all(weight == weight.dtype.type(start)))


def _constant(initializer: Any) -> float | None:  # noqa: ANN401  JSON
    if isinstance(initializer, str):
        initializer = {"class_name": initializer.title(), "config": {}}
    if not isinstance(initializer, Mapping):
        return None
    kind, config = initializer.get("class_name"), initializer.get("config") or {}
    if kind == "Constant":
        value = config.get("value")
        return float(value) if isinstance(value, int | float) else None
    return CONSTANTS.get(str(kind))
