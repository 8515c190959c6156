"""Ftrl: follow the regularised leader."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.optimizers.rule import Change, Rule, State


@dataclass(frozen=True)
class Ftrl(Rule):
    """The weight is set to what minimises all past gradients, linearised, plus its penalties; no bound."""

    names: ClassVar[tuple[str, ...]] = ("Ftrl",)
    normalises_gradient: ClassVar[bool] = True
    learning_rate_power: float = -0.5
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0
    l2_shrinkage_regularization_strength: float = 0.0
    beta: float = 0.0

    def slots(self) -> Mapping[str, float]:
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        total = state["accumulator"] + np.square(gradient)
        before = np.power(state["accumulator"], -self.learning_rate_power)
        after = np.power(total, -self.learning_rate_power)
        pull = gradient + 2 * self.l2_shrinkage_regularization_strength * weight
        linear = state["linear"] + pull - (after - before) / rate * weight
        quadratic = after / rate + 2 * self.l2_regularization_strength + self.beta / rate
        allowed = np.clip(linear, -self.l1_regularization_strength, self.l1_regularization_strength)
        return (allowed - linear) / quadratic - weight, {"accumulator": total, "linear": linear}
