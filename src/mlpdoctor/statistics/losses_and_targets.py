"""Losses and targets: their sums, the values that targets take, and the few rows at the far ends."""

from collections import Counter
from collections.abc import Mapping
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.distinct import distinct
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import PerfectLoss, RowLoss, Rows, Targets


@dataclass(frozen=True, eq=False)
class Sums:
    """Weighted sum over rows for each part of the loss, and the rows it was summed over."""

    rows: int
    sums: Array

    @classmethod
    def of_values(cls, values: Array) -> Self:
        """Sum values of shape (rows, parts)."""
        return cls(len(values), values.sum(axis=0))

    def __add__(self, other: Self) -> Self:
        """Sum over both."""
        return type(self)(self.rows + other.rows, self.sums + other.sums)

    @property
    def mean(self) -> Array:
        """Mean over rows for each part."""
        return self.sums / self.rows


class LossSums(Sums):
    """Of the model's own loss."""

    @classmethod
    def of(cls, view: RowLoss) -> Self:
        """Sum over one batch."""
        return cls.of_values(view.values)


class PerfectSums(Sums):
    """Of what a perfect answer to each row would still cost."""

    @classmethod
    def of(cls, view: PerfectLoss) -> Self:
        """Sum over one batch."""
        return cls.of_values(view.values)


MOST_VALUES = 256
"""Labels are fewer; a grey value, the largest alphabet that is taken for labels by mistake, has as many."""
GLANCE = 4 * MOST_VALUES
"""Rows that are enough to see that a column of measurements takes too many values."""

Counts: TypeAlias = Mapping[float, int]
"""The distinct values of a column in ascending order, and in how many rows each occurs."""


@dataclass(frozen=True)
class TargetCounts:
    """The values of each target column with their counts; None for a column that takes too many."""

    columns: tuple[Counts | None, ...]

    @classmethod
    def of(cls, view: Targets) -> Self:
        """Count in one batch."""
        return cls(tuple(_counted(column) for column in view.values.T))

    def __add__(self, other: Self) -> Self:
        """Count in both."""
        return type(self)(tuple(_both(*pair) for pair in zip(self.columns, other.columns, strict=True)))


def _counted(column: Array) -> Counts | None:
    if len(distinct(column[:GLANCE])) > MOST_VALUES:
        return None
    values, counts = np.unique(column + 0.0, return_counts=True)  # -0.0 and 0.0 are one value
    return dict(zip(values.tolist(), counts.tolist(), strict=True)) if len(values) <= MOST_VALUES else None


def _both(first: Counts | None, second: Counts | None) -> Counts | None:
    if first is None or second is None:
        return None
    total = Counter(first)
    total.update(second)
    return dict(sorted(total.items())) if len(total) <= MOST_VALUES else None


@dataclass(frozen=True, eq=False)
class TargetValues:
    """Extremes of each target column, and whether all its values are whole numbers."""

    low: Array
    high: Array
    whole: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Look at one batch."""
        values = view.targets
        return cls(values.min(axis=0), values.max(axis=0), (values == np.rint(values)).all(axis=0))

    def __add__(self, other: Self) -> Self:
        """Look at both."""
        return type(self)(np.minimum(self.low, other.low), np.maximum(self.high, other.high), self.whole & other.whole)

    @property
    def labels(self) -> bool:
        """Whether every target is -1, 0 or 1."""
        return bool(self.whole.all() and self.low.min() >= -1 and self.high.max() <= 1)


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
