"""Which values the targets take, how often, and between which bounds."""

from collections import Counter
from collections.abc import Mapping
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import Rows, Targets

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
    if len(np.unique(column[:GLANCE])) > MOST_VALUES:
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
