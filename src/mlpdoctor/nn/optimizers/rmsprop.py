"""RMSprop: the gradient over the root of its running square."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.optimizers.rule import Change, Rule, State, average, share


@dataclass(frozen=True)
class RMSprop(Rule):
    """``v = rho v + (1 - rho) g^2``; the step is ``rate g / sqrt(v + epsilon)``, through momentum where there is one.

    Centered, the square of the average gradient is taken from v. Classes from before Keras 2.11 without momentum add
    epsilon to the root instead.
    """

    names: ClassVar[tuple[str, ...]] = ("RMSprop",)
    normalises_gradient: ClassVar[bool] = True
    squares: ClassVar[str | None] = "velocity"
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    @property
    def kept(self) -> float:
        return self.rho

    def slots(self) -> Mapping[str, float]:
        wanted = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return {slot: 0.0 for slot, kept in wanted.items() if kept}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        after = {"velocity": average(state["velocity"], np.square(gradient), self.rho)}
        square = after["velocity"]
        if self.centered:
            after["average_gradient"] = average(state["average_gradient"], gradient, self.rho)
            square = square - np.square(after["average_gradient"])
        step = rate * share(gradient, square, self.epsilon, inside=not self.old or self.momentum > 0)
        if self.momentum > 0:
            step = after["momentum"] = self.momentum * state["momentum"] + step
        return -step, after

    def most(self, largest: float) -> float | None:
        """``1 / sqrt(1 - rho)``, and with momentum ``1 / (1 - momentum)`` times that; none when centered.

        Proof: v is at least ``(1 - rho) g^2``, for what it keeps is not negative, so that the share is at most
        ``1 / sqrt(1 - rho)``; momentum adds up such shares in a geometric series. Centered, equal gradients bring
        the root down to epsilon.
        """
        if self.centered or self.rho >= 1 or self.momentum >= 1:
            return None
        return 1 / math.sqrt(1 - self.rho) / (1 - self.momentum)
