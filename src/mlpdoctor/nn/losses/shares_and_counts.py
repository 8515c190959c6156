"""Losses of shares and counts: Kullback-Leibler divergence and Poisson loss."""
# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.convex import ConvexLoss, Link
from mlpdoctor.nn.losses.grouped import ROUNDING, plogp
from mlpdoctor.nn.losses.loss import EPSILON, Groups, TargetKind
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

    def frame(self, targets: Array) -> Array:
        """Without the classes at the epsilon, whose surprise would grow and grow with ever surer answers.

        Keras clips these too: such a class costs nothing once its answer is there, and is a gain above it.
        """
        return np.where(targets > EPSILON, targets, 0.0)

    def slack(self, targets: Array, z: Array) -> Array:  # noqa: ARG002
        """What the classes at the epsilon gain at most, each where all of the answer is its own."""
        return np.asarray(-EPSILON * np.log(EPSILON) * (targets <= EPSILON).sum(axis=1), np.float64)


@dataclass(frozen=True)
class Poisson(ConvexLoss):
    """``keras.losses.Poisson``: the surprise of a count that is answered by its mean, but for what no answer changes.

    It is negative for well answered large counts. The best constant is the mean; Keras adds its epsilon to the answer
    before it takes the logarithm, so that the best is one epsilon lower, and no row loses more than 16 times its count.
    """

    names = ("poisson",)
    label = "Poisson loss"
    best_constant = "the mean"
    targets = TargetKind.COUNT
    link: ClassVar[Link] = "log"
    model: ClassVar[str] = "best Poisson regression"
    capped: ClassVar[bool] = True

    def values(self, targets: Array, outputs: Array) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(outputs - targets * np.log(outputs + EPSILON), np.float64)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(1 - targets / (outputs + EPSILON), np.float64)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        mean = np.clip(targets, low + EPSILON, high + EPSILON)
        with np.errstate(divide="ignore"):
            surprise = targets * np.where(targets > 0, np.log(np.maximum(mean, 0.0)), 0.0)
        return np.where(mean < 0, np.inf, mean - EPSILON - surprise)

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        mean = grouped.means(groups, targets, weights)
        return grouped.sums(groups, weights[:, None]) * (mean - EPSILON - plogp(mean))

    def at(self, targets: Array, z: Array) -> Array:
        return np.asarray((self.answer(z) - targets * z)[:, 0], np.float64)

    def slope(self, targets: Array, z: Array) -> Array:
        return self.answer(z) - targets

    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:  # noqa: ARG002
        return self.answer(z), None

    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        mean = slopes + targets
        inside = mean >= -ROUNDING * (1 + targets)
        kept = np.maximum(mean, 0.0)
        gap = plogp(kept) - kept * z - kept + self.answer(z)
        return np.where(inside, np.maximum(gap, 0.0), np.inf)[:, 0]

    def slack(self, targets: Array, z: Array) -> Array:
        """For answers m of at least epsilon: the least of ``m - t log(m + epsilon) - s log m`` beside that without it.

        Its derivative is zero at the roots of ``m^2 + (epsilon - t - s) m - s epsilon``; the least is at the larger
        one, or at the end of the range.
        """
        mean, count = self.answer(z)[:, 0], targets[:, 0]
        pull = mean - count
        half, rest = (mean - EPSILON) / 2, np.square((mean - EPSILON) / 2) + pull * EPSILON
        root = half + np.sqrt(np.maximum(rest, 0.0))
        inside = (rest >= 0) & (root > EPSILON)
        least = np.where(inside, root, EPSILON)
        without = mean - mean * z[:, 0]
        ends = [m - count * np.log(m + EPSILON) - pull * np.log(m) for m in (least, np.full_like(least, EPSILON))]
        return np.where(count > 0, np.maximum(without - np.minimum(*ends), 0.0), 0.0)

    def margin(self, targets: Array, z: Array) -> Array | None:
        return np.where(targets == 0, -z, -np.inf)[:, 0]

    def answer(self, z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.exp(z)
