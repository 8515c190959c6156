"""Binary focal cross-entropy, and what the focal losses share."""

# ruff: noqa: D102 - Loss documents these methods

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import KERAS_3, Array, Config
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.binary_crossentropy import BinaryCrossentropy
from mlpdoctor.nn.losses.loss import EPSILON, Groups, Loss, TargetKind

FAR = 40.0
"""A logit whose probability is one to all digits: where the answer to labels of one kind may go."""


@dataclass(frozen=True)
class BinaryFocalCrossentropy(Loss):
    """``keras.losses.BinaryFocalCrossentropy``: binary cross-entropy that all but forgets rows it answers well.

    Each row is weighted by ``(1 - p)^gamma`` of the probability p of its label (T.-Y. Lin et al., Focal loss for dense
    object detection, 2017). The loss of one answer is convex in the probability, also for soft labels, but not in the
    logit: far on the wrong side of a label it is nearly straight, and bends the wrong way in between.

    Attributes:
        gamma: how much less a row counts that is answered well.
        alpha: weight of label 1 against ``1 - alpha`` of label 0.
        apply_class_balancing: whether alpha is used.
        from_logits: whether the outputs are logits rather than probabilities.
        label_smoothing: share by which labels are drawn towards one half.
        second_epsilon: as in ``BinaryCrossentropy``.
    """

    names = ("binaryfocalcrossentropy",)
    label = "binary focal cross-entropy"
    targets = TargetKind.UNIT
    reads_logits: ClassVar[bool] = True

    gamma: float = 2.0
    alpha: float = 0.25
    apply_class_balancing: bool = False
    from_logits: bool = False
    label_smoothing: float = 0.0
    second_epsilon: float = 0.0

    @classmethod
    def of(cls, options: Config, keras: int = KERAS_3) -> Self:
        made = super().of(options, keras)
        return made if keras >= KERAS_3 else replace(made, second_epsilon=EPSILON)

    def obstacle(self) -> str | None:
        if self.gamma < 0:
            return f"with a gamma below zero, {self.gamma:g}, one answer may be best at several places"
        if self.apply_class_balancing and not 0 <= self.alpha <= 1:
            return f"with an alpha of {self.alpha:g} a row has a negative weight"
        return None

    def misfit(self, activation: str, low: float) -> str | None:
        if activation == "softmax":
            return "Keras takes the cross-entropy from the logits behind the softmax, and the weight from its result"
        if self.from_logits and activation == "sigmoid":
            return "with from_logits behind a sigmoid Keras takes the sigmoid twice"
        return None if self.from_logits or low >= 0 else f"it takes probabilities, and {activation} answers are none"

    @property
    def _surprise(self) -> BinaryCrossentropy:
        return BinaryCrossentropy(self.from_logits, second_epsilon=self.second_epsilon)

    def encode(self, targets: Array, units: int) -> Array:  # noqa: ARG002
        return targets * (1 - self.label_smoothing) + 0.5 * self.label_smoothing

    def values(self, targets: Array, outputs: Array) -> Array:
        with np.errstate(invalid="ignore"):  # a negative number to a fraction, where probabilities are out of bounds
            focus = np.power(self._miss(targets, outputs), self.gamma)
        return self._balance(targets) * focus * self._surprise.values(targets, outputs)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        miss, surprise = self._miss(targets, outputs), self._surprise
        turn = 1 - 2 * targets
        if self.from_logits:
            turn = turn * _sigmoid(outputs) * _sigmoid(-outputs)
        with np.errstate(invalid="ignore", divide="ignore"):
            focus = np.power(miss, self.gamma)
            refocus = np.where(turn == 0, 0.0, self.gamma * np.power(miss, self.gamma - 1) * turn)
        slope = focus * surprise.gradient(targets, outputs) + refocus * surprise.values(targets, outputs)
        return self._balance(targets) * slope

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        kinds, rows = np.unique(targets, return_inverse=True)
        ones = np.ones(len(kinds))
        z = replace(self, from_logits=True).minima(np.arange(len(kinds)), kinds[:, None], ones)
        place = np.clip(z if self.from_logits else _sigmoid(z), low, high)
        cost = self.values(kinds[:, None], place)
        if low <= 0 and high >= (FAR if self.from_logits else 1):
            cost = np.where(np.isin(kinds, (0.0, 1.0))[:, None], 0.0, cost)
        return np.asarray(cost[rows.reshape(targets.shape), 0], np.float64)

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        on_logits = replace(self, from_logits=True)
        z = on_logits.minima(groups, targets, weights)
        return grouped.sums(groups, weights[:, None] * on_logits.values(targets, z[groups]))

    def minima(self, groups: Groups, targets: Array, weights: Array) -> Array:
        """The best logit for all rows of a group, shape (groups, units)."""

        def slopes(z: Array) -> tuple[Array, Array]:
            slope = grouped.sums(groups, weights[:, None] * self.gradient(targets, z[groups]))
            return slope, np.zeros_like(slope)  # convex in the probability, not in the logit: halving alone is safe

        count = int(groups.max()) + 1
        far = np.full((count, targets.shape[1]), FAR)
        return grouped.lowest(slopes, -far, far)

    def _miss(self, targets: Array, outputs: Array) -> Array:
        """The probability of the other label."""
        p, q = (_sigmoid(outputs), _sigmoid(-outputs)) if self.from_logits else (outputs, 1 - outputs)
        return np.asarray(targets * q + (1 - targets) * p, np.float64)

    def _balance(self, targets: Array) -> Array:
        if not self.apply_class_balancing:
            return np.ones_like(targets)
        return np.asarray(targets * self.alpha + (1 - targets) * (1 - self.alpha), np.float64)


