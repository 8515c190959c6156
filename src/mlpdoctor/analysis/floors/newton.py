"""Newton's method over passes of the rows for a convex loss, ended by a dual bound.

The dual point is the slope after the next Newton step to first order: it is orthogonal to every column of the design
by construction, so that the sum of the Fenchel-Young gaps of all rows bounds the distance from the optimum from above
(Rockafellar, Convex Analysis, 1970, theorem 31.1). Near the optimum the bound shrinks with the square of the step.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from mlpdoctor.analysis.floors.basis import EPSILON, solved
from mlpdoctor.core import threads
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.convex import ConvexLoss

Block: TypeAlias = tuple[Array, Array, Array]
"""Design (rows, columns), targets framed by the loss (rows, predictors), weights (rows,)."""
Blocks: TypeAlias = Callable[[], Iterator[Block]]

ORTHOGONAL = 1e-10
"""Share of its terms that a sum of products may be and count as zero: rounding of a million terms and of a division by
a second derivative that is ten thousand times flatter in one direction than in another."""
SURE = 1e-9
"""Share of the largest predictor by which a plane must tell classes apart, a million times its rounding."""
CELLS = 1 << 20
"""Numbers in the widest array of one product, so that memory stays flat."""


@dataclass(frozen=True, eq=False)
class Look:
    """What one pass sees of the loss around a line."""

    value: float
    gradient: Array
    hessian: Array
    apart: bool


def farthest(blocks: Blocks, line: Array) -> float:
    """The largest predictor of any row."""
    return max((float(np.abs(design @ line).max(initial=0.0)) for design, _, _ in blocks()), default=0.0)


def value(blocks: Blocks, loss: ConvexLoss, line: Array) -> float:
    """The sum of the loss over all rows for given predictors."""
    return sum(
        float(weights @ loss.at(targets, predictors(loss, design @ line))) for design, targets, weights in blocks()
    )


def predictors(loss: ConvexLoss, free: Array) -> Array:
    """All predictors from the free ones: the reference is zero."""
    return np.concatenate([free, np.zeros((len(free), 1))], axis=1) if loss.reference else free


def look(blocks: Blocks, loss: ConvexLoss, line: Array) -> Look:
    """One pass around a line, shape (columns, free predictors)."""
    columns, free = line.shape
    total, nearest, farthest = 0.0, np.inf, 0.0
    gradient = np.zeros_like(line)
    hessian = np.zeros((free, columns, free, columns))
    for whole_design, whole_targets, whole_weights in blocks():
        for part in _slices(len(whole_design), columns * free):
            design, targets, weights = whole_design[part], whole_targets[part], whole_weights[part]
            z = predictors(loss, design @ line)
            total += float(weights @ loss.at(targets, z))
            gradient += design.T @ (weights[:, None] * loss.slope(targets, z)[:, :free])
            diagonal, factor = loss.curvature(targets, z)
            for k in range(free):
                hessian[k, :, k, :] += design.T @ ((weights * diagonal[:, k])[:, None] * design)
            if factor is not None:
                spread = (np.sqrt(weights)[:, None] * factor[:, :free])[:, :, None] * design[:, None, :]
                flat = spread.reshape(len(design), -1)
                with threads.for_products(flat.size * flat.shape[1]):
                    hessian -= (flat.T @ flat).reshape(hessian.shape)
            margin = loss.margin(targets, z)
            nearest = -np.inf if margin is None else min(nearest, float(margin[weights > 0].min(initial=np.inf)))
            farthest = max(farthest, float(np.abs(z).max(initial=0.0)))
    # Rows alike but for their labels have margins of both signs; rounding may show them as positive ones.
    apart = nearest > SURE * farthest
    return Look(total, gradient, hessian.reshape(free * columns, free * columns), apart)


def _slices(rows: int, width: int) -> Iterator[slice]:
    size = max(CELLS // max(width, 1), 1)
    return (slice(start, start + size) for start in range(0, rows, size))


Bend: TypeAlias = tuple[Array, Array | None]
"""The second derivative of each row's loss: ``diag(d) - f f'``."""


def bent(bend: Bend, move: Array) -> Array:
    """The second derivative of each row's loss, times a move of its predictors."""
    diagonal, factor = bend
    turned: Array = diagonal * move
    if factor is not None:
        turned -= factor * (factor * move).sum(axis=1, keepdims=True)
    return turned


def bounds(blocks: Blocks, loss: ConvexLoss, stage: ConvexLoss, line: Array, step: Array) -> tuple[float, float]:
    """The loss of a line, and the lower bound of the dual point that a Newton step from it gives."""
    free = line.shape[1]
    total = gap = 0.0
    left_over, added = np.zeros_like(line), np.zeros_like(line)
    with np.errstate(all="ignore"):
        for design, targets, weights in blocks():
            z = predictors(loss, design @ line)
            total += float(weights @ loss.at(targets, z))
            move = predictors(loss, design @ step)
            dual = stage.slope(targets, z) + bent(stage.curvature(targets, z), move)
            used = weights > 0
            gap += float(weights[used] @ loss.gap(targets[used], z[used], dual[used]))
            pull = weights[:, None] * dual[:, :free]
            left_over += design.T @ pull
            added += np.abs(design).T @ np.abs(pull)
    return total, proved(total, gap, left_over, ORTHOGONAL * added, line)


