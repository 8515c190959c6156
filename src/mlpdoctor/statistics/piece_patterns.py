"""How many different affine maps a piecewise linear network uses on the rows."""

from typing import Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.statistics.views import Pieces

MOST_PATTERNS = 1_000
"""Counting stops here: a network with a thousand pieces on the data is not stuck on a single one."""


@dataclass(frozen=True)
class PiecePatterns:
    """The distinct patterns of linear pieces seen, each as bytes; ``overflow`` when there were too many to keep."""

    patterns: frozenset[bytes]
    overflow: bool = False

    @classmethod
    def of(cls, view: Pieces) -> Self:
        """Collect from one batch."""
        rows = np.ascontiguousarray(view.values)
        keys = np.unique(rows.view(np.dtype((np.void, rows.shape[1]))).ravel())
        return cls._kept(frozenset(key.tobytes() for key in keys[: MOST_PATTERNS + 1]))

    def __add__(self, other: Self) -> Self:
        """Collect from both."""
        if self.overflow or other.overflow:
            return type(self)(frozenset(), overflow=True)
        return self._kept(self.patterns | other.patterns)

    @property
    def full(self) -> bool:
        """Whether more rows can tell nothing new, so that the pass may spare them."""
        return self.overflow

    @classmethod
    def _kept(cls, patterns: frozenset[bytes]) -> Self:
        many = len(patterns) > MOST_PATTERNS
        return cls(frozenset() if many else patterns, overflow=many)
