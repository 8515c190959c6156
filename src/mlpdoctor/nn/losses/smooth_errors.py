"""Huber's loss and the logarithm of the hyperbolic cosine: smooth convex functions of the error."""

# ruff: noqa: D102 - Loss and ConvexLoss document these methods

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Array, Config
from mlpdoctor.nn.losses import grouped
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.grouped import ROUNDING, divergence
from mlpdoctor.nn.losses.loss import Groups, TargetKind

SMALL = 1e-6
"""An error at which a parabola is as good as the loss itself."""


@dataclass(frozen=True)
class SmoothErrorLoss(ConvexLoss):
    """A smooth convex function of the error, the same on both sides and zero at zero.

    Attributes:
        secant: whether the curvature is that of the parabola through the minimum with the same slope, which no error
            is too large for: Newton's method with it is iteratively reweighted least squares, and gets near the minimum
            from anywhere (A. E. Beaton and J. W. Tukey, Technometrics 16, 1974).
    """

    targets = TargetKind.REAL

    secant: bool = False

    @abstractmethod
    def height(self, error: Array) -> Array:
        """The loss of each error, same shape."""

    @abstractmethod
    def slant(self, error: Array) -> Array:
        """Its first derivative, same shape."""

    @abstractmethod
    def bend(self, error: Array) -> Array:
        """Its second derivative, same shape."""

    @abstractmethod
    def regret(self, error: Array, slopes: Array) -> Array:
        """Its Fenchel-Young gap, same shape: how far it lies above its tangent with another slope."""

    def values(self, targets: Array, outputs: Array) -> Array:
        return self.height(outputs - targets)

    def gradient(self, targets: Array, outputs: Array) -> Array:
        return self.slant(outputs - targets)

    def nearest(self, targets: Array, low: float, high: float) -> Array:
        return self.values(targets, np.clip(targets, low, high))

    def best(self, groups: Groups, targets: Array, weights: Array) -> Array:
        weight = weights[:, None]
        first = np.unique(groups, return_index=True)[1]
        centred = targets - targets[first][groups]  # a large common offset costs no digits
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        low, high = (extreme.reduceat(centred[order], starts) for extreme in (np.minimum, np.maximum))

        def slopes(place: Array) -> tuple[Array, Array]:
            error = place[groups] - centred
            return grouped.sums(groups, weight * self.slant(error)), grouped.sums(groups, weight * self.bend(error))

        place = grouped.lowest(slopes, low, high)
        return grouped.sums(groups, weight * self.height(place[groups] - centred))

    def at(self, targets: Array, z: Array) -> Array:
        return self.height(z - targets)[:, 0]

    def slope(self, targets: Array, z: Array) -> Array:
        return self.slant(z - targets)

    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:
        error = z - targets
        if self.secant:
            large = np.abs(error) > SMALL
            return np.where(large, self.slant(error) / np.where(large, error, 1.0), self.bend(error)), None
        return self.bend(error), None

    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        return self.regret(z - targets, slopes)[:, 0]

    def stages(self) -> tuple[Self, ...]:
        return (replace(self, secant=True), self)

    def answer(self, z: Array) -> Array:
        return z


@dataclass(frozen=True)
class Huber(SmoothErrorLoss):
    """``keras.losses.Huber``: half the square of a small error, and the size of a large one.

    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, 1964.

    Attributes:
        delta: where small errors end.
        assumed: whether that is Keras's usual delta because the file does not hold it: Keras 3 leaves it out.
        secant: see the base class.
    """

    names = ("huber", "huberloss")
    label = "Huber loss"
    model: ClassVar[str] = "best robust line"

    delta: float = 1.0
    assumed: bool = False

    @classmethod
    def of(cls, options: Config, keras: int = 3) -> Self:
        made = super().of(options, keras)
        return twin(made, assumed=bool(options) and "delta" not in options)

    @property
    def told(self) -> str:
        if self.assumed:
            return (
                f"{self.label} with a delta of 1, which is assumed: the file does not hold it (--loss huber:delta=0.1)"
            )
        return self.label if self.delta == 1 else f"{self.label} with a delta of {self.delta:g}"

    def obstacle(self) -> str | None:
        return None if self.delta > 0 else f"its delta has to be above 0, and is {self.delta:g}"

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
