"""How much a curve jitters from epoch to epoch, apart from where it goes."""

import numpy as np

from mlpdoctor.history import Column
from mlpdoctor.network import Array

FEWEST = 5
"""Values from which a scatter can be told."""
TO_SIGMA = 1.4826
"""Median absolute deviation to standard deviation, for normal errors."""


def finite(column: Column) -> Column:
    """The column without its NaN and infinite values."""
    keep = np.isfinite(column.values)
    if keep.all():
        return column
    return Column(column.name, column.epochs[keep], column.values[keep], column.rounding[keep], column.decimals)


def tail(column: Column, length: int) -> Column:
    """The last values of a column."""
    return Column(
        column.name,
        column.epochs[-length:],
        column.values[-length:],
        column.rounding[-length:],
        column.decimals,
    )


def jitter(values: Array) -> float:
    """Standard deviation of one value about a smooth trend, from the second differences; robust, and 0 for none.

    A straight trend leaves no second difference, a bent one little. The median of the absolute ones ignores up to
    half of the epochs, so that a few spikes count for nothing.

    Args:
        values: shape (n,), finite.
    """
    if len(values) < FEWEST:
        return 0.0
    bends = np.diff(values, 2)
    return float(TO_SIGMA * np.median(np.abs(bends)) / np.sqrt(6.0))
