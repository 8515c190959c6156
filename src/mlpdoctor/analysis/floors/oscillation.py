"""How often a function of one or two inputs swings, seen through noise."""

import numpy as np
import numpy.typing as npt

from mlpdoctor.core import random_state
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array

LEAST_ROWS = 40
"""Fewer points are not enough to tell three swings from chance."""
WINDOWS = (2, 4, 8, 16, 32, 64, 128)
"""Neighbours, half on each side, among which the mean that predicts best is chosen."""
HYSTERESIS = 0.5
"""A swing counts once it goes beyond half its typical size on the other side: noise about zero is no swing."""
MIDDLE = (0.05, 0.95)
"""Share of the rows between which swings are counted: a far row would make the scale."""
FIRST_ZERO = 2.404825557695773
"""Where the Bessel function J0 is first zero: waves in all directions of a plane have lost their likeness there."""
MOST_IN_THE_PLANE = 1500
"""Rows of which all distances are worked out."""
REACH = 2.0
"""Standard deviations up to which likeness is followed."""
BINS = 50
NEIGHBOURS = 4
MOST_PLACES = 500
"""Places at which waves are fitted: enough to tell a wave from chance among all that are tried."""
MOST_WAVES = 1 << 13
"""Frequencies tried."""
FINE = 4
"""Of these so many within the width of one peak."""
BY_CHANCE = 1e-3
"""How likely the best of all waves fits noise as well: below it the wave is there."""
WAVES_AT_ONCE = 1 << 9
TURNED = -0.12
"""A wave's likeness falls to -0.4 behind its first zero, that of a single bump hardly below zero."""


@dataclass(frozen=True)
class Oscillation:
    """How a target swings along its inputs.

    Attributes:
        periods: across one standard deviation of the input.
        smooth: share of the variance about a slow trend that near rows predict: one for a clean curve, zero for noise.
        swings: times that it crosses over, counted along one input; None in the plane.
        period: length of one wave in units of the input, where a wave was fitted because rows lie too far apart to
            agree with their neighbours; else None.
    """

    periods: float
    smooth: float
    swings: int | None
    period: float | None = None


def along_a_line(x: Array, y: Array) -> Oscillation | None:
    """Count the swings of y along x, each of shape (rows,), about a cubic trend."""
    places, index = np.unique(x, return_inverse=True)
    if len(places) < LEAST_ROWS:
        return None
    many = np.bincount(index.ravel())
    values = _detrended((places - x.mean())[:, None] / x.std(), np.bincount(index.ravel(), y) / many, degree=3)
    power = float(np.square(values).mean())
    if power <= 0:
        return None
    tried = [
        (float(np.square(values - _others(values, width)).mean()), width)
        for width in WINDOWS
        if 4 * width <= len(values)
    ]
    error, width = min(tried)
    smoothed = (_others(values, width) * width + values) / (width + 1)
    inside = slice(*(round(share * (len(places) - 1)) for share in MIDDLE))
    crossed = _crossings(smoothed[inside], HYSTERESIS * float(np.sqrt(np.square(smoothed[inside]).mean())))
    where = places[inside]
    swings, length = len(crossed), float(where[-1] - where[0])
    between = float(where[crossed[-1]] - where[crossed[0]]) if swings else 0.0
    # From the first crossing to the last is the exact measure, unless all of them are crowded in one place.
    halves = (swings - 1) / between if between > length / 2 else swings / length
    return Oscillation(halves / 2 * float(x.std()), 1 - error / power, swings)


def in_waves(x: Array, y: Array) -> Oscillation | None:
    """The wave that fits y best along x, each of shape (rows,), where that is no chance.

    It sees what neighbours cannot: a target that repeats within the distance of two rows, as ``x mod 7`` does at a
    few hundred of the whole numbers up to a thousand. Least squares of sine and cosine at each frequency (Lomb,
    Least-squares frequency analysis of unequally spaced data, 1976), up to the highest that the rows can tell from a
    lower one: half a wave between two steps of a grid, or between two rows on average.
    """
    places, index = np.unique(x, return_inverse=True)
    if len(places) < LEAST_ROWS:
        return None
    means = np.bincount(index.ravel(), y) / np.bincount(index.ravel())
    length = float(places[-1] - places[0])
    step = _grid(places)
    highest = 0.5 / step if step is not None else len(places) / (2 * length)
    waves = min(int(FINE * highest * length), MOST_WAVES)
    if len(places) > MOST_PLACES:
        chosen = np.sort(random_state.random(len(places)).choice(len(places), MOST_PLACES, replace=False))
        places, means = places[chosen], means[chosen]
    values = _detrended((places - places.mean())[:, None] / places.std(), means, degree=3)
    power = float(np.square(values).sum())
    if power <= 0:
        return None
    tried = np.arange(1, waves + 1) / (FINE * length)
    fitted = _fitted(places, values, tried) / power
    best = int(np.argmax(fitted))
    if waves * (1 - min(fitted[best], 1.0)) ** ((len(places) - 3) / 2) > BY_CHANCE:
        return None
    near = tried[best] + np.linspace(-1, 1, 2 * BINS + 1) / (FINE * length)
    near = near[(near > 0) & (near <= highest * (1 + 1e-9))]
    closer = _fitted(places, values, near) / power
    frequency = float(near[np.argmax(closer)])
    return Oscillation(
        frequency * float(x.std()), min(float(closer.max()), 1.0), int(2 * frequency * length), 1 / frequency
    )


