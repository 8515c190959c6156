"""Losses that are convex in a linear predictor, so that the best affine predictor can be found and proved best."""

from abc import abstractmethod
from typing import ClassVar, Literal, Self

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.loss import Loss

Link = Literal["identity", "logit", "log"]


class ConvexLoss(Loss):
    """A loss as a convex function of predictors z that are affine in the features.

    For a loss that is not joint these methods see one unit at a time: targets and predictors of shape (rows, 1).
    For a joint one they see all units of the row at once, shape (rows, predictors); where ``reference`` is set the last
    predictor is held at zero, because adding the same number to all changes nothing.

    Attributes:
        link: what the predictor is: the output itself, its logit (or the logits of a softmax), or its logarithm.
        model: what the best affine predictor is called, ``best logistic regression``.
    """

    linear: ClassVar[Literal["squares", "absolute", "convex"] | None] = "convex"
    link: ClassVar[Link] = "identity"
    model: ClassVar[str] = "best linear fit"
    reference: ClassVar[bool] = False

    def frame(self, targets: Array) -> Array:
        """Targets with one column for each predictor; another number than there are units only where one is added."""
        return targets

    @abstractmethod
    def at(self, targets: Array, z: Array) -> Array:
        """The loss of each row, shape (rows,); where not joint, of the one unit."""

    @abstractmethod
    def slope(self, targets: Array, z: Array) -> Array:
        """The derivative with respect to each predictor, shape (rows, predictors)."""

    @abstractmethod
    def curvature(self, targets: Array, z: Array) -> tuple[Array, Array | None]:
        """The second derivative ``diag(d) - f f'`` of each row as d and f, shape (rows, predictors); f None for 0."""

    @abstractmethod
    def gap(self, targets: Array, z: Array, slopes: Array) -> Array:
        """The Fenchel-Young gap ``at(z) + conjugate(slopes) - slopes.z`` of each row, shape (rows,).

        Never negative, zero when ``slopes`` is the derivative at z, infinite where no predictor has this derivative.
        For any slopes that are orthogonal to all columns of the design, the loss at z minus the sum of these gaps is a
        lower bound for every affine predictor (Rockafellar, Convex Analysis, 1970, theorem 31.1).
        """

    def margin(self, targets: Array, z: Array) -> Array | None:  # noqa: ARG002
        """How far z is on the side on which the loss of the row falls to its least when z is scaled up.

        Shape (rows,), positive on that side, minus infinity on rows whose loss never falls to it; None for losses of
        which no row does.
        """
        return None

    def slack(self, targets: Array, z: Array) -> Array:  # noqa: ARG002
        """How far the lower bound of ``gap`` may lie above what Keras's own formula reaches, for each row.

        For losses that Keras caps: over the predictors whose answers it does not cap. Shape (rows,).
        """
        return np.zeros(len(z))

    def level(self, mean: Array) -> Array | None:  # noqa: ARG002
        """The predictors of the best constant for the mean of the framed targets, shape (predictors,).

        None where there is no such formula, or where the best one is approached and never reached.
        """
        return None

    def stages(self) -> tuple[Self, ...]:
        """Ever closer smooth stand-ins for a loss with corners, the last one close enough; the loss itself if smooth.

        A stand-in differs in ``at``, ``slope`` and ``curvature``; its ``gap`` is the one of the loss it stands for.
        """
        return (self,)

    @abstractmethod
    def answer(self, z: Array) -> Array:
        """The output that a predictor stands for: a probability for a logit; same shape."""
