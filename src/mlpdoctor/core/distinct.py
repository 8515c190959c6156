"""Distinct values and medians, without the masked arrays that NumPy loads to find them: a tenth of a small run."""

from typing import Any

import numpy as np
import numpy.typing as npt


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The distinct values in ascending order, as ``np.unique`` gives them.

    Without the counts ``np.unique`` asks first whether the array is masked, and to ask it loads ``numpy.ma``.
    """
    found: npt.NDArray[Any] = np.unique(values, return_counts=True)[0]
    return found


def median(values: npt.ArrayLike) -> float:
    """The median of all values, as ``np.median`` gives it: NaN where one is, or where there are none."""
    flat = np.asarray(values).ravel()
    if not len(flat):
        return float("nan")
    middle = slice((len(flat) - 1) // 2, len(flat) // 2 + 1)
    ordered = np.partition(flat, [middle.start, middle.stop - 1, len(flat) - 1])
    return float("nan") if np.isnan(ordered[-1]) else float(ordered[middle].mean())


def quantile(values: npt.ArrayLike, share: float) -> float:
    """The value below which this share of all values lies, between two of them as ``np.quantile`` has it."""
    flat = np.asarray(values).ravel()
    place = share * (len(flat) - 1)
    low = int(place)
    high, part = min(low + 1, len(flat) - 1), place - low
    ordered = np.partition(flat, [low, high, len(flat) - 1])
    if np.isnan(ordered[-1]):
        return float("nan")
    below, above = float(ordered[low]), float(ordered[high])
    return above - (above - below) * (1 - part) if part >= 0.5 else below + (above - below) * part  # noqa: PLR2004
