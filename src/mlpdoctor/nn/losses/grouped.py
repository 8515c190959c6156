"""What losses share: sums, medians and minima by group of identical rows, entropies, and outputs turned into shares."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.loss import ALMOST_ONE, EPSILON, Groups

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


ROUNDING = 1e-12
"""A probability this far below zero is zero after rounding."""


def plogp(p: Array) -> Array:
    """``p log p``, zero at zero; same shape."""
    return np.asarray(p * np.log(np.where(p > 0, p, 1.0)), np.float64)


def log_softmax(z: Array) -> Array:
    """Logarithms of the probabilities that logits of shape (rows, classes) stand for."""
    shifted = z - z.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float64)


def divergence(p: Array, z: Array) -> Array:
    """Kullback-Leibler divergence of p from the softmax of z for each row; infinite where p is no distribution.

    Rows of p that add up to S count S times their distribution.
    """
    total = p.sum(axis=1)
    inside = (p >= -ROUNDING).all(axis=1)
    safe = np.maximum(p, 0.0)
    share = safe / np.where(total > 0, total, 1.0)[:, None]
    terms = total * (plogp(share) - share * log_softmax(z)).sum(axis=1)
    return np.where(inside, np.maximum(terms, 0.0), np.inf)


def shares(outputs: Array) -> Array:
    """Each number of a row over their sum; not a number where they add up to zero, as in Keras."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True), np.float64)


def through_shares(slopes: Array, outputs: Array) -> Array:
    """Derivatives with respect to the numbers of a row from those with respect to their shares."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = slopes - (slopes * shares(outputs)).sum(axis=1, keepdims=True)
        return np.asarray(rest / outputs.sum(axis=1, keepdims=True), np.float64)


def clipped(probabilities: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Probabilities as far as Keras lets them go, and where it leaves them as they are."""
    inside = (probabilities >= EPSILON) & (probabilities <= ALMOST_ONE)
    return np.clip(probabilities, EPSILON, ALMOST_ONE), inside


def largest_share(low: float, high: float, units: int) -> float:
    """The largest that one of several numbers between two bounds, none negative, can be of their sum."""
    if low <= 0 or np.isinf(high):
        return 1.0
    return high / (high + (units - 1) * low)


def largest_softmax(low: float, high: float, units: int) -> float:
    """The largest that one number can be of a softmax of logits between two bounds."""
    if np.isinf(low) or np.isinf(high):
        return 1.0
    return float(1.0 / (1.0 + (units - 1) * np.exp(low - high)))
