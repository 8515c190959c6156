"""The largest eigenvalue of a symmetric matrix known by its products alone, and the largest stable learning rate."""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Optimizer
from mlpdoctor.core.random_state import random
from mlpdoctor.nn.layers.family import number

MOST_PRODUCTS = 24
"""The top of a Hessian stands apart from the rest: a dozen products settle it to a percent, twice that is plenty."""
TOLERANCE = 1e-2
"""No rate is judged by less than a factor of two; a percent of the eigenvalue is more than is needed."""


@dataclass(frozen=True, eq=False)
class Top:
    """What Lanczos's method found.

    Attributes:
        value: the largest Ritz value, the Rayleigh quotient of ``vector``: it never exceeds the largest eigenvalue.
        vector: of length 1, shape (size,).
        residual: length of ``A vector - value vector``. Some eigenvalue is no further than this from ``value``.
        products: how many products it took.
    """

    value: float
    vector: Array
    residual: float
    products: int


def largest(
    product: Callable[[Array], Array],
    size: int,
    *,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    most: int = MOST_PRODUCTS,
) -> Top:
    """Lanczos's method with full reorthogonalisation, from a random start.

    A symmetric matrix has an eigenvalue within the residual of any Rayleigh quotient (Parlett, The symmetric eigenvalue
    problem, 1980, theorem 4.5.1), and the residual of a Ritz vector needs no product of its own (ibid., 13.2).

    Args:
        product: the matrix times a vector of shape (size,).
        size: of the matrix.
        seed: of the start.
        tolerance: it stops once the residual is below this share of the value.
        most: products at most.

    Returns:
        The largest eigenvalue found; NaN where a product is not finite.
    """
    start = random(seed).normal(size=size)
    basis = [start / np.linalg.norm(start)]
    diagonal: list[float] = []
    beside: list[float] = []
    top = Top(np.nan, basis[0], np.inf, 0)
    for step in range(1, min(most, size) + 1):
        image = product(basis[-1])
        if not np.isfinite(image).all():
            return Top(np.nan, basis[-1], np.inf, step)
        diagonal.append(float(basis[-1] @ image))
        known = np.array(basis)
        for _ in range(2):  # twice is enough (Kahan; Parlett, 6.9)
            image = image - known.T @ (known @ image)
        left = float(np.linalg.norm(image))
        tridiagonal = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
        values, vectors = np.linalg.eigh(tridiagonal)
        residual = left * abs(float(vectors[-1, -1]))
        top = Top(float(values[-1]), vectors[:, -1] @ known, residual, step)
        if residual <= tolerance * abs(top.value) or left <= np.finfo(np.float64).eps * np.abs(values).max():
            break
        basis.append(image / left)
        beside.append(left)
    return top


PLAIN = 2.0


def critical(optimizer: Optimizer) -> float | None:
    """The number c for which the optimizer is stable on ``curvature w^2 / 2`` where ``rate curvature < c``, else not.

    On a quadratic the updates along each eigenvector are a linear recursion of their own, and stable if and only if the
    roots of its characteristic polynomial lie in the unit circle (Jury's criterion). For a curvature h, a rate r and
    the momentum b:

    * gradient descent, ``w - r h w``: the root ``1 - r h``; c = 2.
    * heavy ball, roots of ``z^2 - (1 + b - r h) z + b``: c = 2 (1 + b).
    * Nesterov, roots of ``z^2 - (1 + b) (1 - r h) z + b (1 - r h)``: c = 2 (1 + b) / (1 + 2 b).
    * Adam and its kin with their second moments held still, on the curvature divided by them: a heavy ball with the
      rate ``(1 - b1) r``; c = 2 (1 + b1) / (1 - b1), 38 for b1 = 0.9 (Cohen et al., Adaptive gradient methods at
      the edge of stability, 2022).

    Proved for a quadratic, where nothing but the curvature counts. A network is not one: full-batch training hovers at
    the limit without harm (Cohen et al., Gradient descent on neural networks typically occurs at the edge of stability,
    2021).

    Returns:
        c; None for an optimizer whose steps do not shrink with the gradient, or that is not known.
    """
    options = optimizer.options
    momentum = number(options.get("momentum"), 0.0)
    if optimizer.name == "SGD":
        nesterov = momentum > 0 and bool(options.get("nesterov"))
        return PLAIN * (1 + momentum) / (1 + 2 * momentum if nesterov else 1)
    if optimizer.name in ("Adam", "AdamW", "Adamax", "Nadam"):
        decay = number(options.get("beta_1"), 0.9)
        return PLAIN * (1 + decay) / (1 - decay) if decay < 1 else None
    if optimizer.name == "RMSprop":
        return PLAIN * (1 + momentum)
    return PLAIN if optimizer.name in ("Adagrad", "Adadelta") else None


def preconditioner(optimizer: Optimizer, weights: Mapping[Key, Array]) -> dict[Key, Array] | None:
    """What an adaptive optimizer divides the gradient of each weight by, from its saved state.

    Adam: the root of the second moment, corrected for its start at zero, plus epsilon. RMSprop corrects nothing.

    Returns:
        Positive divisors in the shapes of the weights; None for other optimizers and where the state is missing.
    """
    if optimizer.name not in ("Adam", "AdamW", "RMSprop") or not optimizer.iterations:
        return None
    epsilon = number(optimizer.options.get("epsilon"), 1e-7)
    left = 1.0
    if optimizer.name != "RMSprop":
        left = 1 - number(optimizer.options.get("beta_2"), 0.999) ** optimizer.iterations
    found = {}
    for layer, name in weights:
        squares = optimizer.slots.get(layer, {}).get(name, {}).get("velocity")
        if squares is None or not np.isfinite(squares).all() or np.shape(squares) != weights[layer, name].shape:
            return None
        found[layer, name] = np.sqrt(np.asarray(squares, np.float64) / left) + epsilon
    return found


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
