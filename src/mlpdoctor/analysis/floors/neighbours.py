"""What rows nearly alike in their features still differ by, carried on to rows that are exactly alike."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mlpdoctor.core import random_state
from mlpdoctor.core.distinct import median
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array

NEIGHBOURS = 10
"""As many as Evans and Jones advise (A proof of the Gamma test, 2002): enough to see how differences grow."""

PARTS = 20
"""The jackknife leaves out a twentieth of the rows at a time: its error bar is then itself good to a sixth."""

UNSURE = 1.2
"""An error bar that is itself good to a sixth holds less than it says; so much longer it holds it."""

FEWEST_ROWS = 100
"""With fewer, a part of the jackknife has less than five rows, and the error bar is a matter of luck."""

FARTHEST = 0.5
"""A neighbour may be typically half as far as a row drawn at random. In ten independent features that takes 200 rows
or so; where it takes more than there are, what neighbours differ by is mostly the function and not the noise."""

BLOCK = 256
"""Rows whose distances to all others are held at once: half a million numbers for a sample of two thousand."""

JITTER = 1e-12
"""In standard deviations: among rows with identical features the lot decides who is neighbour to whom, or all would
have the same few neighbours."""

IDENTICAL = 1e-20
"""A squared distance of less is of the lot's making, and no line is drawn over it."""

FLAT = 1e-12
"""Nor is one where the mean squared distances differ by less than a millionth, as when one far row makes them all."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest other rows of each row, in standardised features.

    Attributes:
        features: shape (rows, features that are not constant), with mean 0 and standard deviation 1.
        index: shape (rows, 2 * NEIGHBOURS), nearest first: so many that each keeps enough when a part is left out.
        distance: squared, same shape.
        apart: how far the nearest is typically, as a share of what two rows drawn at random are apart.
    """

    features: Array
    index: npt.NDArray[np.intp]
    distance: Array
    apart: float


def nearest(features: Array) -> Neighbours | str:
    """Find the neighbours, or say why they would tell nothing.

    Args:
        features: shape (rows, features).
    """
    if len(features) < FEWEST_ROWS:
        return f"fewer than {FEWEST_ROWS} rows"
    near = features - features[0]
    spread = near.std(axis=0)
    # Counted from its first row, a constant is exactly zero: no threshold is needed.
    kept = spread > 0
    if not kept.any():
        return "all features are constant"
    scaled = (near[:, kept] - near[:, kept].mean(axis=0)) / spread[kept]
    drawn = scaled + JITTER * random_state.random(0).normal(size=scaled.shape)
    squared, index = _closest(drawn)
    # Between two rows drawn at random each feature adds twice its variance, 1, to the mean squared distance.
    typical = float(np.sqrt(median(squared[:, 0]) / (2 * scaled.shape[1])))
    if typical > FARTHEST:
        return f"the nearest rows are {typical:.0%} as far apart as any two rows, too far to compare their targets"
    return Neighbours(scaled, index, squared, typical)


def _closest(rows: Array) -> tuple[Array, npt.NDArray[np.intp]]:
    """Squared distances to the nearest other rows, nearest first, and their places: shape (rows, 2 * NEIGHBOURS).

    All distances at once by products, which is quicker for a few thousand rows than to import a library with a tree;
    those of the nearest are then worked out again from differences, so that near rows lose no digits.
    """
    rng = random_state.random(0)
    norms = np.einsum("ij,ij->i", rows, rows)
    places = []
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        rough = norms[start : start + BLOCK, None] + norms - 2 * (block @ rows.T)
        rough += JITTER * rng.random(rough.shape)  # more than the rounding, so that the lot decides among equals
        rough[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        places.append(np.argpartition(rough, 2 * NEIGHBOURS, axis=1)[:, : 2 * NEIGHBOURS])
    index = np.concatenate(places)
    squared = np.stack([np.square(rows - rows[column]).sum(axis=1) for column in index.T], axis=1)
    order = np.argsort(squared, axis=1, kind="stable")
    return np.take_along_axis(squared, order, axis=1), np.take_along_axis(index, order, axis=1)


def at_distance_zero(pairs: Neighbours, costs: Array, curve: Callable[[Array], Array]) -> tuple[float, float]:
    """Extrapolate what pairs of neighbours cost to a distance of zero.

    The mean cost of the k-th neighbours lies on a line over their mean squared distance where the function is smooth,
    and the line starts at the noise (Stefansson, Koncar and Jones, A note on the Gamma test, 1997).

    Args:
        pairs: the neighbours.
        costs: of each row with each of its neighbours, shape (rows, 2 * NEIGHBOURS).
        curve: what makes of the mean costs something that grows in line with the squared distance.

    Returns:
        Half-way between the starts of that line and of the one for steps, zero at least, and the error bar: that of the
        delete-a-group jackknife, and a third of what was extrapolated, so that three error bars reach as far as no
        extrapolation, or as much as lies between the two starts, where that is more.
    """
    start, taken_off = _line(pairs.distance, costs, curve)
    # Across a step neighbours differ in line with the distance itself, which falls further towards zero.
    stepped = _line(np.sqrt(pairs.distance), costs, curve)[0]
    beyond = max(start, 0.0) - max(min(stepped, start), 0.0)
    part = random_state.random(1).permutation(np.arange(len(costs)) % PARTS)
    starts = np.empty(PARTS)
    for number in range(PARTS):
        kept = part != number
        # Neighbours that were left out are replaced by the next ones: exactly what a smaller table would give.
        still = np.argsort(~kept[pairs.index[kept]], axis=1, kind="stable")[:, :NEIGHBOURS]
        distance, rest = (np.take_along_axis(table[kept], still, axis=1) for table in (pairs.distance, costs))
        starts[number] = _line(distance, rest, curve)[0]
    sampling = np.sqrt((PARTS - 1) * starts.var())
    return max(start, 0.0) - beyond / 2, UNSURE * float(np.hypot(sampling, max(taken_off / 3, beyond)))


def _line(distance: Array, costs: Array, curve: Callable[[Array], Array]) -> tuple[float, float]:
    """Where the line starts, and how far that is below the pairs it was drawn through."""
    far = distance[:, :NEIGHBOURS].mean(axis=0)
    height = curve(costs[:, :NEIGHBOURS].mean(axis=0))
    # The nearest count most: the line bends with the distance.
    weight = 1 / np.arange(1, NEIGHBOURS + 1)
    weight /= weight.sum()
    middle, level = float(weight @ far), float(weight @ height)
    spread = float(weight @ np.square(far - middle))
    if middle <= IDENTICAL or spread <= FLAT * middle**2:
        return level, 0.0
    # More distance makes no function more alike: a slope below zero is chance.
    slope = max(float(weight @ ((far - middle) * (height - level))) / spread, 0.0)
    return level - slope * middle, slope * middle