def _sigmoid(z: Array) -> Array:
    return np.asarray(np.exp(-np.logaddexp(0.0, -z)), np.float64)


LOGITS = np.linspace(-40.0, 40.0, 1 << 16)
"""Where the inverse of the steepness is tabulated: at all probabilities that are not 0 or 1 to all digits."""
HALVINGS = 60
"""Of the multiplier's bracket, on a logarithmic scale; its error enters the bound squared."""

CLIP = np.array(EPSILON)


def surprise(p: Array, gamma: float) -> Array:
    """``(1 - p)^gamma (-log p)``, convex and falling in p from 0 to 1 for every gamma from 0 up.

    The second derivative times ``p (1 - p)^(1 - gamma)`` is at least ``gamma (gamma + 1)``, as ``-log p`` is at most
    ``(1 - p) / p``.
    """
    return np.asarray(np.power(1 - p, gamma) * -np.log(p), np.float64)


def steepness(p: Array, gamma: float) -> Array:
    """Minus the derivative of the surprise."""
    return _steepness(p, 1 - p, gamma)


def _steepness(p: Array, q: Array, gamma: float) -> Array:
    """The same from both probabilities, so that neither loses its digits near one."""
    logarithm = np.where(p < q, np.log(p), np.log1p(-np.minimum(q, 0.5)))
    return np.asarray(np.power(q, gamma) / p - gamma * np.power(q, gamma - 1) * logarithm, np.float64)


def least(weights: Array, gamma: float) -> Array:
    """The least weighted sum of the surprises of a distribution, each row by itself: shape (rows, 1).

    By a multiplier for the sum of the distribution: whatever it is, the least sum of the surprises and the multiplied
    probabilities, less the multiplier, is a lower bound (weak duality), and at the best multiplier it is reached. Where
    a class is so rare that its best probability is below Keras's clip, leaving it at the clip is free.

    Args:
        weights: of the classes, shape (rows, classes), none negative.
        gamma: zero or more.
    """
    p, q = 1 / (1 + np.exp(-LOGITS)), 1 / (1 + np.exp(LOGITS))
    table = np.log(_steepness(p, q, gamma))[::-1]
    with np.errstate(divide="ignore"):
        logarithm = np.log(weights)
    most = logarithm.max(axis=1, keepdims=True, initial=-np.inf)
    some = np.isfinite(most)
    logarithm = np.where(some, logarithm - np.where(some, most, 0.0), 0.0)  # in units of the largest weight

    def logits(multiplier: Array) -> Array:
        return np.interp(multiplier - logarithm, table, LOGITS[::-1])

    low, high = np.full_like(most, table[0]), np.full_like(most, table[-1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = (1 / (1 + np.exp(-logits(middle)))).sum(axis=1, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    multiplier = np.where(some, np.exp(high + most), 0.0)
    probability = 1 / (1 + np.exp(-logits(high)))
    paid = weights * surprise(probability, gamma) + multiplier * probability
    return np.asarray(np.minimum(paid, weights * surprise(CLIP, gamma)).sum(axis=1, keepdims=True) - multiplier)
