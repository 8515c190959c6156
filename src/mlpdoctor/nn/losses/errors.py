"""Absolute and squared errors, relative and logarithmic ones too."""
# ruff: noqa: D102 - Loss documents these methods

from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.loss import EPSILON, Groups, Loss, TargetKind


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


@dataclass(frozen=True)
class MeanAbsoluteError(AbsoluteLoss):
    """The size of the error, ``keras.losses.MeanAbsoluteError``. The best constant is the median."""

    names = ("mae", "meanabsoluteerror")
    label = "mean absolute error"
    best_constant = "the median"

    def scale(self, targets: Array) -> Array:
        return np.ones_like(targets)


@dataclass(frozen=True)
class MeanAbsolutePercentageError(AbsoluteLoss):
    """The size of the error in percent of the target, ``keras.losses.MeanAbsolutePercentageError``.

    The best constant is the median in which each row counts as much as its target is small. A target of zero counts
    a thousand million times, because Keras divides by its epsilon there.
    """

    names = ("mape", "meanabsolutepercentageerror")
    label = "mean absolute percentage error"

    def scale(self, targets: Array) -> Array:
        return 100.0 / np.maximum(np.abs(targets), EPSILON)


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """The square of the error, ``keras.losses.MeanSquaredError``. The best constant is the mean."""

    names = ("mse", "meansquarederror")
    label = "mean squared error"
    best_constant = "the mean"
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


@dataclass(frozen=True)
class MeanSquaredLogarithmicError(Loss):
    """The square of the error of ``log(1 + y)``, ``keras.losses.MeanSquaredLogarithmicError``.

    The best constant is the mean of these logarithms. The loss is not convex in the answer: far above the target it
    flattens.
    """

    names = ("msle", "meansquaredlogarithmicerror")
    label = "mean squared logarithmic error"
    targets = TargetKind.COUNT
    squared_on_a_scale = True

    def to_scale(self, targets: Array) -> Array:
        return _logarithm(targets)

    def from_scale(self, answers: Array) -> Array:
        return np.expm1(answers)

    def values(self, targets: Array, outputs: Array) -> Array:
        return np.square(_logarithm(outputs) - _logarithm(targets))

    def gradient(self, targets: Array, outputs: Array) -> Array:
        kept = np.maximum(outputs, EPSILON)
        slope = 2.0 * (_logarithm(outputs) - _logarithm(targets)) / (1.0 + kept)
        return np.where(outputs >= EPSILON, slope, 0.0)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        return self.values(targets, np.clip(targets, low, high))

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        logarithms = _logarithm(targets)
        mean = grouped.means(groups, logarithms, weights)
        return grouped.sums(groups, weights[:, None] * np.square(logarithms - mean[groups]))


def _logarithm(numbers: Array) -> Array:
    """What Keras compares: numbers below its epsilon count as its epsilon."""
    return np.asarray(np.log1p(np.maximum(numbers, EPSILON)), np.float64)
