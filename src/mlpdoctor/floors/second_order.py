"""What passes over the rows see of a convex loss of linear predictors: value, slope, curvature, and a dual bound."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from mlpdoctor import threads
from mlpdoctor.floors.basis import EPSILON
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.convex import ConvexLoss
from mlpdoctor.network import Array

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
                with threads.all_of_them():
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
            diagonal, factor = stage.curvature(targets, z)
            dual = stage.slope(targets, z) + diagonal * move
            if factor is not None:
                dual -= factor * (factor * move).sum(axis=1, keepdims=True)
            used = weights > 0
            gap += float(weights[used] @ loss.gap(targets[used], z[used], dual[used]))
            pull = weights[:, None] * dual[:, :free]
            left_over += design.T @ pull
            added += np.abs(design).T @ np.abs(pull)
    # Short of the optimum the second derivative may be too flat to make the dual point orthogonal; it then proves
    # nothing. What rounding leaves of it moves the bound by so much along this line.
    if not np.all(np.abs(left_over) <= ORTHOGONAL * added):
        return total, -np.inf
    rounding = float(np.abs(left_over * line).sum()) + EPSILON * abs(total)
    lower = total - gap - rounding
    return total, lower if np.isfinite(lower) else -np.inf
