"""The least mean absolute error of an affine function, with a dual certificate.

Minimising ``sum |y - X b|`` is a linear program. Its dual is: maximise ``y.d`` over all d with ``X'd = 0`` and
``|d| <= 1``. Whatever such d one has, ``y.d`` is a proved lower bound, and whatever line one has, its error is an
upper one; the two meet at the optimum (Bloomfield and Steiger, Least Absolute Deviations, 1983). The interior point
method of Portnoy and Koenker (The Gaussian hare and the Laplacian tortoise, 1997) moves both towards each other;
a last step solves for the vertex it points to, where they meet exactly unless the data are degenerate.
"""

import numpy as np

from mlpdoctor.floors.basis import EPSILON, affine_design, orthonormal
from mlpdoctor.floors.interior_point import GAP, approach, error, feasible
from mlpdoctor.floors.linear_fit import LinearFit
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array


@dataclass(frozen=True, eq=False)
class Solution:
    """The best combination of a design's columns.

    Attributes:
        line: a coefficient for each column of the design.
        value: the sum of absolute errors of this line.
        lower: no line at all is below this sum; proved by a dual solution.
    """

    line: Array
    value: float
    lower: float


def fit(features: Array, targets: Array) -> tuple[LinearFit, ...]:
    """The best affine function of the features for each target, in mean absolute error.

    Args:
        features: shape (rows, features); no columns at all asks for the best constant.
        targets: shape (rows, targets).

    Returns:
        One fit a target.
    """
    origin = features[0]
    design = affine_design(features, origin)
    return tuple(as_fit(solve(design, target), origin, len(target)) for target in targets.T)


def as_fit(solution: Solution, origin: Array, rows: int, *, intercept: bool = True) -> LinearFit:
    """A solution for the design ``[1, X - origin]`` in terms of X itself, sums over rows turned into means."""
    slopes = solution.line[1:] if intercept else solution.line
    start = float(solution.line[0] - slopes @ origin) if intercept else 0.0
    return LinearFit(
        value=solution.value / rows,
        lower=solution.lower / rows,
        coefficients=((start, *map(float, slopes)),),
    )


def solve(design: Array, target: Array) -> Solution:
    """Minimise ``sum |target - design @ line|``; exact for collinear columns and for fewer rows than columns.

    Args:
        design: shape (rows, columns).
        target: shape (rows,).
    """
    columns, back = orthonormal(design)
    if not columns.shape[1]:  # all columns are zero
        total = float(np.abs(target).sum())
        return Solution(np.zeros(design.shape[1]), total, total)
    start = back @ (columns.T @ target)
    rest = target - design @ start
    spread = float(np.abs(rest).max(initial=0.0))
    # What is left beyond the rounding of the terms it is the sum of is an error; less than that is an exact fit.
    largest = float((np.abs(target) + np.abs(design) @ np.abs(start)).max(initial=0.0))
    if spread <= 4 * EPSILON * columns.shape[1] * largest:
        return Solution(start, 0.0, 0.0)
    scaled = rest / spread
    line, dual = approach(columns, scaled)
    line, dual = _vertex(columns, scaled, line, dual)
    value = error(columns, scaled, line)
    if value * spread <= EPSILON * largest:  # less than the rounding of a single row
        return Solution(start + back @ line * spread, 0.0, 0.0)
    lower = min(max(float(scaled @ feasible(columns, dual)), 0.0), value)
    return Solution(start + back @ line * spread, value * spread, lower * spread)


def _vertex(columns: Array, target: Array, line: Array, dual: Array) -> tuple[Array, Array]:
    """Jump from near the optimum onto it: the line through the rows it nearly touches, if that is no worse.

    A best line passes through as many rows as it has coefficients, and its dual is the sign of the residual on all
    other rows; the few remaining entries follow from ``X'd = 0``.
    """
    size = columns.shape[1]
    nearest = np.argsort(np.abs(target - columns @ line), kind="stable")[:size]
    if np.linalg.cond(columns[nearest]) * EPSILON > GAP:
        return line, dual
    corner = np.asarray(np.linalg.solve(columns[nearest], target[nearest]), np.float64)
    if error(columns, target, corner) > error(columns, target, line):
        return line, dual
    signs = np.sign(target - columns @ corner)
    signs[nearest] = 0.0
    signs[nearest] = np.linalg.solve(columns[nearest].T, -(columns.T @ signs))
    better = target @ feasible(columns, signs) > target @ feasible(columns, dual)
    return corner, signs if better else dual
