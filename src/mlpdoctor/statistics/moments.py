"""Mean, spread and range of columns, and the size of the first weighted sums."""

from typing import Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import Entering, Gradient, Normalising, Outputs, Targets


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


class OutputMoments(Moments):
    """Moments of what the network answers."""

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
