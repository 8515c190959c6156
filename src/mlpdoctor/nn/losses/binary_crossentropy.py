"""Binary cross-entropy."""
# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from numpy import logaddexp

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import KERAS_3, Array, Config
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.convex import ConvexLoss, Link
from mlpdoctor.nn.losses.grouped import divergence, plogp
from mlpdoctor.nn.losses.loss import ALMOST_ONE, EPSILON, Groups, TargetKind


@dataclass(frozen=True)
class BinaryCrossentropy(ConvexLoss):
    """``keras.losses.BinaryCrossentropy``: the surprise of labels 0 and 1 for each unit by itself.

    The best constant is the base rate, and its loss the entropy of the base rate.

    Attributes:
        from_logits: whether the outputs are logits rather than probabilities.
        label_smoothing: share by which labels are drawn towards one half.
        second_epsilon: what Keras 2 adds to the clipped probability before it takes the logarithm
            (``backend.py`` of TensorFlow 2.0 to 2.15); zero in Keras 3.
    """

    names = ("binarycrossentropy", "bce")
    label = "binary cross-entropy"
    best_constant = "base rates"
    targets = TargetKind.UNIT
    reads_logits: ClassVar[bool] = True
    link: ClassVar[Link] = "logit"
    model: ClassVar[str] = "best logistic regression"

    from_logits: bool = False
    label_smoothing: float = 0.0
    second_epsilon: float = 0.0

    @classmethod
    def of(cls, options: Config, keras: int = KERAS_3) -> Self:
        made = super().of(options, keras)
        return made if keras >= KERAS_3 else replace(made, second_epsilon=EPSILON)

    @property
    def _one(self) -> float:
        """What Keras takes a probability from: its compiled graph adds the second epsilon to the one, in float32."""
        return float(np.float32(1) + np.float32(self.second_epsilon))

    def encode(self, targets: Array, units: int) -> Array:  # noqa: ARG002
        return targets * (1 - self.label_smoothing) + 0.5 * self.label_smoothing

    def values(self, targets: Array, outputs: Array) -> Array:
        if self.from_logits:
            return np.asarray(logaddexp(0.0, outputs) - targets * outputs)
        p = np.clip(outputs, EPSILON, ALMOST_ONE)
        return np.asarray(-targets * np.log(p + self.second_epsilon) - (1 - targets) * np.log(self._one - p))

    def gradient(self, targets: Array, outputs: Array) -> Array:
        if self.from_logits:
            return self.slope(targets, outputs)
        p = np.clip(outputs, EPSILON, ALMOST_ONE)
        inside = (outputs >= EPSILON) & (outputs <= ALMOST_ONE)
        return np.where(inside, (1 - targets) / (self._one - p) - targets / (p + self.second_epsilon), 0.0)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        if self.from_logits:
            with np.errstate(divide="ignore"):
                z = np.clip(np.log(targets) - np.log1p(-targets), low, high)
            far = np.isinf(z)  # a label of 0 or 1 is reached in the limit
            return np.where(far, 0.0, self.values(targets, np.where(far, 0.0, z)))
        if low <= EPSILON and high >= ALMOST_ONE:
            return -plogp(targets) - plogp(1 - targets)
        return self.values(targets, np.clip(targets, low, high))

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        mean = grouped.means(groups, targets, weights)
        return grouped.sums(groups, weights[:, None]) * (-plogp(mean) - plogp(1 - mean))

    def at(self, targets: Array, z: Array) -> Array:
        return np.asarray((logaddexp(0.0, z) - targets * z)[:, 0])

    def slope(self, targets: Array, z: Array) -> Array:
        return self.answer(z) - targets

    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:  # noqa: ARG002
        return self.answer(z) * self.answer(-z), None

    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        p = slopes + targets
        return divergence(np.concatenate([p, 1 - p], axis=1), np.concatenate([z, np.zeros_like(z)], axis=1))

    def margin(self, targets: Array, z: Array) -> Array | None:
        return np.where((targets == 0) | (targets == 1), (2 * targets - 1) * z, -np.inf)[:, 0]

    def answer(self, z: Array) -> Array:
        return np.exp(-logaddexp(0.0, -z))
