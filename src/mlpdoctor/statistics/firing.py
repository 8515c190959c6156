"""How often each rectified unit is not zero."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.network import Array
from mlpdoctor.views import PreActivation


@dataclass(frozen=True, eq=False)
class Firing:
    """For each unit whose activation is exactly zero on a half line: on how many rows it is not.

    Attributes:
        rows: rows seen.
        fired: rows on which each unit was not zero.
        highest: the highest pre-activation of each unit, which says how far a dead one is from waking.
    """

    rows: int
    fired: npt.NDArray[np.int64]
    highest: Array

    @classmethod
    def of(cls, view: PreActivation) -> Self | None:
        """Count on one batch; absent for activations that cannot be dead."""
        if not view.function.gated:
            return None
        fired = np.count_nonzero(view.outputs, axis=0).astype(np.int64)
        return cls(len(view.outputs), fired, view.values.max(axis=0))

    def __add__(self, other: Self) -> Self:
        """Count on both."""
        return type(self)(self.rows + other.rows, self.fired + other.fired, np.maximum(self.highest, other.highest))

    @property
    def dead(self) -> npt.NDArray[np.bool_]:
        """Which units are zero on every row."""
        return np.equal(self.fired, 0)
