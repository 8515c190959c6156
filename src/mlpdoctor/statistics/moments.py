"""Mean, spread and range of columns, the size of the first weighted sums, and cells that are no numbers."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.dataset import all_usable, usable, vanishing
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import Cells, Entering, Gradient, Normalising, Outputs, Targets


@dataclass(frozen=True, eq=False)
class FirstSums:
    """Sum of the squares of each unit's pre-activation."""

    rows: int
    squares: Array

    @classmethod
    def of(cls, view: Entering) -> Self:
        """Sum over one batch."""
        return cls(len(view.pre_activation), np.einsum("ij,ij->j", view.pre_activation, view.pre_activation))

    def __add__(self, other: Self) -> Self:
        """Sum over both."""
        return type(self)(self.rows + other.rows, self.squares + other.squares)

    @property
    def root_mean_square(self) -> Array:
        """Distance of each unit's sum from zero, root mean square."""
        return np.sqrt(self.squares / self.rows)


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, mean, sum of squared deviations and extremes of each column.

    Merged by the pairwise update of Chan, Golub and LeVeque, 1979, which loses no digits to a large mean.
    """

    rows: int
    mean: Array
    squared: Array
    low: Array
    high: Array

    @classmethod
    def of_values(cls, values: Array) -> Self:
        """Summarise an array of shape (rows, columns)."""
        mean = values.mean(axis=0)
        return cls(
            rows=len(values),
            mean=mean,
            squared=np.square(values - mean).sum(axis=0),
            low=values.min(axis=0),
            high=values.max(axis=0),
        )

    def __add__(self, other: Self) -> Self:
        """Summarise both."""
        rows = self.rows + other.rows
        shift = other.mean - self.mean
        return type(self)(
            rows=rows,
            mean=self.mean + shift * (other.rows / rows),
            squared=self.squared + other.squared + np.square(shift) * (self.rows * other.rows / rows),
            low=np.minimum(self.low, other.low),
            high=np.maximum(self.high, other.high),
        )

    @property
    def deviation(self) -> Array:
        """Standard deviation of each column, over all rows."""
        return np.sqrt(self.squared / self.rows)

    @property
    def root_mean_square(self) -> Array:
        """Distance of each column from zero, root mean square."""
        return np.hypot(self.deviation, self.mean)


class TargetMoments(Moments):
    """Moments of the targets."""

    @classmethod
    def of(cls, view: Targets) -> Self:
        """Summarise one batch."""
        return cls.of_values(view.values)

    def size(self, column: int) -> float:
        """How large the numbers of a column are: its mean or its deviation, whichever is larger."""
        return float(max(abs(self.mean[column]), self.deviation[column]))


class OutputMoments(Moments):
    """Moments of what the network predicts."""

    @classmethod
    def of(cls, view: Outputs) -> Self:
        """Summarise one batch."""
        return cls.of_values(view.values)


class EnteringMoments(Moments):
    """Moments of the numbers that enter a first learned layer."""

    @classmethod
    def of(cls, view: Entering) -> Self:
        """Summarise one layer on one batch."""
        return cls.of_values(view.values)


class NormalisedMoments(Moments):
    """Moments of the numbers that a normalising layer is given."""

    @classmethod
    def of(cls, view: Normalising) -> Self:
        """Summarise one layer on one batch."""
        return cls.of_values(view.values)


class GradientMoments(Moments):
    """Moments of the gradients that reach the units of a layer."""

    @classmethod
    def of(cls, view: Gradient) -> Self:
        """Summarise one layer on one batch."""
        return cls.of_values(view.values)


NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class CellCounts:
    """Unusable cells by column (features, then targets, then the weights where rows have them) and unusable rows.

    Attributes:
        rows: all rows read.
        bad_rows: rows with at least one of these cells.
        missing: missing cells (NaN) of each column.
        infinite: infinite cells of each column.
        too_large: cells of each column that are finite and beyond float32.
        first_bad: number of the first row with a bad cell in each column, counted from 0; ``NEVER`` without one.
        too_small: cells of each column that are not 0, and are in float32.
        filled: cells of each column that are not 0.
    """

    rows: int
    bad_rows: int
    missing: npt.NDArray[np.int64]
    infinite: npt.NDArray[np.int64]
    too_large: npt.NDArray[np.int64]
    first_bad: npt.NDArray[np.int64]
    too_small: npt.NDArray[np.int64]
    filled: npt.NDArray[np.int64]

    @property
    def vanished(self) -> npt.NDArray[np.bool_]:
        """The columns of which nothing but zeros is left in float32, though the file holds other numbers."""
        return np.asarray((self.too_small > 0) & (self.too_small == self.filled), np.bool_)

    @classmethod
    def of(cls, view: Cells) -> Self:
        """Count in one batch."""
        tables = [view.features, view.targets, *([] if view.weights is None else [view.weights[:, None]])]
        filled = np.concatenate([np.count_nonzero(table, axis=0) for table in tables])
        small = np.concatenate([vanishing(table).sum(axis=0) for table in tables])
        if all(map(all_usable, tables)):
            none = np.zeros(sum(table.shape[1] for table in tables), np.int64)
            return cls(len(view.features), 0, none, none, none, np.full(len(none), NEVER), small, filled)
        cells = np.concatenate(tables, axis=1)
        bad = ~usable(cells)
        missing, infinite = np.isnan(cells), np.isinf(cells)
        first = np.where(bad.any(axis=0), view.first_row + bad.argmax(axis=0), NEVER)
        return cls(
            rows=len(cells),
            bad_rows=int(bad.any(axis=1).sum()),
            missing=missing.sum(axis=0),
            infinite=infinite.sum(axis=0),
            too_large=(bad & ~missing & ~infinite).sum(axis=0),
            first_bad=first.astype(np.int64),
            too_small=small,
            filled=filled,
        )

    def __add__(self, other: Self) -> Self:
        """Count in both."""
        return type(self)(
            rows=self.rows + other.rows,
            bad_rows=self.bad_rows + other.bad_rows,
            missing=self.missing + other.missing,
            infinite=self.infinite + other.infinite,
            too_large=self.too_large + other.too_large,
            first_bad=np.minimum(self.first_bad, other.first_bad),
            too_small=self.too_small + other.too_small,
            filled=self.filled + other.filled,
        )
