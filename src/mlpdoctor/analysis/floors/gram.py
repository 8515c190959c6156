"""Least squares on many columns by the matrix of their products: a fifth of the work of a triangle by reflections."""

import numpy as np

from mlpdoctor.analysis.floors.basis import EPSILON, NOISE, ROUNDING, solved
from mlpdoctor.analysis.floors.least_squares import LinearFit
from mlpdoctor.core.network import Array

LEAST = 1e-6
"""Columns are taken where, each of length 1, no combination of length 1 is shorter than a thousandth: its square."""
CORRECTIONS = 6
"""Each takes off all but a share of ``LEAST`` over the least eigenvalue, a thousandth of what is left at most times."""
OPEN = 1e-13
"""Share of the least that may stay open between the bounds: the rounding of sums of some thousand rows."""


def fit(features: Array, targets: Array, weights: Array, resolution: float) -> tuple[LinearFit, ...] | None:
    """The best affine function of the features for each target, without coefficients; None where this way is not sure.

    With X the centred columns at length 1 and G = X'X, a factor of ``G - LEAST`` by Cholesky proves that no eigenvalue
    of G is under ``LEAST / 2``, if rounding is less than that (Rump, Verification of positive definiteness, 2006). The
    factor solves the equations nearly, and the residuals r on the rows themselves correct the solution (Bjoerck,
    Stability analysis of the method of semi-normal equations, 1987).

    Theorem: no affine function has a sum of squares under ``|r|^2 - |X'r|^2 / l - (1'r)^2 / n``, where l is at most the
    least eigenvalue of G. Proof: by Pythagoras it is ``|r|^2`` less the square of the projection of r on the columns.
    These are orthogonal to the constant, along which it is ``(1'r)^2 / n``, and ``r'X G^-1 X'r`` is at most
    ``|X'r|^2 / l``.

    Args:
        features: shape (rows, features); it is written over.
        targets: shape (rows, targets).
        weights: shape (rows,), how often each row counts.
        resolution: share of a column's size by which every combination must vary, for all of them to count.
    """
    rows, width = features.shape
    lost = (rows + width) * width * EPSILON
    if rows <= width or lost > LEAST / 2 or not np.isfinite(features.sum()):
        return None
    root, total = np.sqrt(weights)[:, None], float(weights.sum())
    size = np.sqrt(weights @ np.square(features))
    features -= weights @ features / total
    features *= root
    wanted = (targets - weights @ targets / total) * root
    length = np.linalg.norm(features, axis=0)
    varied = length > NOISE * size  # a constant column, as of a dead unit, adds nothing to the constant
    if not varied.all():
        features, length, size = features[:, varied], length[varied], size[varied]
    if not (length * np.sqrt(LEAST / 2) > resolution * size).all():
        return None
    features /= length
    gram = features.T @ features
    gram[np.diag_indices(len(gram))] -= LEAST
    try:
        lower = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        return None
    slopes, residual = np.zeros((len(gram), wanted.shape[1])), wanted
    pull = features.T @ residual
    norm = np.linalg.norm(wanted, axis=0)
    for _ in range(CORRECTIONS):
        slopes += solved(lower, pull)
        residual = wanted - features @ slopes
        pull = features.T @ residual
        along = np.square(pull).sum(axis=0) / (LEAST / 2) + np.square((root * residual).sum(axis=0)) / total
        left = np.square(residual).sum(axis=0)
        doubt = ROUNDING * EPSILON * width * (norm + np.abs(slopes).sum(axis=0))
        if ((along <= OPEN * left) | (left <= doubt**2)).all():
            break
    else:
        return None
    least = np.maximum(np.sqrt(np.maximum(left - along, 0.0)) - doubt, 0.0) ** 2
    value = np.where(left <= doubt**2, 0.0, left)
    return tuple(LinearFit(float(v) / rows, float(low) / rows, ()) for v, low in zip(value, least, strict=True))
