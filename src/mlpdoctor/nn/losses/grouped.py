"""Sums, means, medians and minima by group, for the best answer to rows with identical inputs."""

from collections.abc import Callable

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.loss import Groups

MOST_STEPS = 120
"""Fifty halvings of a bracket leave no digit open; every other step may be one."""
SAME = 4 * float(np.finfo(np.float64).eps)
"""Share of the bracket, or of where it lies, that no step can be shorter than."""


def sums(groups: Groups, values: Array) -> Array:
    """The sum of the rows of each group: shape (rows, columns) to (groups, columns)."""
    count = int(groups.max()) + 1 if len(groups) else 0
    return np.stack([np.bincount(groups, column, count) for column in values.T], axis=1)


def means(groups: Groups, values: Array, weights: Array) -> Array:
    """The weighted mean of the rows of each group; the plain mean of its first row where all weights are zero.

    Counted from the first row of each group, so that a large common offset costs no digits.
    """
    first = np.unique(groups, return_index=True)[1]
    origin = values[first]
    total = sums(groups, weights[:, None])
    moved = sums(groups, weights[:, None] * (values - origin[groups]))
    return np.asarray(origin + moved / np.where(total > 0, total, 1.0), np.float64)


def medians(groups: Groups, values: Array, weights: Array) -> Array:
    """A weighted median of the rows of each group, one of their values: shape (rows, columns) to (groups, columns).

    Args:
        groups: of each row.
        values: shape (rows, columns).
        weights: of each value, same shape; a group without any gets one of its values.
    """
    columns = zip(values.T, weights.T, strict=True)
    return np.stack([_medians(groups, column, weight) for column, weight in columns], axis=1)


def _medians(groups: Groups, values: Array, weights: Array) -> Array:
    order = np.lexsort((values, groups))
    ordered, weight = groups[order], weights[order]
    total = np.bincount(ordered, weight)
    share = weight / np.where(total > 0, total, 1.0)[ordered]
    # The running sum starts again in every group, or a group of little weight would drown in the sum before it.
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    steps = share.copy()
    steps[starts[1:]] -= np.add.reduceat(share, starts)[:-1]
    reached = np.cumsum(steps) >= np.where(total > 0, 0.5, 0.0)[ordered] * (1 - SAME)
    reached[np.append(starts[1:], len(order)) - 1] = True
    positions = np.flatnonzero(reached)
    first = positions[np.unique(ordered[positions], return_index=True)[1]]
    return np.asarray(values[order][first], np.float64)


def lowest(slopes: Callable[[Array], tuple[Array, Array]], low: Array, high: Array) -> Array:
    """Where convex functions are least, by Newton's method that may not leave a shrinking bracket.

    Args:
        slopes: the first and second derivatives of all functions, each at its own place.
        low: below all minima; any shape.
        high: above them; same shape.
    """
    place = (low + high) / 2
    close = SAME * np.maximum(high - low, np.maximum(np.abs(low), np.abs(high)))
    for step in range(MOST_STEPS):
        slope, curvature = slopes(place)
        low, high = np.where(slope <= 0, place, low), np.where(slope >= 0, place, high)
        with np.errstate(over="ignore"):
            newton = place - slope / np.where(curvature > 0, curvature, 1.0)
        trusted = (curvature > 0) & (newton >= low) & (newton <= high) & (step % 2 == 0)
        following = np.where(trusted, newton, (low + high) / 2)
        done = bool(((np.abs(following - place) <= close) | (high - low <= close)).all())
        place = following
        if done:
            break
    return place
