"""Adagrad: the gradient over the root of the sum of all its squares."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array
from mlpdoctor.optimizers.rule import Change, Rule, State, share


@dataclass(frozen=True)
class Adagrad(Rule):
    """``a = a + g^2``; the step is ``rate g / sqrt(a + epsilon)``, before Keras 2.11 with epsilon beside the root."""

    names: ClassVar[tuple[str, ...]] = ("Adagrad",)
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
