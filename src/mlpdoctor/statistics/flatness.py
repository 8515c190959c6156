"""How often each saturating unit works on the flat part of its activation."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array
from mlpdoctor.views import PreActivation

FLAT = 0.05
"""A slope under this share of the steepest passes on so little gradient that five such layers in a row pass on a
millionth. For tanh it begins at 2.2 away from zero, for the sigmoid at 4.4."""

_PROBES = np.linspace(-8.0, 8.0, 1601)


@dataclass(frozen=True, eq=False)
class Flatness:
    """For each unit of a saturating activation: rows on the flat part, and the sum of its relative slope.

    Attributes:
        rows: rows seen; of units that work at several places, rows times places.
        flat: rows on which each unit's slope was under ``FLAT`` of the steepest.
        slope: sum over rows of the slope relative to the steepest.
    """

    rows: int
    flat: npt.NDArray[np.int64]
    slope: Array

    @classmethod
    def of(cls, view: PreActivation) -> Self | None:
        """Count on one batch; absent for activations that do not level off on both sides."""
        if not view.function.saturating or view.function.derivative is None:
            return None
        steepest = view.function.derivative(_PROBES).max()
        slope = view.function.derivative(view.values) / steepest
        return cls(len(slope), np.count_nonzero(slope < FLAT, axis=0).astype(np.int64), slope.sum(axis=0))

    def __add__(self, other: Self) -> Self:
        """Count on both."""
        return type(self)(self.rows + other.rows, self.flat + other.flat, self.slope + other.slope)
