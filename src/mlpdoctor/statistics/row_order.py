"""How targets and features change from the top of the file to its end."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import Rows

MOST_CHUNKS = 1 << 10
"""A thousandth of the file is as fine as an order has to be seen."""
MOST_COLUMNS = 16
"""Where rows are in order the first of many target or feature columns show it; images would cost time."""


@dataclass(frozen=True, eq=False)
class RowOrder:
    """Rows, sum, least and greatest of each column in chunks of consecutive row numbers.

    Chunks start at multiples of their width, a power of two that follows from the last row number alone, so that
    any order of merging gives the same.

    Attributes:
        width: row numbers in a chunk.
        targets: how many of the columns are targets; they come first, the features after them.
        rows: usable rows in each chunk, shape (chunks,).
        sums: shape (chunks, columns).
        low: shape (chunks, columns); infinite in a chunk without rows.
        high: shape (chunks, columns); minus infinite in a chunk without rows.
    """

    width: int
    targets: int
    rows: npt.NDArray[np.int64]
    sums: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Summarise one batch; its rows come in the order of their numbers."""
        numbers, targets = view.numbers.astype(np.int64), view.targets[:, :MOST_COLUMNS]
        values = np.concatenate([targets, view.features[:, :MOST_COLUMNS]], axis=1)
        width = 1
        while int(numbers[-1]) // width >= MOST_CHUNKS:
            width *= 2
        chunk = numbers // width
        starts = np.flatnonzero(np.diff(chunk, prepend=-1))
        empty = cls._empty(width, targets.shape[1], int(chunk[-1]) + 1, values.shape[1])
        place = chunk[starts]
        empty.rows[place] = np.diff(starts, append=len(chunk))
        empty.sums[place] = np.add.reduceat(values, starts)
        empty.low[place] = np.minimum.reduceat(values, starts)
        empty.high[place] = np.maximum.reduceat(values, starts)
        return empty

    def __add__(self, other: Self) -> Self:
        """Summarise both, in the wider chunks."""
        width = max(self.width, other.width)
        chunks = max(-(-len(one.rows) * one.width // width) for one in (self, other))
        found = self._empty(width, self.targets, chunks, self.sums.shape[1])
        for one in (self, other):
            place = np.arange(len(one.rows)) * one.width // width
            np.add.at(found.rows, place, one.rows)
            np.add.at(found.sums, place, one.sums)
            np.minimum.at(found.low, place, one.low)
            np.maximum.at(found.high, place, one.high)
        return found

    @classmethod
    def _empty(cls, width: int, targets: int, chunks: int, columns: int) -> Self:
        shape = (chunks, columns)
        rows = np.zeros(chunks, np.int64)
        return cls(width, targets, rows, np.zeros(shape), np.full(shape, np.inf), np.full(shape, -np.inf))
