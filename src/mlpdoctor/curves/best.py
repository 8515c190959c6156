"""The best epoch of a curve, and the first that is not a number."""

import numpy as np

from mlpdoctor.curves.noise import finite, sound
from mlpdoctor.history import Column
from mlpdoctor.lean import dataclass


@dataclass(frozen=True)
class Best:
    """The epoch with the lowest value.

    Attributes:
        epoch: the first with this value.
        value: the value.
        since: epochs after it that brought nothing better.
        margin: by how much the last value is above it.
    """

    epoch: int
    value: float
    since: int
    margin: float


def best_epoch(column: Column) -> Best | None:
    """The epoch with the lowest value, NaN left out; None where no value is finite."""
    curve = finite(column)
    if not len(curve):
        return None
    place = int(np.argmin(curve.values))
    best, last = float(curve.values[place]), float(curve.values[-1])
    return Best(int(curve.epochs[place]), best, int(column.epochs[-1] - curve.epochs[place]), last - best)


def first_broken(column: Column) -> tuple[int, float] | None:
    """The first epoch whose value is NaN, infinite or beyond a float32, with the value; None where there is none."""
    broken = np.flatnonzero(~sound(column.values))
    return (int(column.epochs[broken[0]]), float(column.values[broken[0]])) if len(broken) else None
