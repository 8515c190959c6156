"""Where a curve ends: the level of its last stretch, with an error bar."""

from dataclasses import dataclass

from mlpdoctor.history import Column


@dataclass(frozen=True)
class Level:
    """The level on which a curve ends.

    Attributes:
        value: the median of the last stretch.
        error: half the width of the 95 % interval that the scatter leaves; 0 for a curve without scatter.
        rounding: half a unit of the last digit printed, to be added to ``error``.
        first: epoch at which the stretch begins.
        last: epoch at which it ends.
        settled: whether the curve no longer moves on this stretch by more than scatter and rounding, and the stretch
            is long enough to say so.
    """

    value: float
    error: float
    rounding: float
    first: int
    last: int
    settled: bool

    @property
    def within(self) -> float:
        """How far the true level may be from ``value``."""
        return self.error + self.rounding

    @property
    def low(self) -> float:
        """The lowest level that the curve allows."""
        return self.value - self.within

    @property
    def high(self) -> float:
        """The highest level that the curve allows."""
        return self.value + self.within


def final_level(column: Column) -> Level | None:
    """The level on which a curve ends, or None for one without a finite value, or that ends in NaN."""
    raise NotImplementedError
