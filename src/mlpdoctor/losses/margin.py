"""What the losses of labels -1 and 1 share that ask for a margin."""
# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from abc import abstractmethod

import numpy as np

from mlpdoctor.losses import grouped
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.losses.convex import ConvexLoss
from mlpdoctor.losses.loss import Groups
from mlpdoctor.network import Array


class MarginLoss(ConvexLoss):
    """A function of how much ``label x answer`` falls short of 1, zero where it does not.

    Keras turns labels 0 and 1 into -1 and 1.
    """

    targets = TargetKind.SIGN
    model = "best linear classifier"

    @abstractmethod
    def height(self, short: Array) -> Array:
        """The loss for each shortfall, same shape; zero where that is negative."""

    @abstractmethod
    def rise(self, short: Array) -> Array:
        """Its derivative, same shape."""

    @abstractmethod
    def least(self, plus: Array, minus: Array) -> Array:
        """The least loss of one answer to rows of both labels.

        Args:
            plus: total weight of label 1, any shape.
            minus: total weight of label -1, same shape.
        """

    def encode(self, targets: Array, units: int) -> Array:  # noqa: ARG002
        return np.where(targets == 0, -1.0, targets)

    def values(self, targets: Array, outputs: Array) -> Array:
        return self.height(1 - targets * outputs)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        return -targets * self.rise(1 - targets * outputs)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        return self.values(targets, np.clip(targets, low, high))

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        weight = weights[:, None]
        return self.least(grouped.sums(groups, weight * (targets > 0)), grouped.sums(groups, weight * (targets < 0)))

    def at(self, targets: Array, z: Array) -> Array:
        return self.values(targets, z)[:, 0]

    def slope(self, targets: Array, z: Array) -> Array:
        return self.gradient(targets, z)

    def margin(self, targets: Array, z: Array) -> Array | None:
        return np.asarray((targets * z)[:, 0])

    def answer(self, z: Array) -> Array:
        return z
