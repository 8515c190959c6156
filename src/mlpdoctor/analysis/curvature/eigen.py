"""The largest eigenvalue of a symmetric matrix that is known by its products alone."""

from collections.abc import Callable

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.core.random_state import random

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
