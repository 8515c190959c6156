"""What the cross-entropies of a row over classes share."""
# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.losses import grouped
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.losses.convex import ConvexLoss, Link
from mlpdoctor.losses.entropy import divergence, log_softmax, plogp
from mlpdoctor.losses.loss import Groups
from mlpdoctor.losses.shares import largest_softmax
from mlpdoctor.network import Array


class SoftmaxLoss(ConvexLoss):
    """The surprise of a row's target distribution, ``-sum y log p``.

    Targets need not add up to one: a row whose targets add up to S counts S times its distribution, for Keras too.
    The best constant is the mean target, and its loss the entropy of that.
    """

    targets = TargetKind.UNIT
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
