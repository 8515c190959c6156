"""Sums of losses over rows: of the model's own, and of perfect answers."""

from typing import Self

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import PerfectLoss, RowLoss


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
