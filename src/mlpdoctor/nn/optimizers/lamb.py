"""Lamb: Adam's direction, as long as a share of the weights themselves."""
# ruff: noqa: D102 - Rule documents these methods

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.optimizers.rule import Change, Rule, State, average, single


@dataclass(frozen=True)
class Lamb(Rule):
    """The step of a whole weight matrix has the rate times the norm of the weights as its norm; so no fixed bound."""

    names: ClassVar[tuple[str, ...]] = ("Lamb",)
    normalises_gradient: ClassVar[bool] = True
    relative: ClassVar[bool] = True
    squares: ClassVar[str | None] = "velocity"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    @property
    def kept(self) -> float:
        return self.beta_2

    def slots(self) -> Mapping[str, float]:
        return {"momentum": 0.0, "velocity": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        mean = average(state["momentum"], gradient, self.beta_1)
        square = average(state["velocity"], np.square(gradient), self.beta_2)
        root = np.sqrt(square / (1 - single(self.beta_2) ** update)) + self.epsilon
        direction = mean / (1 - single(self.beta_1) ** update) / root
        size, length = (math.sqrt(float(np.square(array).sum())) for array in (weight, direction))
        ratio = size / length if size > 0 and length > 0 else 1.0
        return -ratio * rate * direction, {"momentum": mean, "velocity": square}
