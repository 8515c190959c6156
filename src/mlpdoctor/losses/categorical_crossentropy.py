"""Categorical cross-entropy."""
# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses.loss import LAST_AXES
from mlpdoctor.losses.shares import clipped, largest_share, shares, through_shares
from mlpdoctor.losses.softmax import SoftmaxLoss, entropy, nearest_softmax
from mlpdoctor.network import Array


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
