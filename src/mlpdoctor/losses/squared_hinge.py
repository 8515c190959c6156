"""Squared hinge loss."""
# ruff: noqa: D102 - MarginLoss and ConvexLoss document these methods

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses.entropy import ROUNDING
from mlpdoctor.losses.margin import MarginLoss
from mlpdoctor.network import Array


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
