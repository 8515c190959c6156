"""Adam, AdamW and AMSGrad."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array
from mlpdoctor.optimizers.rule import Change, Rule, State, average, single


@dataclass(frozen=True)
class Adam(Rule):
    """Running averages m of g and v of g^2, from 0; the step is ``rate m / sqrt(v)``, both corrected for their start.

    Keras multiplies the rate by ``sqrt(1 - beta_2^t) / (1 - beta_1^t)`` and adds epsilon to the uncorrected root.
    AMSGrad takes the largest v so far.
    """

    names: ClassVar[tuple[str, ...]] = ("Adam",)
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False

    def slots(self) -> Mapping[str, float]:
        return dict.fromkeys(("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ())), 0.0)

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        mean = average(state["momentum"], gradient, self.beta_1)
        square = average(state["velocity"], np.square(gradient), self.beta_2)
        after = {"momentum": mean, "velocity": square}
        if self.amsgrad:
            after["velocity_hat"] = square = np.maximum(state["velocity_hat"], square)
        corrected = rate * math.sqrt(1 - single(self.beta_2) ** update) / (1 - single(self.beta_1) ** update)
        return -corrected * mean / (np.sqrt(square) + self.epsilon), after

    def most(self, largest: float) -> float | None:
        """``(1 - b1) / sqrt((1 - b2)(1 - b1^2 / b2))``, 7.27 for the defaults, where b1^2 < b2; else none.

        It is the least bound for all updates. ``(1 - b1) / sqrt(1 - b2)`` of Kingma and Ba, Adam, 2015, section
        2.1, 3.16 for the defaults, is the step of one gradient after none; gradients that grow by b2 / b1 with each
        update take longer ones.

        Proof: with r = b1^2 / b2 and S(x) = 1 + x + ... + x^(t - 1), Cauchy and Schwarz give ``|m| = (1 - b1)
        |sum b1^k g_k| <= (1 - b1) sqrt(S(r)) sqrt(sum b2^k g_k^2) = (1 - b1) sqrt(S(r) / (1 - b2)) sqrt(v)``. The
        corrected step is then at most ``sqrt(S(r) S(b2)) / S(b1)``. By the means of a = r^t and b = b2^t,
        ``(1 - a)(1 - b) = 1 - (a + b) + ab <= 1 - 2 sqrt(ab) + ab = (1 - b1^t)^2``, so that it is at most its value
        as t grows without end. Epsilon, AMSGrad's larger v and a start from 0 only shorten the step.
        """
        return longest_mean(self.beta_1, self.beta_2)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay unless told otherwise."""

    names: ClassVar[tuple[str, ...]] = ("AdamW",)
    weight_decay: float = 0.004


def longest_mean(beta_1: float, beta_2: float) -> float | None:
    """The least upper bound of ``|m| / sqrt(v)`` over all gradients; see ``Adam.most``."""
    if not beta_1**2 < beta_2 < 1:
        return None
    return (1 - beta_1) / math.sqrt((1 - beta_2) * (1 - beta_1**2 / beta_2))
