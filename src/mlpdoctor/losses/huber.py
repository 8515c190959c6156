"""Huber's loss."""
# ruff: noqa: D102 - SmoothErrorLoss documents these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses.entropy import ROUNDING
from mlpdoctor.losses.smooth_error import SmoothErrorLoss
from mlpdoctor.network import Array


@dataclass(frozen=True)
class Huber(SmoothErrorLoss):
    """``keras.losses.Huber``: half the square of a small error, and the size of a large one.

    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, 1964.

    Attributes:
        delta: where small errors end.
        secant: see the base class.
    """

    names = ("huber", "huberloss")
    label = "Huber loss"
    model: ClassVar[str] = "best robust line"

    delta: float = 1.0

    def obstacle(self) -> str | None:
        return None if self.delta > 0 else f"it needs a delta above 0, and it was compiled with {self.delta:g}"

    def height(self, error: Array) -> Array:
        size = np.abs(error)
        return np.where(size <= self.delta, 0.5 * np.square(error), self.delta * (size - 0.5 * self.delta))

    def slant(self, error: Array) -> Array:
        return np.clip(error, -self.delta, self.delta)

    def bend(self, error: Array) -> Array:
        return (np.abs(error) <= self.delta).astype(np.float64)

    def regret(self, error: Array, slopes: Array) -> Array:
        near = self.slant(error)
        kept = np.clip(slopes, -self.delta, self.delta)
        gap = 0.5 * np.square(near - kept) + np.abs(error - near) * (self.delta - np.sign(error) * kept)
        return np.where(np.abs(slopes) <= self.delta * (1 + ROUNDING), gap, np.inf)
