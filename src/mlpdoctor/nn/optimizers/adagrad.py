"""Adagrad and Adadelta."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.optimizers.rule import Change, Rule, State, average, share


@dataclass(frozen=True)
class Adadelta(Rule):
    """The step is ``rate g`` times the root mean square of past steps over that of past gradients; no bound."""

    names: ClassVar[tuple[str, ...]] = ("Adadelta",)
    normalises_gradient: ClassVar[bool] = True
    squares: ClassVar[str | None] = "accumulated_grad"
    rho: float = 0.95
    epsilon: float = 1e-7

    @property
    def kept(self) -> float:
        return self.rho

    def slots(self) -> Mapping[str, float]:
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        square = average(state["accumulated_grad"], np.square(gradient), self.rho)
        past = state["accumulated_delta_var"]
        step = -np.sqrt((past + self.epsilon) / (square + self.epsilon)) * gradient
        after = {"accumulated_grad": square, "accumulated_delta_var": average(past, np.square(step), self.rho)}
        return rate * step, after


@dataclass(frozen=True)
class Adagrad(Rule):
    """``a = a + g^2``; the step is ``rate g / sqrt(a + epsilon)``, before Keras 2.11 with epsilon beside the root."""

    names: ClassVar[tuple[str, ...]] = ("Adagrad",)
    normalises_gradient: ClassVar[bool] = True
    squares: ClassVar[str | None] = "accumulator"
    epsilon: float = 1e-7
    initial_accumulator_value: float = 0.1

    def slots(self) -> Mapping[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        total = state["accumulator"] + np.square(gradient)
        return -rate * share(gradient, total, self.epsilon, inside=not self.old), {"accumulator": total}

    def most(self, largest: float) -> float | None:
        """The rate. Proof: a is at least ``g^2``."""
        return 1.0
