"""Logarithm of the hyperbolic cosine."""
# ruff: noqa: D102 - SmoothErrorLoss documents these methods

from typing import ClassVar

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.losses.entropy import divergence
from mlpdoctor.losses.smooth_error import SmoothErrorLoss
from mlpdoctor.network import Array


@dataclass(frozen=True)
class LogCosh(SmoothErrorLoss):
    """``keras.losses.LogCosh``: half the square of a small error, and the size of a large one, without a seam."""

    names = ("logcosh",)
    label = "log-cosh"
    model: ClassVar[str] = "best robust line"

    def height(self, error: Array) -> Array:
        size = np.abs(error)
        near = np.log1p(0.5 * np.square(np.expm1(-size)) * np.exp(np.minimum(size, 1.0)))  # keeps digits of small ones
        far = size + np.log1p(np.exp(-2.0 * size)) - np.log(2.0)
        return np.where(size < 1.0, near, far)

    def slant(self, error: Array) -> Array:
        return np.tanh(error)

    def bend(self, error: Array) -> Array:
        falling = np.exp(-2.0 * np.abs(error))
        return 4.0 * falling / np.square(1.0 + falling)

    def regret(self, error: Array, slopes: Array) -> Array:
        # The divergence of two coins: one has the slope for its mean, the other twice the error for its logit.
        coins = np.stack([0.5 * (1.0 + slopes), 0.5 * (1.0 - slopes)], axis=-1).reshape(-1, 2)
        logits = np.stack([error, -error], axis=-1).reshape(-1, 2)
        return divergence(coins, logits).reshape(error.shape)
