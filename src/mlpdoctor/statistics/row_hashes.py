"""Which rows may have identical inputs, in bounded memory."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.network import Array
from mlpdoctor.views import Rows

MOST_HASHES = 1 << 22
"""Hashes kept, 32 MiB. Beyond it every other hash value is given up, all copies of a row together."""

_MIX = np.uint64(0x9E3779B97F4A7C15)
_FOLD = np.uint64(0xFF51AFD7ED558CCD)
_HALF = np.uint64(32)


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
        return cls._kept(0, hash_rows(view.features))

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


def hash_rows(features: Array) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each row of float64 values; 0.0 and -0.0 count as the same number."""
    # Started from zero a row of zeros would have the hash zero, which no level ever gives up.
    return mix(np.full(len(features), _MIX, dtype=np.uint64), features)


def mix(started: npt.NDArray[np.uint64], features: Array) -> npt.NDArray[np.uint64]:
    """The hash of each row continued by further columns."""
    mixed, high = started.copy(), np.empty_like(started)
    number = np.empty(len(features))
    for column in features.T:
        np.add(column, 0.0, out=number)
        mixed ^= number.view(np.uint64)
        for factor in (_MIX, _FOLD):
            mixed *= factor
            mixed ^= np.right_shift(mixed, _HALF, out=high)
    return mixed


def at_level(hashes: npt.NDArray[np.uint64], level: int) -> npt.NDArray[np.uint64]:
    """The hashes whose last ``level`` bits are zero."""
    return hashes[hashes & np.uint64((1 << level) - 1) == 0] if level else hashes
