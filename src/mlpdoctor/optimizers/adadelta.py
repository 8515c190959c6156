"""Adadelta: steps as long as the steps before, over gradients as long as the gradients before."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array
from mlpdoctor.optimizers.rule import Change, Rule, State, average


@dataclass(frozen=True)
class Adadelta(Rule):
    """The step is ``rate g`` times the root mean square of past steps over that of past gradients; no bound."""

    names: ClassVar[tuple[str, ...]] = ("Adadelta",)
    rho: float = 0.95
    epsilon: float = 1e-7

    def slots(self) -> Mapping[str, float]:
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        square = average(state["accumulated_grad"], np.square(gradient), self.rho)
        past = state["accumulated_delta_var"]
        step = -np.sqrt((past + self.epsilon) / (square + self.epsilon)) * gradient
        after = {"accumulated_grad": square, "accumulated_delta_var": average(past, np.square(step), self.rho)}
        return rate * step, after
