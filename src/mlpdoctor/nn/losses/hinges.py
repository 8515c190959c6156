"""Hinge and squared hinge, the losses of labels -1 and 1 that ask for a margin."""

# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from abc import abstractmethod
from dataclasses import replace
from typing import Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.loss import Groups, TargetKind
from mlpdoctor.nn.losses.probabilities import ROUNDING


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


TEMPERATURES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Ever sharper corners: each starts Newton's method for the next, and the last is off by a millionth at most."""


@dataclass(frozen=True)
class Hinge(MarginLoss):
    """``keras.losses.Hinge``: how far an answer is from 1 on the side of its label; nothing beyond.

    For one answer to all rows it is a line with corners at -1 and 1; the best costs twice the rarer label.

    Attributes:
        temperature: of the smooth maximum for Newton's method; 0 for the loss itself. Rounding the corner off by a
            parabola instead would leave nothing bent where no row is at the corner, and the method stuck.
    """

    names = ("hinge",)
    label = "hinge loss"

    temperature: float = 0.0

    def height(self, short: Array) -> Array:
        if self.temperature == 0:
            return np.maximum(short, 0.0)
        return np.asarray(self.temperature * np.logaddexp(0.0, short / self.temperature), np.float64)

    def rise(self, short: Array) -> Array:
        if self.temperature == 0:
            return (short > 0).astype(np.float64)
        return np.asarray(np.exp(-np.logaddexp(0.0, -short / self.temperature)), np.float64)

    def least(self, plus: Array, minus: Array) -> Array:
        return 2 * np.minimum(plus, minus)

    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:
        if self.temperature == 0:
            return np.zeros_like(z), None
        short = 1 - targets * z
        return np.square(targets) * self.rise(short) * self.rise(-short) / self.temperature, None

    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        short, rise = 1 - targets * z, -targets * slopes
        inside = (rise >= -ROUNDING) & (rise <= 1 + ROUNDING)
        gap = np.maximum(short, 0.0) - np.clip(rise, 0.0, 1.0) * short
        return np.where(inside, gap, np.inf)[:, 0]

    def stages(self) -> tuple[Self, ...]:
        return tuple(replace(self, temperature=temperature) for temperature in TEMPERATURES)


@dataclass(frozen=True)
class SquaredHinge(MarginLoss):
    """``keras.losses.SquaredHinge``: the square of how far an answer is from 1 on the side of its label.

    The best constant is the mean label.
    """

    names = ("squaredhinge",)
    label = "squared hinge loss"

    def height(self, short: Array) -> Array:
        return np.square(np.maximum(short, 0.0))

    def rise(self, short: Array) -> Array:
        return 2 * np.maximum(short, 0.0)

    def least(self, plus: Array, minus: Array) -> Array:
        total = plus + minus
        return np.asarray(4 * plus * minus / np.where(total > 0, total, 1.0), np.float64)

    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:
        return 2 * np.square(targets) * (targets * z < 1), None

    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        short, rise = 1 - targets * z, -targets * slopes
        kept = np.maximum(rise, 0.0)
        above, below = np.maximum(short, 0.0), np.maximum(-short, 0.0)
        return np.where(rise >= -ROUNDING, np.square(above - 0.5 * kept) + kept * below, np.inf)[:, 0]
