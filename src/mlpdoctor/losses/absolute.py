"""What losses share that weigh the absolute error."""
# ruff: noqa: D102 - Loss documents these methods

from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np

from mlpdoctor.losses import grouped
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.losses.loss import Groups, Loss
from mlpdoctor.network import Array


class AbsoluteLoss(Loss):
    """The absolute error times a factor that the target alone decides. The best constant is a weighted median."""

    targets = TargetKind.REAL
    linear: ClassVar[Literal["squares", "absolute", "convex"] | None] = "absolute"

    @abstractmethod
    def scale(self, targets: Array) -> Array:
        """The factor of each absolute error, same shape."""

    def values(self, targets: Array, outputs: Array) -> Array:
        return self.scale(targets) * np.abs(outputs - targets)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        return self.scale(targets) * np.sign(outputs - targets)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        return self.values(targets, np.clip(targets, low, high))

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        scale = weights[:, None] * self.scale(targets)
        median = grouped.medians(groups, targets, scale)
        return grouped.sums(groups, scale * np.abs(targets - median[groups]))
