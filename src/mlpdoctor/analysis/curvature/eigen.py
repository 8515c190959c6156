"""The largest eigenvalue of a symmetric matrix known by its products alone, and the largest stable learning rate."""

from collections.abc import Callable, Mapping

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
