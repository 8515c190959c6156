"""Kullback-Leibler divergence."""
# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.loss import EPSILON, Groups
from mlpdoctor.nn.losses.probabilities import plogp
from mlpdoctor.nn.losses.softmax_crossentropies import SoftmaxLoss


@dataclass(frozen=True)
class KLDivergence(SoftmaxLoss):
    """``keras.losses.KLDivergence``: how far the answered distribution is from the target distribution.

    Keras reads probabilities, never the logits behind them, and does not make them add up to one: only behind a
    softmax is it a divergence. It clips targets and answers from its epsilon to 1.
    """

    names = ("kld", "kldivergence", "kullbackleiblerdivergence")
    label = "Kullback-Leibler divergence"
    best_constant = "the mean"
    capped: ClassVar[bool] = True

    def misfit(self, activation: str, low: float) -> str | None:  # noqa: ARG002
        if activation == "softmax":
            return None
        return f"it takes distributions, and {activation} answers need not add up to 1: the larger all, the lower it is"

    def encode(self, targets: Array, units: int) -> Array:  # noqa: ARG002
        return np.clip(targets, EPSILON, 1.0)

    def values(self, targets: Array, outputs: Array) -> Array:
        surprise = targets * np.log(targets / np.clip(outputs, EPSILON, 1.0))
        return np.asarray(surprise.sum(axis=1, keepdims=True), np.float64)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        inside = (outputs >= EPSILON) & (outputs <= 1)
        return np.where(inside, -targets / np.clip(outputs, EPSILON, 1.0), 0.0)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        if low <= EPSILON and high >= 1:  # distributions: classes at the epsilon ask for no share of the answer
            total = np.where(targets > EPSILON, targets, 0.0).sum(axis=1, keepdims=True)
            return plogp(total)
        return self.values(targets, np.full_like(targets, high))

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        # Clipped answers of K classes may add up to one and K epsilons, which lowers the loss by so much at most.
        spare = targets.sum(axis=1, keepdims=True) * np.log1p(targets.shape[1] * EPSILON)
        own = plogp(targets).sum(axis=1, keepdims=True) - spare
        weight = weights[:, None]
        mean = super().best(groups, targets, weights)
        return np.asarray(mean + grouped.sums(groups, weight * own), np.float64)

    def at(self, targets: Array, z: Array) -> Array:
        return np.asarray(super().at(targets, z) + plogp(targets).sum(axis=1), np.float64)

    def slack(self, targets: Array, z: Array) -> Array:  # noqa: ARG002
        """Classes at the epsilon cost nothing once their answers are there; in the convex form about that each."""
        return np.asarray(2 * EPSILON * (targets <= EPSILON).sum(axis=1), np.float64)
