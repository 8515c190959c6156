"""How large the weighted sums are that a first learned layer makes of what enters it."""

from typing import Self

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array
from mlpdoctor.views import Entering


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
