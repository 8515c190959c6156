"""Categorical focal cross-entropy and cosine similarity, which are not convex in the answers."""
# ruff: noqa: D102 - Loss documents these methods

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import KERAS_3, Array, Config
from mlpdoctor.nn.losses import focal, grouped
from mlpdoctor.nn.losses.grouped import (
    clipped,
    largest_share,
    largest_softmax,
    log_softmax,
    shares,
    through_shares,
)
from mlpdoctor.nn.losses.loss import EPSILON, LAST_AXES, Groups, Loss, TargetKind


@dataclass(frozen=True)
class CategoricalFocalCrossentropy(Loss):
    """``keras.losses.CategoricalFocalCrossentropy``: cross-entropy that all but forgets rows it answers well.

    The surprise of each class is weighted by ``alpha (1 - p)^gamma``. Keras 3 always takes it from probabilities and
    never from the logits behind them. It is convex in the probabilities but not in the logits.

    Attributes:
        alpha: weight of all classes, or of each.
        gamma: how much less a row counts that is answered well.
        from_logits: whether the outputs are logits; probabilities are divided by their sum first.
        label_smoothing: share by which targets are drawn towards the same for every class.
        axis: along which the classes are.
    """

    names = ("categoricalfocalcrossentropy",)
    label = "categorical focal cross-entropy"
    targets = TargetKind.UNIT
    joint: ClassVar[bool] = True

    alpha: float | tuple[float, ...] = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1

    @classmethod
    def of(cls, options: Config, keras: int = KERAS_3) -> Self:
        made = super().of(options, keras)
        return replace(made, alpha=tuple(made.alpha)) if isinstance(made.alpha, Sequence) else made

    def obstacle(self) -> str | None:
        if self.axis not in LAST_AXES:
            return f"its classes lie along axis {self.axis}, not along the last one"
        if self.gamma < 0:
            return f"with a gamma below zero, {self.gamma:g}, one answer may be best at several places"
        return "with an alpha below zero a class has a negative weight" if np.min(self.alpha) < 0 else None

    def misfit(self, activation: str, low: float) -> str | None:
        if self.from_logits or low >= 0:
            return None
        return f"it takes probabilities unless from_logits is set, and {activation} answers can be negative"

    def encode(self, targets: Array, units: int) -> Array:
        return targets * (1 - self.label_smoothing) + self.label_smoothing / units

    def values(self, targets: Array, outputs: Array) -> Array:
        p, _ = clipped(self._shares(outputs))
        return np.asarray(
            (self._alpha * targets * focal.surprise(p, self.gamma)).sum(axis=1, keepdims=True), np.float64
        )

    def gradient(self, targets: Array, outputs: Array) -> Array:
        share = self._shares(outputs)
        p, inside = clipped(share)
        slope = np.where(inside, -self._alpha * targets * focal.steepness(p, self.gamma), 0.0)
        if self.from_logits:
            return np.asarray(share * (slope - (slope * share).sum(axis=1, keepdims=True)), np.float64)
        return through_shares(slope, outputs)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        if not self.from_logits and low < 0 and np.isfinite((low, high)).any():
            return np.zeros((len(targets), 1))  # shares of numbers of both signs reach one for several classes
        most = (largest_softmax if self.from_logits else largest_share)(low, high, targets.shape[1])
        weights = self._alpha * targets
        ahead = weights.sum(axis=1, keepdims=True) * focal.surprise(np.array(most), self.gamma)
        return np.asarray(np.maximum(focal.least(weights, self.gamma), ahead), np.float64)

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        return focal.least(grouped.sums(groups, weights[:, None] * self._alpha * targets), self.gamma)

    @property
    def _alpha(self) -> Array:
        """One weight for all classes, or one for each."""
        return np.asarray(self.alpha, np.float64)

    def _shares(self, outputs: Array) -> Array:
        return np.exp(log_softmax(outputs)) if self.from_logits else shares(outputs)


@dataclass(frozen=True)
class CosineSimilarity(Loss):
    """``keras.losses.CosineSimilarity``: minus the cosine of the angle between answer and target.

    The best constant points where the directions of all targets add up to.

    Attributes:
        axis: along which the vectors lie.
    """

    names = ("cosinesimilarity", "cosineproximity")
    label = "cosine similarity"
    targets = TargetKind.REAL
    joint: ClassVar[bool] = True

    axis: int = -1

    def obstacle(self) -> str | None:
        return None if self.axis in LAST_AXES else f"its vectors lie along axis {self.axis}, not along the last one"

    def values(self, targets: Array, outputs: Array) -> Array:
        return np.asarray(-(_direction(targets) * _direction(outputs)).sum(axis=1, keepdims=True), np.float64)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        wanted, length = _direction(targets), _length(outputs)
        along = _direction(outputs) * (wanted * _direction(outputs)).sum(axis=1, keepdims=True)
        turned = np.where(length > EPSILON, wanted - along, wanted)
        return np.asarray(-turned / np.maximum(length, EPSILON), np.float64)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        """A lower bound: answers of one sign reach no more than the part of the target that has this sign."""
        wanted = _direction(targets)
        reached = np.maximum(wanted, 0.0) if low >= 0 else np.minimum(wanted, 0.0) if high <= 0 else wanted
        return -_length(reached)

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        return -_length(grouped.sums(groups, weights[:, None] * _direction(targets)))


def _length(vectors: Array) -> Array:
    return np.asarray(np.linalg.norm(vectors, axis=1, keepdims=True), np.float64)


def _direction(vectors: Array) -> Array:
    """Vectors of length one; those shorter than Keras's epsilon stay short."""
    return np.asarray(vectors / np.maximum(_length(vectors), EPSILON), np.float64)