def proved(total: float, gap: float, left_over: Array, most: Array | float, line: Array) -> float:
    """The lower bound of a dual point, minus infinity where it proves nothing.

    Short of the optimum the second derivative may be too flat to make the dual point orthogonal to every column. What
    rounding leaves of it moves the bound by so much along this line.

    Args:
        total: the sum of the loss at the line.
        gap: the sum of the Fenchel-Young gaps there.
        left_over: the products of the columns with the dual point, shaped as the line.
        most: what they may be and count as zero.
        line: near the optimum.
    """
    if not np.all(np.abs(left_over) <= most):
        return -np.inf
    lower = total - gap - float(np.abs(left_over * line).sum()) - EPSILON * abs(total)
    return lower if np.isfinite(lower) else -np.inf


MOST_STEPS = 60
"""Newton needs five to twenty steps; classes that all but one row tell apart take one for each digit."""
TIGHT = 1e-12
"""Share of the loss that one more step would gain at most, at which steps end: more digits than a report shows."""
LEAST_STEP = 1e-4
"""Share of a step below which a line search has lost its way, and more damping serves better."""
MOST_REACH = 1e4
"""How far one step may move the margin of any row. Along a direction that hardly matters a damped step can go so far
that rows alike in all features are told apart by the rounding of their predictors."""
DAMPINGS = (1e-6, 1e-3, 1e-1, 1.0)
"""Dampings to try after none, as shares of the steepness of the loss."""
ENOUGH = 1e-4
"""Share of the promised gain that a step must keep (Armijo)."""


@dataclass(frozen=True, eq=False)
class Solution:
    """The best predictors found.

    Attributes:
        line: shape (columns, free predictors).
        value: sum over rows of the weighted loss; the infimum where the loss only falls towards it.
        lower: no line at all is below this sum.
        attained: False where only ever larger coefficients come ever closer.
    """

    line: Array
    value: float
    lower: float
    attained: bool = True


def minimise(
    blocks: Blocks, loss: ConvexLoss, start: Array, *, lowest: float = 0.0, most: int = MOST_STEPS
) -> Solution:
    """Minimise the sum of the loss over all rows.

    Args:
        blocks: starts another pass over the rows.
        loss: of framed targets and predictors.
        start: shape (columns, free predictors); a reference predictor is left out, it is zero.
        lowest: what no predictors of any kind go below, where all rows are answered perfectly.
        most: steps at most for each smooth stand-in of the loss.
    """
    line = start
    if not start.size:  # all columns are zero, and so are all predictors
        total = value(blocks, loss, line)
        return Solution(line, total, total)
    best = Solution(line, np.inf, lowest)
    for stage in loss.stages():
        here = look(blocks, stage, line)
        for _ in range(most):
            if here.apart:
                return Solution(line, lowest, lowest, attained=loss.link == "identity")
            step, length = _stride(blocks, stage, line, here)
            if length == 0.0:
                break
            line = line + length * step
            here = look(blocks, stage, line)
        total, lower = bounds(blocks, loss, stage, line, _solve(here.hessian, -here.gradient))
        if total < best.value:
            best = Solution(line, total, best.lower)
        best = Solution(best.line, best.value, max(best.lower, lower))
    return Solution(best.line, best.value, min(best.lower, best.value))


def _stride(blocks: Blocks, loss: ConvexLoss, line: Array, here: Look) -> tuple[Array, float]:
    """A step and the share of it to go; no share where the loss gains no more than rounding.

    Where the second derivative is all but zero in some direction, as on the straight pieces of a hinge, Newton's step
    is damped more and more (Levenberg, 1944). A damped step of the length 1 moves the predictors by about 1.
    """
    steepness = float(np.linalg.norm(here.gradient))
    for damping in (0.0, *(share * steepness for share in DAMPINGS)):
        step = _solve(here.hessian, -here.gradient, damping)
        promise = -float((here.gradient * step).sum())
        if not promise > TIGHT * abs(here.value):
            continue
        length = 1.0
        if type(loss).margin is not ConvexLoss.margin:
            length = min(1.0, MOST_REACH / max(farthest(blocks, step), MOST_REACH * LEAST_STEP))
        while length > LEAST_STEP:
            ahead = value(blocks, loss, line + length * step)
            if ahead <= here.value - ENOUGH * length * promise + EPSILON * abs(here.value):
                return step, length
            length /= 4
    return np.zeros_like(line), 0.0


def _solve(hessian: Array, right: Array, damping: float = 0.0) -> Array:
    """The solution of the Newton equations, refined until what is left of them is rounding."""
    flat = right.T.ravel()
    scale = float(np.trace(hessian)) / len(hessian)
    if not np.isfinite(scale) or scale + damping <= 0:
        return np.zeros_like(right)
    damped = hessian + damping * np.eye(len(hessian))
    found = np.zeros_like(flat)
    try:
        factor = np.linalg.cholesky(damped + (EPSILON * len(hessian) * scale) * np.eye(len(hessian)))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(damped, flat, rcond=None)[0].reshape(right.T.shape).T, np.float64)
    for _ in range(3):
        rest = flat - damped @ found
        found = found + solved(factor, rest)
    return np.asarray(found.reshape(right.T.shape).T, np.float64)
