"""Categorical and sparse categorical cross-entropy."""

# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.convex import ConvexLoss, Link
from mlpdoctor.nn.losses.grouped import (
    clipped,
    divergence,
    largest_share,
    largest_softmax,
    log_softmax,
    plogp,
    shares,
    through_shares,
)
from mlpdoctor.nn.losses.loss import ALMOST_ONE, EPSILON, LAST_AXES, Groups, TargetKind, one_hot


class SoftmaxLoss(ConvexLoss):
    """The surprise of a row's target distribution, ``-sum y log p``.

    Targets need not add up to one: a row whose targets add up to S counts S times its distribution, for Keras too.
    The best constant is the mean target, and its loss the entropy of that.
    """

    targets = TargetKind.UNIT
    best_constant = "base rates"
    joint: ClassVar[bool] = True
    link: ClassVar[Link] = "logit"
    model: ClassVar[str] = "best softmax regression"
    reference: ClassVar[bool] = True

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        mean = grouped.means(groups, targets, weights)
        return grouped.sums(groups, weights[:, None]) * entropy(mean)

    def at(self, targets: Array, z: Array) -> Array:
        return np.asarray(-(targets * log_softmax(z)).sum(axis=1), np.float64)

    def slope(self, targets: Array, z: Array) -> Array:
        return np.asarray(targets.sum(axis=1, keepdims=True) * self.answer(z) - targets, np.float64)

    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:
        p, total = self.answer(z), targets.sum(axis=1, keepdims=True)
        return total * p, np.sqrt(total) * p

    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        return divergence(slopes + targets, z)

    def margin(self, targets: Array, z: Array) -> Array | None:
        own = np.where(targets > 0, z, -np.inf).max(axis=1)
        others = np.where(targets > 0, -np.inf, z).max(axis=1)
        classes = (targets != 0).sum(axis=1)  # a row of none costs nothing whatever z is
        ahead = np.where(classes == 1, own - np.where(classes == 1, others, 0.0), -np.inf)
        return np.where(classes == 0, np.inf, ahead)

    def level(self, mean: Array) -> Array | None:
        """The logarithms of the classes' shares (Gibbs' inequality)."""
        return np.log(mean / mean[-1]) if (mean > 0).all() else None

    def answer(self, z: Array) -> Array:
        return np.exp(log_softmax(z))


def entropy(targets: Array) -> Array:
    """The least ``-sum y log p`` over distributions p, for each row, shape (rows, 1)."""
    total = targets.sum(axis=1, keepdims=True)
    share = targets / np.where(total > 0, total, 1.0)
    return np.asarray(-total * plogp(share).sum(axis=1, keepdims=True), np.float64)


def nearest_softmax(targets: Array, low: float, high: float) -> Array:
    """A lower bound for the cross-entropy of the softmax of logits between low and high; exact for one class a row."""
    ahead = -np.log(largest_softmax(low, high, targets.shape[1]))
    return np.asarray(np.maximum(entropy(targets), targets.sum(axis=1, keepdims=True) * ahead), np.float64)


@dataclass(frozen=True)
class CategoricalCrossentropy(SoftmaxLoss):
    """``keras.losses.CategoricalCrossentropy``: the surprise of a class, given as a one among zeros.

    Attributes:
        from_logits: whether the outputs are logits; probabilities are divided by their sum first.
        label_smoothing: share by which targets are drawn towards the same for every class.
        axis: along which the classes are.
    """

    names = ("categoricalcrossentropy",)
    label = "categorical cross-entropy"
    reads_logits: ClassVar[bool] = True

    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1

    def obstacle(self) -> str | None:
        return None if self.axis in LAST_AXES else f"its classes lie along axis {self.axis}, not along the last one"

    def misfit(self, activation: str, low: float) -> str | None:
        if self.from_logits or low >= 0:
            return None
        return f"it takes probabilities unless from_logits is set, and {activation} answers can be negative"

    def encode(self, targets: Array, units: int) -> Array:
        return targets * (1 - self.label_smoothing) + self.label_smoothing / units

    def values(self, targets: Array, outputs: Array) -> Array:
        if self.from_logits:
            return self.at(targets, outputs)[:, None]
        p, _ = clipped(shares(outputs))
        return np.asarray(-(targets * np.log(p)).sum(axis=1, keepdims=True), np.float64)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        if self.from_logits:
            return self.slope(targets, outputs)
        p, inside = clipped(shares(outputs))
        return through_shares(np.where(inside, -targets / p, 0.0), outputs)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        if self.from_logits:
            return nearest_softmax(targets, low, high)
        if (
            low < 0 and np.isfinite((low, high)).any()
        ):  # shares of numbers of both signs are no probabilities, and reach one for several classes
            return np.zeros((len(targets), 1))
        share = largest_share(low, high, targets.shape[1])
        ahead = -targets.sum(axis=1, keepdims=True) * np.log(share)
        return np.asarray(np.maximum(entropy(targets), ahead), np.float64)


@dataclass(frozen=True)
class SparseCategoricalCrossentropy(SoftmaxLoss):
    """``keras.losses.SparseCategoricalCrossentropy``: the surprise of a class, given by its number.

    Probabilities are not divided by their sum: Keras clips them and takes the softmax of their logarithms.

    Attributes:
        from_logits: whether the outputs are logits rather than probabilities.
        ignore_class: a class number whose rows Keras leaves out, or None.
        axis: along which the classes are.
    """

    names = ("sparsecategoricalcrossentropy",)
    label = "sparse categorical cross-entropy"
    targets = TargetKind.CLASS
    reads_logits: ClassVar[bool] = True

    from_logits: bool = False
    ignore_class: int | None = None
    axis: int = -1

    def obstacle(self) -> str | None:
        if self.ignore_class is not None:
            return f"it ignores class {self.ignore_class}, and divides by the number of other rows in each batch"
        return None if self.axis in LAST_AXES else f"its classes lie along axis {self.axis}, not along the last one"

    def columns(self, units: int) -> int:  # noqa: ARG002
        return 1

    def encode(self, targets: Array, units: int) -> Array:
        return one_hot(targets[:, :1], units)

    def values(self, targets: Array, outputs: Array) -> Array:
        return self.at(targets, outputs if self.from_logits else np.log(clipped(outputs)[0]))[:, None]

    def gradient(self, targets: Array, outputs: Array) -> Array:
        if self.from_logits:
            return self.slope(targets, outputs)
        p, inside = clipped(outputs)
        return np.where(inside, self.slope(targets, np.log(p)) / p, 0.0)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        if self.from_logits:
            return nearest_softmax(targets, low, high)
        if low <= EPSILON and high >= ALMOST_ONE:
            return entropy(targets)
        least, most = np.clip((low, high), EPSILON, ALMOST_ONE)
        share = largest_share(float(least), float(most), targets.shape[1])
        return np.asarray(-targets.sum(axis=1, keepdims=True) * np.log(share), np.float64)
