"""Rows in bounded memory: which may be equal, how they change from the top of the file to its end, a sample of them."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import Rows, hash_on, hash_rows

CLEAR = 3.0
"""Standard errors by which what a sample of rows tells must stand out before it is more than chance: at thirty rows one
difference in four hundred does by chance, with two standard errors one in forty, and several are looked at."""
MOST_HASHES = 1 << 22
"""Hashes kept, 32 MiB. Beyond it every other hash value is given up, all copies of a row together."""


@dataclass(frozen=True, eq=False)
class RowHashes:
    """A hash of the features of each row.

    Equal rows have equal hashes, so no pair is missed; unequal rows with equal hashes are told apart later. Over
    ``MOST_HASHES`` rows only hashes that end in ``level`` zero bits are kept (the distinct sampling of Gibbons,
    2001): a row is kept with all its copies or not at all.

    Attributes:
        level: how many trailing bits of a kept hash are zero.
        hashes: one for each kept row, in no particular order.
    """

    level: int
    hashes: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Hash one batch."""
        return cls._kept(0, view.hashes)

    def __add__(self, other: Self) -> Self:
        """Keep the hashes of both, at the coarser level."""
        level = max(self.level, other.level)
        both = np.concatenate([at_level(self.hashes, level), at_level(other.hashes, level)])
        return self._kept(level, both)

    @classmethod
    def _kept(cls, level: int, hashes: npt.NDArray[np.uint64]) -> Self:
        while len(hashes) > MOST_HASHES:
            level += 1
            hashes = at_level(hashes, level)
        return cls(level, hashes)

    @property
    def repeated(self) -> npt.NDArray[np.uint64]:
        """The hashes that occur more than once, sorted."""
        values, counts = np.unique(self.hashes, return_counts=True)
        return values[counts > 1]


def at_level(hashes: npt.NDArray[np.uint64], level: int) -> npt.NDArray[np.uint64]:
    """The hashes whose last ``level`` bits are zero."""
    return hashes[hashes & np.uint64((1 << level) - 1) == 0] if level else hashes


class WholeRowHashes(RowHashes):
    """Hashes of features and targets together; all else as for the features alone."""

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Hash one batch."""
        return cls._kept(0, hash_on(view.hashes, view.targets))


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


MOST_ROWS = 1 << 15
"""Enough to fit a last layer of a hundred units to within a percent."""
MOST_CELLS = 1 << 20
"""Numbers kept, 8 MiB: of wide tables fewer rows are."""
FEW_ROWS = 2_000
"""Enough for a standard error of two percent of a loss, few enough for a second opinion within a tenth of a second."""


@dataclass(frozen=True, eq=False)
class RowSample:
    """The rows whose numbers have the lowest hashes: a simple random sample, the same for any order of merging.

    Attributes:
        tickets: the hash of each row's number, ascending.
        features: shape (sampled rows, features).
        targets: shape (sampled rows, targets).
        weights: shape (sampled rows,); None where all rows count alike.
    """

    tickets: npt.NDArray[np.uint64]
    features: Array
    targets: Array
    weights: Array | None = None

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Sample from one batch."""
        return cls._lowest(hash_rows(view.numbers[:, None]), view.features, view.targets, view.weights)

    def __add__(self, other: Self) -> Self:
        """Sample from both."""
        if len(self.tickets) < len(other.tickets):
            return other + self
        # Most rows of a late block come too late for a full sample, and need not be copied.
        chosen = slice(None)
        if len(self.tickets) == self._most(self.features, self.targets):
            chosen = slice(int(np.searchsorted(other.tickets, self.tickets[-1])))
        weights = None
        if self.weights is not None and other.weights is not None:
            weights = np.concatenate([self.weights, other.weights[chosen]])
        return self._lowest(
            np.concatenate([self.tickets, other.tickets[chosen]]),
            np.concatenate([self.features, other.features[chosen]]),
            np.concatenate([self.targets, other.targets[chosen]]),
            weights,
        )

    @property
    def few(self) -> Self:
        """A smaller sample out of this one, for work that grows faster than its rows."""
        part = slice(FEW_ROWS)
        weights = None if self.weights is None else self.weights[part]
        return type(self)(self.tickets[part], self.features[part], self.targets[part], weights)

    @staticmethod
    def _most(features: Array, targets: Array) -> int:
        columns = int(features.shape[1] + targets.shape[1])
        return min(MOST_ROWS, max(MOST_CELLS // columns, FEW_ROWS))

    @classmethod
    def _lowest(cls, tickets: npt.NDArray[np.uint64], features: Array, targets: Array, weights: Array | None) -> Self:
        order = np.argsort(tickets, kind="stable")[: cls._most(features, targets)]
        kept = None if weights is None else weights[order]
        return cls(tickets[order], features.take(order, axis=0), targets.take(order, axis=0), kept)
