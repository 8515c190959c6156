"""Adamax: Adam with the largest gradient in place of the root mean square."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array
from mlpdoctor.optimizers.rule import Change, Rule, State, average, single


@dataclass(frozen=True)
class Adamax(Rule):
    """``u = max(beta_2 u, |g|)``; the step is ``rate m / u``, m corrected for its start."""

    names: ClassVar[tuple[str, ...]] = ("Adamax",)
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def slots(self) -> Mapping[str, float]:
        return {"momentum": 0.0, "norm": 0.0}

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        mean = average(state["momentum"], gradient, self.beta_1)
        largest = np.maximum(self.beta_2 * state["norm"], np.abs(gradient))
        step = -rate * mean / ((1 - single(self.beta_1) ** update) * (largest + self.epsilon))
        return step, {"momentum": mean, "norm": largest}

    def most(self, largest: float) -> float | None:
        """``(1 - b1) / (1 - b1 / b2)`` where b1 < b2, 1.01 for the defaults; else none.

        Proof: each ``|g_k|`` of k updates ago is at most ``u / b2^k``, so with c = b1 / b2 the corrected m is at most
        ``(1 - b1) (1 - c^t) / ((1 - c)(1 - b1^t)) u``, and ``c >= b1`` makes ``1 - c^t`` the smaller.
        """
        return (1 - self.beta_1) / (1 - self.beta_1 / self.beta_2) if self.beta_1 < self.beta_2 <= 1 else None
