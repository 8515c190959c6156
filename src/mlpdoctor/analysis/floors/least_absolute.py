"""The least mean absolute error of an affine function: an interior point method with a dual certificate.

Portnoy and Koenker, The Gaussian hare and the Laplacian tortoise, 1997, section 4: the dual in the unit box, started at
its centre, with the predictor and corrector steps of Mehrotra, 1992.

Minimising ``sum |y - X b|`` is a linear program. Its dual is: maximise ``y.d`` over all d with ``X'd = 0`` and
``|d| <= 1``. Whatever such d one has, ``y.d`` is a proved lower bound, and whatever line one has, its error is an
upper one; the two meet at the optimum (Bloomfield and Steiger, Least Absolute Deviations, 1983). The interior point
method of Portnoy and Koenker (The Gaussian hare and the Laplacian tortoise, 1997) moves both towards each other;
a last step solves for the vertex it points to, where they meet exactly unless the data are degenerate.
"""

import numpy as np

from mlpdoctor.analysis.floors.basis import EPSILON, affine_design, orthonormal
from mlpdoctor.analysis.floors.least_squares import LinearFit
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array

GAP = 1e-10
"""Relative gap between both bounds at which the iteration ends: more digits than a report shows."""
MOST_STEPS = 60
"""The method needs about twenty steps whatever the number of rows; beyond sixty it is held up by rounding."""
STEP_BACK = 0.9995
"""Share of the way to the nearest wall that a step goes, as is usual, so that every point stays inside."""


def error(columns: Array, target: Array, line: Array) -> float:
    """The sum of absolute errors of a line."""
    return float(np.abs(target - columns @ line).sum())


def feasible(columns: Array, dual: Array) -> Array:
    """The nearest d with ``X'd = 0``, shrunk into the box: a lower bound that holds whatever d was."""
    projected = dual - columns @ (columns.T @ dual)
    return projected / max(1.0, float(np.abs(projected).max(initial=0.0)))


def approach(columns: Array, target: Array) -> tuple[Array, Array]:
    """Approach the optimum from inside.

    In the variables ``a = (1 + d) / 2`` the dual is: maximise ``y.a`` with ``X'a`` fixed and ``0 < a < 1``. Its
    multipliers are the line b and, at the two walls, the two sides of the residual: ``y - X b = w - z``.

    Returns:
        The best line found, as coefficients of the basis, and the dual point d it goes with.
    """
    a = np.full(len(target), 0.5)
    s = 1.0 - a
    line = columns.T @ target
    residual = target - columns @ line
    margin = 0.1 * float(np.abs(residual).mean()) + EPSILON
    z, w = np.maximum(-residual, 0.0) + margin, np.maximum(residual, 0.0) + margin
    best, dual, highest, least = line, 2 * a - 1, -np.inf, np.inf
    for _ in range(MOST_STEPS):
        value = error(columns, target, line)
        if value < least:
            best, least = line, value
        bound = float(target @ feasible(columns, 2 * a - 1))
        if bound > highest:
            dual, highest = 2 * a - 1, bound
        if least - highest <= GAP * least:
            break
        system = _System(columns, target - columns @ line + z - w, a, s, z, w)
        step = system.solve(-a * z, -s * w)
        inside, outside = _room((a, step.a), (s, -step.a)), _room((z, step.z), (w, step.w))
        gap = a @ z + s @ w
        after = (a + inside * step.a) @ (z + outside * step.z) + (s - inside * step.a) @ (w + outside * step.w)
        aim = (after / gap) ** 3 * gap / (2 * len(a))
        step = system.solve(aim - a * z - step.a * step.z, aim - s * w + step.a * step.w)
        inside, outside = _room((a, step.a), (s, -step.a)), _room((z, step.z), (w, step.w))
        a, s = a + inside * step.a, s - inside * step.a
        z, w, line = z + outside * step.z, w + outside * step.w, line + outside * step.line
    return best, dual


@dataclass(frozen=True, eq=False)
class _Step:
    line: Array
    a: Array
    z: Array
    w: Array


class _System:
    """The Newton equations at one point, factored once and solved for two right-hand sides."""

    def __init__(self, columns: Array, off: Array, a: Array, s: Array, z: Array, w: Array) -> None:
        self.columns, self.off = columns, off
        self.a, self.s, self.z, self.w = a, s, z, w
        self.weight = 1.0 / (z / a + w / s)
        self.gram = columns.T @ (self.weight[:, None] * columns)

    def solve(self, at_zero: Array, at_one: Array) -> _Step:
        """The step that changes the products ``a z`` and ``s w`` by these amounts, to first order."""
        pull = self.off + at_zero / self.a - at_one / self.s
        line = np.linalg.lstsq(self.gram, self.columns.T @ (self.weight * pull), rcond=None)[0]
        a = self.weight * (pull - self.columns @ line)
        return _Step(np.asarray(line, np.float64), a, (at_zero - self.z * a) / self.a, (at_one + self.w * a) / self.s)


def _room(*pairs: tuple[Array, Array]) -> float:
    """How far all variables can go along their steps and stay positive, at most the whole step."""
    room = 1.0
    for variable, step in pairs:
        shrinking = step < 0
        if shrinking.any():
            room = min(room, STEP_BACK * float((variable[shrinking] / -step[shrinking]).min()))
    return room


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
