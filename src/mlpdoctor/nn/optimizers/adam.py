"""The optimizers that divide by the root of a running square and remember a direction: Adam and its kin, and Lamb."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Config
from mlpdoctor.nn.optimizers.rule import Change, Rule, State, average, single


@dataclass(frozen=True)
class Moments(Rule):
    """What keeps running averages of the gradient and of its square, both from 0."""

    normalises_gradient: ClassVar[bool] = True
    squares: ClassVar[str | None] = "velocity"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    @property
    def kept(self) -> float:
        return self.beta_2

    def slots(self) -> Mapping[str, float]:
        return {"momentum": 0.0, "velocity": 0.0}


@dataclass(frozen=True)
class Adam(Moments):
    """Running averages m of g and v of g^2, from 0; the step is ``rate m / sqrt(v)``, both corrected for their start.

    Keras multiplies the rate by ``sqrt(1 - beta_2^t) / (1 - beta_1^t)`` and adds epsilon to the uncorrected root.
    AMSGrad takes the largest v so far.
    """

    names: ClassVar[tuple[str, ...]] = ("Adam",)
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


@dataclass(frozen=True)
class Adamax(Moments):
    """``u = max(beta_2 u, |g|)``; the step is ``rate m / u``, m corrected for its start."""

    names: ClassVar[tuple[str, ...]] = ("Adamax",)
    squares: ClassVar[str | None] = "norm"
    power: ClassVar[int] = 1

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


WARM = 0.96
"""Base of the momentum's warm-up, in Keras and in Dozat's paper."""
ENOUGH = 2000
"""Factors after which their product is 0 for any momentum under 1, and the warm-up is over."""


@dataclass(frozen=True)
class Nadam(Moments):
    """Adam whose momentum ``u_t = beta_1 (1 - 0.96^(t decay) / 2)`` warms up, one update ahead.

    The product of all u so far, which the file holds but the reader leaves aside, follows from the number of
    updates. (Keras 2.11 to 2.15 multiply once for every weight instead; from the tenth update it hardly matters,
    for the product is 0.)

    Attributes:
        decay: pace of the warm-up; 0.004 unless told otherwise before Keras 2.11, always 1 since.
    """

    names: ClassVar[tuple[str, ...]] = ("Nadam",)
    decay: float = 1.0

    @classmethod
    def of(cls, options: Config) -> Self:
        """Standalone Keras has the decay under another name."""
        return super().of(
            {"decay": options.get("schedule_decay"), **options} if "schedule_decay" in options else options
        )

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        mean = average(state["momentum"], gradient, single(self.beta_1))
        square = average(state["velocity"], np.square(gradient), single(self.beta_2))
        now, ahead = self._momentum(update), self._momentum(update + 1)
        product = float(np.prod(self._momentum(np.arange(1, min(update, ENOUGH) + 1))))
        looked = ahead * mean / (1 - product * ahead) + (1 - now) * gradient / (1 - product)
        root = np.sqrt(square / (1 - single(self.beta_2) ** update)) + self.epsilon
        return -rate * looked / root, {"momentum": mean, "velocity": square}

    def most(self, largest: float) -> float | None:
        """The largest of ``sqrt(S(b2)) (u' M / (1 - U u') + (1 - u) / (1 - U))`` over the updates, U the product.

        Here u and u' are this and the next momentum, S is as in ``Adam.most``, M bounds ``|m| / sqrt(v / (1 - b2))``.

        Proof: M is that of Adam, times ``sqrt(1 - b2)``, and g is at most ``sqrt(v / (1 - b2))`` as with RMSprop. It is
        worked out for the first updates; beyond them u lies between its last value and b1, and U under its last value.
        """
        mean = longest_mean(self.beta_1, self.beta_2)
        if mean is None or self.decay <= 0 or self.beta_1 >= 1:
            return None
        updates = np.arange(1, ENOUGH + 1)
        u, ahead = self._momentum(updates), self._momentum(updates + 1)
        product = np.cumprod(u)
        spike = 1 / math.sqrt(1 - self.beta_2)
        roots = np.sqrt(1 - self.beta_2**updates)
        early = roots * (ahead * mean / (1 - product * ahead) + (1 - u) * spike / (1 - product))
        late = self.beta_1 * mean / (1 - product[-1]) + (1 - u[-1]) * spike / (1 - product[-1])
        return float(max(early.max(), late))

    def _momentum(self, update: Any) -> Any:  # noqa: ANN401  an int or an array of them
        return self.beta_1 * (1 - 0.5 * WARM ** (self.decay * update))


@dataclass(frozen=True)
class Lamb(Moments):
    """The step of a whole weight matrix has the rate times the norm of the weights as its norm; so no fixed bound."""

    names: ClassVar[tuple[str, ...]] = ("Lamb",)
    relative: ClassVar[bool] = True
    apart: ClassVar[bool] = False

    def change(self, weight: Array, gradient: Array, state: State, rate: float, update: int) -> Change:
        mean = average(state["momentum"], gradient, self.beta_1)
        square = average(state["velocity"], np.square(gradient), self.beta_2)
        root = np.sqrt(square / (1 - single(self.beta_2) ** update)) + self.epsilon
        direction = mean / (1 - single(self.beta_1) ** update) / root
        size, length = (math.sqrt(float(np.square(array).sum())) for array in (weight, direction))
        ratio = size / length if size > 0 and length > 0 else 1.0
        return -ratio * rate * direction, {"momentum": mean, "velocity": square}
