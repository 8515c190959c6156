"""What a function of one variable loses at least when its graph has few kinks.

A network of ReLU units on one feature is a continuous piecewise linear function with a kink a unit at most. Between
two kinks it is a line, so it cuts the sorted rows into runs and can be no better on a run than the least-squares line
of that run alone. The best cut is found by dynamic programming (Bellman, On the approximation of curves by line
segments using dynamic programming, 1961).
"""

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.distinct import median
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array

MOST_BLOCKS = 1000
"""Blocks of rows between which cuts are tried: two tables of 8 MB and a tenth of a second. A block with a cut inside
is left out, so that a function of 10 kinks is excused a hundredth of the rows."""

EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 16.0
"""Error of the root of a sum of squares, in units of ``EPSILON`` times the terms added up one after another and the
root of the sum of squared targets. All terms are positive, and none is a difference of larger ones."""

NEGLIGIBLE = 1e-60
"""Rows with so small a part of the largest weight, and squared distances so small a part of the squared range, count
as none, which only lowers the bound: digits of theirs would be lost at the ends of the range of floating point."""


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Runs of sorted rows and the least-squares line of each.

    Attributes:
        start: x of some row; ``x`` counts from there, lest an offset cost digits.
        weight, x, y: total weight, and the weighted means.
        xx, xy: weighted sums of squared deviations and of products of deviations.
        rest: weighted sum of squared residuals of the line; zero for a single x.
    """

    start: Array
    weight: Array
    x: Array
    y: Array
    xx: Array
    xy: Array
    rest: Array


def lower_bound(x: Array, y: Array, knots: int, weights: Array | None = None) -> float:
    """No continuous piecewise linear function with at most so many kinks has a lower mean squared error.

    Proved; the best such function may well be worse, as the lines of the runs need not meet.

    Args:
        x: the variable, shape (rows,).
        y: the target, shape (rows,).
        knots: most kinks.
        weights: zero or more for each row, shape (rows,); 1 each if not given.

    Returns:
        A bound of ``sum(weights * error**2) / rows``.
    """
    weights = np.ones(len(x)) if weights is None else weights
    largest = float(weights.max(initial=0.0))
    order = np.flatnonzero(weights > NEGLIGIBLE * largest)
    if not len(order):
        return 0.0
    values, group = np.unique(x[order], return_inverse=True)
    # By a power of two, which rounds nothing, so that squares neither overflow nor vanish.
    values = np.ldexp(values, -np.frexp(values[-1] - values[0])[1])
    near, w = y[order] - median(y[order]), weights[order] / largest
    points = _summary(values[group], near, w, group)
    # Rows with equal x get the same answer: this much is lost whatever the function, and their mean is left to fit.
    lost = float((w * np.square(near - points.y[group])).sum())
    terms = int(np.bincount(group).max())
    if len(values) > MOST_BLOCKS:
        block = np.arange(len(values)) * MOST_BLOCKS // len(values)
        terms += len(values) // MOST_BLOCKS + 1 + MOST_BLOCKS
        lost += _best_cut(_costs(_summary(values, points.y, points.weight, block)), knots, skipped=1)
    elif len(values) > 2 * (knots + 1):
        terms += len(values)
        lost += _best_cut(_costs(points), knots, skipped=0)
    doubt = ROUNDING * EPSILON * terms * float(np.sqrt((w * np.square(near)).sum()))
    return max(float(np.sqrt(lost)) - doubt, 0.0) ** 2 * largest / len(x)


def _summary(x: Array, y: Array, weight: Array, block: npt.NDArray[np.intp]) -> _Blocks:
    """Summarise rows in blocks numbered from 0 in order of x."""
    first = np.unique(block, return_index=True)[1]

    def total(values: Array) -> Array:
        return np.bincount(block, weight * values).astype(np.float64)

    size = total(np.ones(len(x)))
    dx, dy = x - x[first][block], y - y[first][block]
    centre_x, centre_y = total(dx) / size, total(dy) / size
    dx, dy = dx - centre_x[block], dy - centre_y[block]
    xx, xy = total(dx * dx), total(dx * dy)
    rest = np.where(xx > NEGLIGIBLE, total(np.square(dy - _ratio(xy, xx)[block] * dx)), 0.0)
    return _Blocks(x[first], size, centre_x, y[first] + centre_y, xx, xy, rest)


def _costs(blocks: _Blocks) -> Array:
    """What a line of its own leaves on the blocks from s to t - 1: entry [s, t], zero for none, infinite for t < s.

    All runs grow by one block at a time. Two sets with lines of their own lose the more in common for the difference
    of their slopes, and then for the gap between them, each a square: nothing cancels (compare Chan, Golub and
    LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979).
    """
    count = len(blocks.x)
    costs = np.full((count + 1, count + 1), np.inf)
    starts = np.arange(count + 1)
    np.fill_diagonal(costs, 0.0)
    weight, x, y, xx, xy, rest = blocks.weight, blocks.x, blocks.y, blocks.xx, blocks.xy, blocks.rest
    costs[starts[:-1], starts[1:]] = rest
    for length in range(1, count):
        runs = slice(0, count - length)
        weight, x, y, xx, xy, rest = (part[runs] for part in (weight, x, y, xx, xy, rest))
        w, yy, more, xs, rs = (part[length:] for part in (blocks.weight, blocks.y, blocks.xx, blocks.xy, blocks.rest))
        ahead = blocks.start[length:] - blocks.start[runs] + blocks.x[length:] - x
        above, inside = yy - y, xx + more
        slopes_differ = np.square(_ratio(xy, xx) - _ratio(xs, more)) * _ratio(xx, inside) * more
        gap = above - _ratio(xy + xs, inside) * ahead
        spread = 1 / weight + 1 / w + _ratio(np.square(ahead), inside)
        rest = rest + rs + slopes_differ + np.where(inside > NEGLIGIBLE, np.square(gap) / spread, 0.0)
        share = w / (weight + w)
        xx, xy = inside + weight * share * ahead * ahead, xy + xs + weight * share * ahead * above
        x, y, weight = x + share * ahead, y + share * above, weight + w
        costs[starts[: count - length], starts[length + 1 :]] = rest
    return costs


def _ratio(above: Array, below: Array) -> Array:
    """Zero for nothing over nothing: a single x has no slope."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > NEGLIGIBLE)


def _best_cut(costs: Array, knots: int, skipped: int) -> float:
    """The least sum over ``knots + 1`` runs of blocks, where each cut may leave out so many blocks.

    A cut inside a block leaves that block out; one between two blocks does no worse to leave one out as well.
    """
    best = costs[0]
    for _ in range(knots):
        if best[-1] == 0:
            break
        ways = best[: len(best) - skipped, None] + costs[skipped:]
        best = np.minimum(best, ways.min(axis=0))
    return float(best[-1])
