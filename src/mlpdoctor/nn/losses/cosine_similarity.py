"""Cosine similarity."""
# ruff: noqa: D102 - Loss documents these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.loss import EPSILON, LAST_AXES, Groups, Loss
from mlpdoctor.nn.losses.targets import TargetKind


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
