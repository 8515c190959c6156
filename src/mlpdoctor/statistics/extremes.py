"""The few rows at the far ends: of the targets, and of the model's losses."""

from typing import Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import RowLoss, Rows

MOST_ROWS = 64
"""More rows than anybody looks at one by one."""
MOST_COLUMNS = 64


@dataclass(frozen=True, eq=False)
class TargetExtremes:
    """The lowest and the highest values of each target column, with the numbers of their rows.

    Shapes (columns, kept rows), the farthest out first; of equal values those of the first rows are kept.
    """

    low: Array
    low_rows: Array
    high: Array
    high_rows: Array

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Look at one batch."""
        values = view.targets[:, :MOST_COLUMNS].T
        numbers = np.broadcast_to(view.numbers, values.shape)
        low, low_rows = _lowest(values, numbers)
        high, high_rows = _lowest(-values, numbers)
        return cls(low, low_rows, -high, high_rows)

    def __add__(self, other: Self) -> Self:
        """Look at both."""
        pairs = ((self.low, other.low), (self.low_rows, other.low_rows))
        low, low_rows = _lowest(*(np.concatenate(pair, axis=1) for pair in pairs))
        pairs = ((-self.high, -other.high), (self.high_rows, other.high_rows))
        high, high_rows = _lowest(*(np.concatenate(pair, axis=1) for pair in pairs))
        return type(self)(low, low_rows, -high, high_rows)


@dataclass(frozen=True, eq=False)
class LossPeaks:
    """The largest losses of single rows, for each part of the loss; shape (parts, kept rows), the largest first."""

    values: Array

    @classmethod
    def of(cls, view: RowLoss) -> Self:
        """Look at one batch."""
        return cls(_largest(view.values.T[:MOST_COLUMNS]))

    def __add__(self, other: Self) -> Self:
        """Look at both."""
        return type(self)(_largest(np.concatenate([self.values, other.values], axis=1)))


def _largest(values: Array) -> Array:
    if values.shape[1] > MOST_ROWS:
        values = np.partition(values, -MOST_ROWS, axis=1)[:, -MOST_ROWS:]
    return np.sort(values, axis=1)[:, ::-1]


def _lowest(values: Array, numbers: Array) -> tuple[Array, Array]:
    """The lowest values of each line with their row numbers, equal ones by these numbers."""
    if values.shape[1] > 2 * MOST_ROWS:
        edge = np.partition(values, MOST_ROWS - 1, axis=1)[:, MOST_ROWS - 1]
        kept = [_candidates(line, limit) for line, limit in zip(values, edge, strict=True)]
        values = np.stack([line[keep] for line, keep in zip(values, kept, strict=True)])
        numbers = np.stack([line[keep] for line, keep in zip(numbers, kept, strict=True)])
    order = np.lexsort((numbers, values), axis=1)[:, :MOST_ROWS]
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(numbers, order, axis=1)


def _candidates(line: Array, limit: float) -> Array:
    """Positions of the lowest values of a batch, whose row numbers ascend."""
    below, at = np.flatnonzero(line < limit), np.flatnonzero(line == limit)
    found: Array = np.concatenate([below, at[: MOST_ROWS - len(below)]])
    return found