def _grid(places: Array) -> float | None:
    """The step of which all sorted places are multiples away from the first; None where there is none."""
    step = float(np.diff(places).min())
    steps = (places - places[0]) / step
    return step if np.abs(steps - np.rint(steps)).max() < 1e-6 else None  # noqa: PLR2004  as whole as text can say


def _fitted(places: Array, values: Array, frequencies: Array) -> Array:
    """The sum of squares that sine and cosine of each frequency take from the values."""
    found = []
    for start in range(0, len(frequencies), WAVES_AT_ONCE):
        angle = 2 * np.pi * np.outer(frequencies[start : start + WAVES_AT_ONCE], places - places[0])
        cosine, sine = np.cos(angle), np.sin(angle)
        cc, ss, cs = (cosine * cosine).sum(axis=1), (sine * sine).sum(axis=1), (cosine * sine).sum(axis=1)
        yc, ys = cosine @ values, sine @ values
        both = cc * ss - cs * cs
        with np.errstate(all="ignore"):
            plane = (ss * yc * yc - 2 * cs * yc * ys + cc * ys * ys) / both
        # At half a wave a step every sine is zero, and the cosine stands alone.
        found.append(np.where(both > 1e-6 * len(places) ** 2, plane, yc * yc / np.maximum(cc, 1.0)))
    return np.concatenate(found)


def in_the_plane(x: Array, y: Array) -> Oscillation | None:
    """Where the likeness of y at two places of x, shape (rows, 2), first vanishes, for waves."""
    x, y = x[:MOST_IN_THE_PLANE], y[:MOST_IN_THE_PLANE]
    if len(y) < 4 * LEAST_ROWS:
        return None
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    values = _detrended(scaled, y, degree=2)
    power = float(np.square(values).mean())
    if power <= 0:
        return None
    distance = np.sqrt(sum(np.square(np.subtract.outer(column, column)) for column in scaled.T))
    np.fill_diagonal(distance, np.inf)
    near = np.argpartition(distance, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    error = float(np.square(values - values[near].mean(axis=1)).mean()) / (1 + 1 / NEIGHBOURS)
    bins = np.minimum(distance / (REACH / BINS), BINS).astype(np.int64)
    pairs = np.bincount(bins.ravel(), minlength=BINS + 1)[:BINS]
    products = np.bincount(bins.ravel(), np.multiply.outer(values, values).ravel(), minlength=BINS + 1)[:BINS]
    likeness = products / np.maximum(pairs, 1) / power
    below = np.flatnonzero(likeness < 0)
    if not len(below) or below[0] == 0:
        return None
    first = int(below[0])
    share = likeness[first - 1] / (likeness[first - 1] - likeness[first])
    zero = (first - 0.5 + share) * REACH / BINS
    behind = likeness[first : int(2.5 * (first + 1))]
    if behind.min() > TURNED:
        return None
    return Oscillation(FIRST_ZERO / (2 * np.pi * zero), 1 - error / power, None)


def _detrended(x: Array, y: Array, degree: int) -> Array:
    """What a polynomial of the inputs leaves of y."""
    columns = [np.ones(len(x))]
    if x.shape[1] == 1:
        columns += [x[:, 0] ** k for k in range(1, degree + 1)]
    else:
        columns += [*x.T, *np.square(x).T, x[:, 0] * x[:, 1]]
    design = np.stack(columns, axis=1)
    left: Array = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return left


def _others(values: Array, width: int) -> Array:
    """The mean of the ``width`` nearest others in a row of values, half on each side as far as there are."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    start = np.clip(np.arange(len(values)) - width // 2, 0, len(values) - width - 1)
    found: Array = (total[start + width + 1] - total[start] - values) / width
    return found


def _crossings(values: Array, margin: float) -> npt.NDArray[np.intp]:
    """Where values change sides; they do only once they go beyond a margin on the other side."""
    sides = np.where(values > margin, 1, np.where(values < -margin, -1, 0))
    decided = np.flatnonzero(sides)
    changed: npt.NDArray[np.intp] = decided[1:][np.diff(sides[decided]) != 0]
    return changed
