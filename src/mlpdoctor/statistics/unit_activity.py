"""How often units are zero or flat, how large activities are, and how many affine maps a network uses on the rows."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.distinct import distinct
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import Activity, Pieces, PreActivation

HALF_A_LAYER, NARROW = 0.5, 8
"""A layer that lost half its units, and of whose units fewer than so many work, misses each of them."""


@dataclass(frozen=True, eq=False)
class ActivitySums:
    """Sums over all rows and units of |output| and of its square.

    Attributes:
        rows: rows seen, those of every call of a shared layer.
        sums: shape (2,): sum of sizes, sum of squares.
    """

    rows: int
    sums: Array

    @classmethod
    def of(cls, view: Activity) -> Self:
        """Sum over one batch."""
        return cls(len(view.values), np.array([np.abs(view.values).sum(), np.square(view.values).sum()]))

    def __add__(self, other: Self) -> Self:
        """Sum over both."""
        return type(self)(self.rows + other.rows, self.sums + other.sums)

    @property
    def absolute(self) -> float:
        """Sum of sizes, mean over rows."""
        return float(self.sums[0]) / self.rows

    @property
    def squared(self) -> float:
        """Sum of squares, mean over rows."""
        return float(self.sums[1]) / self.rows


BYTE_ROWS = 128
"""Rows whose count fits into a byte."""


@dataclass(frozen=True, eq=False)
class Firing:
    """For each unit whose activation is exactly zero on a half line: on how many rows it is not.

    Attributes:
        rows: rows of the data seen.
        fired: rows on which each unit was not zero, or places where it was not, of units that work at several.
    """

    rows: int
    fired: npt.NDArray[np.int64]

    @classmethod
    def of(cls, view: PreActivation) -> Self | None:
        """Count on one batch; absent for activations that cannot be dead."""
        if not view.function.gated:
            return None
        return cls(len(view.outputs) // view.places, _count(view.outputs != 0))

    def __add__(self, other: Self) -> Self:
        """Count on both."""
        return type(self)(self.rows + other.rows, self.fired + other.fired)

    @property
    def dead(self) -> npt.NDArray[np.bool_]:
        """Which units are zero on every row."""
        return np.equal(self.fired, 0)


def _count(true: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How often each column is true. Sums of so many rows as a byte can count take a fifth of the time."""
    ones = true.view(np.uint8)
    whole = len(ones) // BYTE_ROWS * BYTE_ROWS
    groups = np.add.reduce(ones[:whole].reshape(-1, BYTE_ROWS, ones.shape[1]), axis=1, dtype=np.uint8)
    counts: npt.NDArray[np.int64] = groups.sum(axis=0, dtype=np.int64) + ones[whole:].sum(axis=0, dtype=np.int64)
    return counts


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
        keys = distinct(rows.view(np.dtype((np.void, rows.shape[1]))).ravel())
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


def crippled(lost: float, live: int) -> bool:
    """Whether a layer has lost so many units, as a share, that it is another layer than its user drew."""
    return lost >= HALF_A_LAYER and live < NARROW
