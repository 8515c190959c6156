"""Gradient descent, plain or with momentum, and Lion, which takes the sign of an average of gradients."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.optimizers.rule import Change, Rule, State, average, single


@dataclass(frozen=True)
class SGD(Rule):
    """``m = momentum m - rate g``, and the weight moves by m, or with Nesterov by ``momentum m - rate g``."""

    names: ClassVar[tuple[str, ...]] = ("SGD",)
    momentum: float = 0.0
    nesterov: bool = False

    def slots(self) -> Mapping[str, float]:
        return {"momentum": 0.0} if self.momentum else {}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        if not self.momentum:
            return -rate * gradient, {}
        momentum = single(self.momentum)
        velocity = momentum * state["momentum"] - rate * gradient
        step = momentum * velocity - rate * gradient if self.nesterov else velocity
        return step, {"momentum": velocity}

    def most(self, largest: float) -> float | None:
        """Only clipping bounds it: ``largest / (1 - momentum)``.

        Proof: m is the sum of ``momentum^k`` times past ``rate g``, each at most ``rate largest``, which is a geometric
        series; Nesterov's step, at most ``momentum / (1 - momentum) + 1`` times that, comes to the same.
        """
        return largest / (1 - self.momentum) if math.isfinite(largest) and self.momentum < 1 else None


@dataclass(frozen=True)
class Lion(Rule):
    """The step is the rate, with the sign of ``beta_1 m + (1 - beta_1) g``."""

    names: ClassVar[tuple[str, ...]] = ("Lion",)
    normalises_gradient: ClassVar[bool] = True
    beta_1: float = 0.9
    beta_2: float = 0.99

    def slots(self) -> Mapping[str, float]:
        return {"momentum": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        step = -rate * np.sign(average(state["momentum"], gradient, single(self.beta_1)))
        return step, {"momentum": average(state["momentum"], gradient, single(self.beta_2))}

    def most(self, largest: float) -> float | None:
        """The rate. Proof: a sign is -1, 0 or 1."""
        return 1.0
