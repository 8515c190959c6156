"""Hinge, squared hinge and categorical hinge: the losses that ask for a margin."""

# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.grouped import ROUNDING, log_softmax
from mlpdoctor.nn.losses.loss import Groups, TargetKind


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
"""Ever sharper corners: each starts Newton's method for the next, and the last is off by a millionth at most, times
the logarithm of the classes where there are several."""


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


@dataclass(frozen=True)
class CategoricalHinge(ConvexLoss):
    """``keras.losses.CategoricalHinge``: how far the answer for the class is from 1 above all others, and above zero.

    Above zero because ``max((1 - y) p)`` in Keras takes the class itself in as a zero. The loss is therefore that of a
    classifier with one more class, never seen, whose answer is zero: the largest of ``z + 1 - y`` less the answer for
    the class. Rows that are not a one among zeros have no class and come out as no number.

    Attributes:
        temperature: of the smooth maximum for Newton's method; 0 for the maximum itself.
    """

    names = ("categoricalhinge",)
    label = "categorical hinge loss"
    targets = TargetKind.UNIT
    joint: ClassVar[bool] = True
    model: ClassVar[str] = "best linear classifier"
    reference: ClassVar[bool] = True

    temperature: float = 0.0

    def encode(self, targets: Array, units: int) -> Array:  # noqa: ARG002
        one_class = ((targets == 0) | (targets == 1)).all(axis=1, keepdims=True)
        return np.where(one_class & (targets.sum(axis=1, keepdims=True) == 1), targets, np.nan)

    def frame(self, targets: Array) -> Array:
        return _with_zero(targets)

    def values(self, targets: Array, outputs: Array) -> Array:
        return replace(self, temperature=0.0).at(_with_zero(targets), _with_zero(outputs))[:, None]

    def gradient(self, targets: Array, outputs: Array) -> Array:
        slope = replace(self, temperature=0.0).slope(_with_zero(targets), _with_zero(outputs))
        return slope[:, :-1]

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        others = max(0.0, low) if targets.shape[1] > 1 else 0.0
        return np.asarray(max(0.0, 1.0 + others - high) * targets.sum(axis=1, keepdims=True), np.float64)

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        """See the base class.

        Proof: let t be how far the largest of the constant answers and zero is above the next, at most 1. The rows of
        its class cost ``1 - t`` at least and all others ``1 + t`` at least. That is linear in t, so that an end is
        least: n rows cost n at ``t = 0``, where all answers are zero, and ``2 (n - n_class)`` at ``t = 1``.
        """
        counts = grouped.sums(groups, weights[:, None] * targets)
        total = counts.sum(axis=1, keepdims=True)
        return np.asarray(np.minimum(total, 2 * (total - counts.max(axis=1, keepdims=True))), np.float64)

    def at(self, targets: Array, z: Array) -> Array:
        reach = z + 1 - targets
        most = reach.max(axis=1)
        if self.temperature:
            spread = np.exp((reach - most[:, None]) / self.temperature).sum(axis=1)
            most = most + self.temperature * np.log(spread)
        return np.asarray(most - (targets * z).sum(axis=1), np.float64)

    def slope(self, targets: Array, z: Array) -> Array:
        return self._chosen(targets, z) - targets

    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:
        if not self.temperature:
            return np.zeros_like(z), None
        chosen = self._chosen(targets, z)
        return chosen / self.temperature, chosen / np.sqrt(self.temperature)

    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        """See the base class: ``max(u) - p u`` with ``u = z + 1 - y`` and the shares ``p = slopes + y``."""
        chosen = slopes + targets
        reach = z + 1 - targets
        below = reach.max(axis=1, keepdims=True) - reach
        inside = (chosen >= -ROUNDING).all(axis=1)
        return np.where(inside, (np.maximum(chosen, 0.0) * below).sum(axis=1), np.inf)

    def margin(self, targets: Array, z: Array) -> Array | None:
        own = np.where(targets == 1, z, -np.inf).max(axis=1)
        return np.asarray(own - np.where(targets == 1, -np.inf, z).max(axis=1))

    def stages(self) -> tuple[Self, ...]:
        return tuple(replace(self, temperature=temperature) for temperature in TEMPERATURES)

    def answer(self, z: Array) -> Array:
        return z

    def _chosen(self, targets: Array, z: Array) -> Array:
        """Share of each class in the maximum."""
        reach = z + 1 - targets
        if self.temperature:
            return np.exp(log_softmax(reach / self.temperature))
        return np.asarray(np.arange(z.shape[1]) == reach.argmax(axis=1)[:, None], np.float64)


def _with_zero(columns: Array) -> Array:
    return np.concatenate([columns, np.zeros((len(columns), 1))], axis=1)
