"""Hinge loss."""
# ruff: noqa: D102 - MarginLoss and ConvexLoss document these methods

from dataclasses import replace
from typing import Self

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses.entropy import ROUNDING
from mlpdoctor.losses.margin import MarginLoss
from mlpdoctor.network import Array

TEMPERATURES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Ever sharper corners: each starts Newton's method for the next, and the last is off by a millionth at most."""


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
