"""Mean squared error."""
# ruff: noqa: D102 - Loss documents these methods

from typing import ClassVar, Literal

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses import grouped
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.losses.loss import Groups, Loss
from mlpdoctor.network import Array


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """The square of the error, ``keras.losses.MeanSquaredError``. The best constant is the mean."""

    names = ("mse", "meansquarederror")
    label = "mean squared error"
    targets = TargetKind.REAL
    linear: ClassVar[Literal["squares", "absolute", "convex"] | None] = "squares"

    def values(self, targets: Array, outputs: Array) -> Array:
        return np.square(outputs - targets)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        return 2.0 * (outputs - targets)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        return np.square(np.clip(targets, low, high) - targets)

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        mean = grouped.means(groups, targets, weights)
        return grouped.sums(groups, weights[:, None] * np.square(targets - mean[groups]))
