"""Sparse categorical cross-entropy."""
# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.losses.labels import one_hot
from mlpdoctor.losses.loss import ALMOST_ONE, EPSILON, LAST_AXES
from mlpdoctor.losses.shares import clipped, largest_share
from mlpdoctor.losses.softmax import SoftmaxLoss, entropy, nearest_softmax
from mlpdoctor.network import Array


@dataclass(frozen=True)
class SparseCategoricalCrossentropy(SoftmaxLoss):
    """``keras.losses.SparseCategoricalCrossentropy``: the surprise of a class, given by its number.

    Probabilities are not divided by their sum: Keras clips them and takes the softmax of their logarithms.

    Attributes:
        from_logits: whether the outputs are logits rather than probabilities.
        ignore_class: a class number whose rows Keras leaves out, or None.
        axis: along which the classes are.
    """

    names = ("sparsecategoricalcrossentropy",)
    label = "sparse categorical cross-entropy"
    targets = TargetKind.CLASS
    reads_logits: ClassVar[bool] = True

    from_logits: bool = False
    ignore_class: int | None = None
    axis: int = -1

    def obstacle(self) -> str | None:
        if self.ignore_class is not None:
            return f"it ignores class {self.ignore_class}, and divides by the number of other rows in each batch"
        return None if self.axis in LAST_AXES else f"its classes lie along axis {self.axis}, not along the last one"

    def columns(self, units: int) -> int:  # noqa: ARG002
        return 1

    def encode(self, targets: Array, units: int) -> Array:
        return one_hot(targets[:, :1], units)

    def values(self, targets: Array, outputs: Array) -> Array:
        return self.at(targets, outputs if self.from_logits else np.log(clipped(outputs)[0]))[:, None]

    def gradient(self, targets: Array, outputs: Array) -> Array:
        if self.from_logits:
            return self.slope(targets, outputs)
        p, inside = clipped(outputs)
        return np.where(inside, self.slope(targets, np.log(p)) / p, 0.0)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        if self.from_logits:
            return nearest_softmax(targets, low, high)
        if low <= EPSILON and high >= ALMOST_ONE:
            return entropy(targets)
        least, most = np.clip((low, high), EPSILON, ALMOST_ONE)
        share = largest_share(float(least), float(most), targets.shape[1])
        return np.asarray(-targets.sum(axis=1, keepdims=True) * np.log(share), np.float64)
