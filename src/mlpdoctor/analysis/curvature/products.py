"""Products of the loss's second derivative with a direction, from exact first derivatives.

A central difference of an exact gradient g in float64 errs by ``h^2/6`` times its third derivative along the way and by
``u |g| / h`` through rounding, u = 1.1e-16. At h near the cube root of u both are about 1e-10 of the product.
"""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key

STEP = float(np.cbrt(np.finfo(np.float64).eps))
"""6e-6: where rounding and bending of the gradient spoil a central difference alike."""


def step_for(weights: Array, direction: Array, reach: float = 1.0) -> float:
    """How far to go along a direction.

    Args:
        weights: where, shape (size,).
        direction: shape (size,), not zero.
        reach: by how much more than itself a change of the weights changes the sums in the network: the size of what
            enters it, where that is large.
    """
    scale = max(1.0, float(np.sqrt(np.mean(np.square(weights))))) / max(reach, 1.0)
    return STEP * scale / float(np.linalg.norm(direction))


def hessian_product(gradient: Callable[[Array], Array], weights: Array, direction: Array, reach: float = 1.0) -> Array:
    """The second derivative times a direction, by a central difference of the gradient; shape (size,).

    For losses whose gradient is smooth along the way.
    """
    step = step_for(weights, direction, reach)
    return (gradient(weights + step * direction) - gradient(weights - step * direction)) / (2 * step)


def gauss_newton_product(
    readings: Callable[[Array], Array],
    slopes: Callable[[Array], Array],
    pull: Callable[[Array], Array],
    weights: Array,
    direction: Array,
    reach: float = 1.0,
) -> Array:
    """``J' H J direction``: the Hessian without the curvature of the network itself; shape (size,).

    J is the derivative of what the losses read with respect to the weights, H the second derivative of the losses. The
    matrix is the Hessian of the loss of the network made linear in its weights, never negative for convex losses, and
    needs no second derivative of an activation (Schraudolph, Fast curvature matrix-vector products, 2002). What
    the losses read is continuous in the weights even where an activation has kinks: rows that step over one on the
    way, a share of the order of the step, are all that is wrong with the difference.

    Args:
        readings: what the losses read, from the weights; shape (rows, values).
        slopes: the gradient of the loss with respect to that, in its shape.
        pull: J' times such a gradient; shape (size,).
        weights: where, shape (size,).
        direction: shape (size,).
        reach: as in ``step_for``.
    """
    step = step_for(weights, direction, reach)
    ahead, behind = readings(weights + step * direction), readings(weights - step * direction)
    moved = (ahead - behind) / (2 * step)
    here = readings(weights)
    size = float(np.abs(moved).max())
    if size == 0 or not np.isfinite(size):
        return pull(moved)
    small = STEP * max(1.0, float(np.sqrt(np.mean(np.square(here))))) / size
    return pull((slopes(here + small * moved) - slopes(here - small * moved)) / (2 * small))


@dataclass(frozen=True, eq=False)
class Vectors:
    """The order in which weights lie in a vector.

    Attributes:
        like: weights of the right shapes; their order is that of the vector.
    """

    like: Mapping[Key, Array]

    @cached_property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(values.size for values in self.like.values())

    def vector(self, weights: Mapping[Key, Array]) -> Array:
        """All weights in a row, shape (size,)."""
        return np.concatenate([np.asarray(weights[key], np.float64).ravel() for key in self.like])

    def weights(self, vector: Array) -> dict[Key, Array]:
        """The weights that such a row stands for."""
        found, start = {}, 0
        for key, values in self.like.items():
            found[key] = vector[start : start + values.size].reshape(values.shape)
            start += values.size
        return found
