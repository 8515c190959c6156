"""Between which values the targets lie, and whether they are whole numbers."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array
from mlpdoctor.views import Rows


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
