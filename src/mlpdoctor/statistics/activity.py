"""Sizes of what a layer puts out, summed over rows: what an activity regulariser needs to know of the data."""

from typing import Self

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array
from mlpdoctor.views import Activity


@dataclass(frozen=True, eq=False)
class ActivitySums:
    """Sums over all rows and units of |output| and of its square.

    Attributes:
        rows: rows seen, those of every call of a shared layer.
        sums: shape (2,): sum of sizes, sum of squares.
    """

    rows: int
    sums: Array

    @classmethod
    def of(cls, view: Activity) -> Self:
        """Sum over one batch."""
        return cls(len(view.values), np.array([np.abs(view.values).sum(), np.square(view.values).sum()]))

    def __add__(self, other: Self) -> Self:
        """Sum over both."""
        return type(self)(self.rows + other.rows, self.sums + other.sums)

    @property
    def absolute(self) -> float:
        """Sum of sizes, mean over rows."""
        return float(self.sums[0]) / self.rows

    @property
    def squared(self) -> float:
        """Sum of squares, mean over rows."""
        return float(self.sums[1]) / self.rows
