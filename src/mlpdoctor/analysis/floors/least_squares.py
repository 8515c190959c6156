"""The least mean squared error of an affine function, exact from the triangular factor of the rows."""

import numpy as np

from mlpdoctor.analysis.floors.basis import EPSILON, ROUNDING
from mlpdoctor.analysis.floors.linear_fit import LinearFit
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.affine_factor import AffineFactor


def fit(factor: AffineFactor, *, intercept: bool = True) -> tuple[LinearFit, ...]:
    """The best affine function of the features for each target, in mean squared error.

    Exact for collinear and constant columns and for fewer rows than columns: the minimum does not depend on which
    of the minimisers is taken, and the one of least norm is shown.

    Args:
        factor: of the rows.
        intercept: False for functions that vanish where all features are zero.

    Returns:
        One fit a target. The floor is zero within ``lower`` and ``value`` when the rows lie on a plane.
    """
    last = 1 + factor.features
    if intercept:
        design, targets = factor.triangle[:, :last], factor.triangle[:, last:]
    else:
        moved = factor.uncentred
        design, targets = moved[:, 1:last], moved[:, last:]
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1.0
    # Counted in columns, not rows: a direction that the rounding did not make is one that a line may use.
    # It bounds the error of a residual norm, too: Householder QR is backward stable with a small constant (Higham,
    # Accuracy and Stability of Numerical Algorithms, theorem 19.4).
    rounding = ROUNDING * EPSILON * last
    solution = _least(design / scale, targets, rounding) / scale[:, None]
    residual = np.linalg.norm(targets - design @ solution, axis=0)
    doubt = rounding * (np.linalg.norm(targets, axis=0) + scale @ np.abs(solution))
    # A term this small is rounding, and an equation that shows it would only puzzle its reader.
    solution[np.abs(solution) * scale[:, None] <= doubt] = 0.0
    return tuple(
        _fit(factor, solution[:, k], k, residual[k], doubt[k], intercept=intercept) for k in range(targets.shape[1])
    )


WIDE = 256
"""Columns from which singular values cost more than it takes to see that none of them is small."""


def _least(design: Array, targets: Array, rounding: float) -> Array:
    """The solution of least norm, by singular values, of which those below a share of the largest count as zero.

    None is that small where the inverse is not large: the least is at least one over its norm, and the largest at most
    the norm of the design. Then the solution is the one there is.
    """
    rows, columns = design.shape
    if rows >= columns >= WIDE and not design[columns:].any():  # below its own columns a triangle is zero
        design, targets = design[:columns], targets[:columns]
        try:
            inverse = np.linalg.inv(design)
        except np.linalg.LinAlgError:
            inverse = np.full((1, 1), np.inf)
        if rounding * np.linalg.norm(design) * np.linalg.norm(inverse) < 1:
            found = inverse @ targets
            found += inverse @ (targets - design @ found)
            return np.asarray(found)
    return np.asarray(np.linalg.lstsq(design, targets, rcond=rounding)[0])


def constant(factor: AffineFactor) -> tuple[LinearFit, ...]:
    """The best constant for each target: its mean, with its variance, from the same triangle as the affine floor.

    The first column of the triangle belongs to the constant alone, so what a target has below the first row is its
    distance from the best constant. The affine floor is a distance of the same entries: never above, but for rounding.
    """
    last = 1 + factor.features
    targets = factor.triangle[:, last:]
    means = factor.origin[factor.features :] + targets[0] / factor.triangle[0, 0]
    residual = np.linalg.norm(targets[1:], axis=0)
    doubt = ROUNDING * EPSILON * np.linalg.norm(targets, axis=0)
    return tuple(
        LinearFit(
            value=0.0 if residual[k] <= doubt[k] else float(residual[k] ** 2 / factor.rows),
            lower=float(max(residual[k] - doubt[k], 0.0) ** 2 / factor.rows),
            coefficients=((float(means[k]),),),
        )
        for k in range(targets.shape[1])
    )


def _fit(
    factor: AffineFactor, solution: Array, target: int, residual: float, doubt: float, *, intercept: bool
) -> LinearFit:
    slopes = solution[1:] if intercept else solution
    centre = factor.origin
    start = float(centre[factor.features + target] + solution[0] - slopes @ centre[: factor.features])
    return LinearFit(
        value=0.0 if residual <= doubt else float(residual**2 / factor.rows),
        lower=float(max(residual - doubt, 0.0) ** 2 / factor.rows),
        coefficients=((start if intercept else 0.0, *map(float, slopes)),),
    )
