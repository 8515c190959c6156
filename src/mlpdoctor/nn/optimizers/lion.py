"""Lion: the sign of an average of gradients."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.optimizers.rule import Change, Rule, State, average, single


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
