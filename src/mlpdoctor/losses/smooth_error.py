"""What losses share that are a smooth convex function of the error."""
# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from abc import abstractmethod
from dataclasses import replace
from typing import Self

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses import grouped
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.losses.convex import ConvexLoss
from mlpdoctor.losses.loss import Groups
from mlpdoctor.network import Array

SMALL = 1e-6
"""An error at which a parabola is as good as the loss itself."""


@dataclass(frozen=True)
class SmoothErrorLoss(ConvexLoss):
    """A smooth convex function of the error, the same on both sides and zero at zero.

    Attributes:
        secant: whether the curvature is that of the parabola through the minimum with the same slope, which no error
            is too large for: Newton's method with it is iteratively reweighted least squares, and gets near the minimum
            from anywhere (A. E. Beaton and J. W. Tukey, Technometrics 16, 1974).
    """

    targets = TargetKind.REAL

    secant: bool = False

    @abstractmethod
    def height(self, error: Array) -> Array:
        """The loss of each error, same shape."""

    @abstractmethod
    def slant(self, error: Array) -> Array:
        """Its first derivative, same shape."""

    @abstractmethod
    def bend(self, error: Array) -> Array:
        """Its second derivative, same shape."""

    @abstractmethod
    def regret(self, error: Array, slopes: Array) -> Array:
        """Its Fenchel-Young gap, same shape: how far it lies above its tangent with another slope."""

    def values(self, targets: Array, outputs: Array) -> Array:
        return self.height(outputs - targets)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        return self.slant(outputs - targets)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        return self.values(targets, np.clip(targets, low, high))

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        weight = weights[:, None]
        first = np.unique(groups, return_index=True)[1]
        centred = targets - targets[first][groups]  # a large common offset costs no digits
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        low, high = (extreme.reduceat(centred[order], starts) for extreme in (np.minimum, np.maximum))

        def slopes(place: Array) -> tuple[Array, Array]:
            error = place[groups] - centred
            return grouped.sums(groups, weight * self.slant(error)), grouped.sums(groups, weight * self.bend(error))

        place = grouped.lowest(slopes, low, high)
        return grouped.sums(groups, weight * self.height(place[groups] - centred))

    def at(self, targets: Array, z: Array) -> Array:
        return self.height(z - targets)[:, 0]

    def slope(self, targets: Array, z: Array) -> Array:
        return self.slant(z - targets)

    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:
        error = z - targets
        if self.secant:
            large = np.abs(error) > SMALL
            return np.where(large, self.slant(error) / np.where(large, error, 1.0), self.bend(error)), None
        return self.bend(error), None

    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        return self.regret(z - targets, slopes)[:, 0]

    def stages(self) -> tuple[Self, ...]:
        return (replace(self, secant=True), self)

    def answer(self, z: Array) -> Array:
        return z
