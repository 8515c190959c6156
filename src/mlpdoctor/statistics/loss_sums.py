"""The model's own loss, summed over rows."""

from dataclasses import dataclass
from typing import Self

from mlpdoctor.network import Array
from mlpdoctor.views import RowLoss


@dataclass(frozen=True, eq=False)
class LossSums:
    """Weighted sum of the loss of each part, and the rows it was summed over."""

    rows: int
    sums: Array

    @classmethod
    def of(cls, view: RowLoss) -> Self:
        """Sum over one batch."""
        return cls(len(view.values), view.values.sum(axis=0))

    def __add__(self, other: Self) -> Self:
        """Sum over both."""
        return type(self)(self.rows + other.rows, self.sums + other.sums)

    @property
    def mean(self) -> Array:
        """Mean loss of each part."""
        return self.sums / self.rows
