"""Which cells of the data are missing, infinite or too large."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.dataset import all_usable, usable, vanishing
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.statistics.views import Cells

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
        return (self.too_small > 0) & (self.too_small == self.filled)

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
