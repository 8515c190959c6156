"""Which rows may have identical inputs, or be copies altogether, in bounded memory."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.row_hash import hash_on
from mlpdoctor.statistics.views import Rows

MOST_HASHES = 1 << 22
"""Hashes kept, 32 MiB. Beyond it every other hash value is given up, all copies of a row together."""


@dataclass(frozen=True, eq=False)
class RowHashes:
    """A hash of the features of each row.

    Equal rows have equal hashes, so no pair is missed; unequal rows with equal hashes are told apart later. Over
    ``MOST_HASHES`` rows only hashes that end in ``level`` zero bits are kept (the distinct sampling of Gibbons,
    2001): a row is kept with all its copies or not at all.

    Attributes:
        level: how many trailing bits of a kept hash are zero.
        hashes: one for each kept row, in no particular order.
    """

    level: int
    hashes: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Hash one batch."""
        return cls._kept(0, view.hashes)

    def __add__(self, other: Self) -> Self:
        """Keep the hashes of both, at the coarser level."""
        level = max(self.level, other.level)
        both = np.concatenate([at_level(self.hashes, level), at_level(other.hashes, level)])
        return self._kept(level, both)

    @classmethod
    def _kept(cls, level: int, hashes: npt.NDArray[np.uint64]) -> Self:
        while len(hashes) > MOST_HASHES:
            level += 1
            hashes = at_level(hashes, level)
        return cls(level, hashes)

    @property
    def repeated(self) -> npt.NDArray[np.uint64]:
        """The hashes that occur more than once, sorted."""
        values, counts = np.unique(self.hashes, return_counts=True)
        return values[counts > 1]


def at_level(hashes: npt.NDArray[np.uint64], level: int) -> npt.NDArray[np.uint64]:
    """The hashes whose last ``level`` bits are zero."""
    return hashes[hashes & np.uint64((1 << level) - 1) == 0] if level else hashes


class WholeRowHashes(RowHashes):
    """Hashes of features and targets together; all else as for the features alone."""

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Hash one batch."""
        return cls._kept(0, hash_on(view.hashes, view.targets))
