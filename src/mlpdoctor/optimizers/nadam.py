"""Nadam: Adam with Nesterov's momentum."""
# ruff: noqa: ARG002, D102 - Rule documents these methods

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array, Config
from mlpdoctor.optimizers.adam import longest_mean
from mlpdoctor.optimizers.rule import Change, Rule, State, average, single

WARM = 0.96
"""Base of the momentum's warm-up, in Keras and in Dozat's paper."""
ENOUGH = 2000
"""Factors after which their product is 0 for any momentum under 1, and the warm-up is over."""


@dataclass(frozen=True)
class Nadam(Rule):
    """Adam whose momentum ``u_t = beta_1 (1 - 0.96^(t decay) / 2)`` warms up, one update ahead.

    The product of all u so far, which the file holds but the reader leaves aside, follows from the number of
    updates. (Keras 2.11 to 2.15 multiply once for every weight instead; from the tenth update it hardly matters,
    for the product is 0.)

    Attributes:
        decay: pace of the warm-up; 0.004 unless told otherwise before Keras 2.11, always 1 since.
    """

    names: ClassVar[tuple[str, ...]] = ("Nadam",)
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    decay: float = 1.0

    @classmethod
    def of(cls, options: Config) -> Self:
        """Standalone Keras has the decay under another name."""
        return super().of(
            {"decay": options.get("schedule_decay"), **options} if "schedule_decay" in options else options
        )

    def slots(self) -> Mapping[str, float]:
        return {"momentum": 0.0, "velocity": 0.0}

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
