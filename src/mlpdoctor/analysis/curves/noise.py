"""How much a curve jitters from epoch to epoch, apart from where it goes."""

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.history import Column
from mlpdoctor.core.network import Array

FLOAT32_MAX = float(np.finfo(np.float32).max)
FEWEST = 5
"""Values from which a scatter can be told."""
TO_SIGMA = 1.4826
"""Median absolute deviation to standard deviation, for normal errors."""
WILD = 4.0
"""Standard deviations beyond which an error is cut: a spike then counts, but not for its height."""
MOST_CORRELATION = 0.9
"""Correlation of neighbours that is believed; what is closer to 1 is a trend."""


def finite(column: Column) -> Column:
    """The column without its NaN and infinite values, and those that overflow a float32."""
    keep = sound(column.values)
    return column if keep.all() else part(column, keep)


def unbroken(column: Column) -> Column:
    """The column after its last value that `finite` would leave out; empty where it ends in one."""
    broken = np.flatnonzero(~sound(column.values))
    return part(column, slice(int(broken[-1]) + 1, None)) if len(broken) else column


def sound(values: Array) -> npt.NDArray[np.bool_]:
    """Which values are numbers that a float32 can hold: a loss beyond is infinite to Keras."""
    return np.less_equal(np.abs(values), FLOAT32_MAX)


def part(column: Column, keep: slice | npt.NDArray[np.bool_]) -> Column:
    """Some of the values of a column."""
    return Column(column.name, column.epochs[keep], column.values[keep], column.rounding[keep], column.decimals)


def jitter(values: Array) -> float:
    """Standard deviation of one value about a smooth trend, from the second differences; robust, and 0 for none.

    A straight trend leaves no second difference, a bent one little. The median of the absolute ones ignores up to
    half of the epochs, so that a few spikes count for nothing.

    Args:
        values: shape (n,), finite.
    """
    if len(values) < FEWEST:
        return 0.0
    return float(TO_SIGMA * np.median(np.abs(np.diff(values, 2))) / np.sqrt(6.0))


def tamed(errors: Array) -> Array:
    """Errors about a fit, the wild ones cut to `WILD` robust standard deviations."""
    most = WILD * TO_SIGMA * float(np.median(np.abs(errors)))
    return np.clip(errors, -most, most) if most > 0 else errors


def inflation(errors: Array) -> float:
    """By how much the variance of a mean grows as neighbours are alike: (1 + r) / (1 - r) of a first-order process.

    Args:
        errors: shape (n,), about a fit.
    """
    power = float(errors @ errors)
    if len(errors) < FEWEST or power == 0:
        return 1.0
    found = float(errors[1:] @ errors[:-1]) / power
    found += (2 + 4 * max(found, 0.0)) / len(errors)  # about a straight line neighbours look less alike than they are
    alike = min(max(found, 0.0), MOST_CORRELATION)
    return (1 + alike) / (1 - alike)


def quantile(freedom: int) -> float:
    """Half the width of a 95 % interval in standard errors, for so many degrees of freedom (Student's t).

    The first terms of the expansion of Cornish and Fisher; within 1 % from five degrees on, wider below.
    """
    normal = 1.959964
    cube, fifth = normal**3 + normal, 5 * normal**5 + 16 * normal**3 + 3 * normal
    few = max(freedom, 1)
    return normal + cube / (4 * few) + fifth / (96 * few**2)


def running_median(values: Array, width: int) -> Array:
    """The median of the ``width`` (odd) values around each; near the ends of as many as there are on both sides.

    Args:
        values: shape (n,), finite.
        width: an odd number.

    Returns:
        Shape (n,).
    """
    half = width // 2
    found = values.copy()
    if len(values) >= width:
        found[half : len(values) - half] = np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)
    for reach in range(1, min(half, (len(values) + 1) // 2)):
        found[reach] = np.median(values[: 2 * reach + 1])
        found[-reach - 1] = np.median(values[-2 * reach - 1 :])
    return found
