"""What kind of thing the target columns of an output hold, told from their values."""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import percent, short
from mlpdoctor.statistics.losses_and_targets import Counts


class Kind(StrEnum):
    """What target columns hold."""

    CONSTANT = "one value"
    BINARY = "labels 0 and 1"
    SIGNS = "labels -1 and 1"
    TWO_VALUES = "two values that are not 0 and 1"
    CLASSES = "class numbers from 0"
    SHIFTED = "class numbers from 1"
    SCALED = "class numbers divided by 255"
    ONE_HOT = "one-hot labels"
    MULTI_LABEL = "several labels a row"
    SHARES = "shares that add up to 1"
    UNIT = "numbers from 0 to 1"
    COUNTS = "whole numbers from 0 up"
    POSITIVE = "numbers from 0 up"
    REAL = "any numbers"


MOST_CLASSES = 32
"""More distinct whole numbers than this are a count or a measurement unless the loss says otherwise."""
REPEATED = 3
"""A class has several rows; whole numbers that hardly repeat are measurements or a grid."""
RAREST = 0.2
"""Classes have similar shares, the rarest at least this part of an equal share; counts thin out towards their end."""
GREYS = 255.0
MOST_GREY_CLASSES = 100
"""Pictures are divided by 255 together with their labels by mistake; as many classes as data sets of pictures have."""
SHOWN_VALUES = 4
AMOUNTS = (Kind.UNIT, Kind.COUNTS, Kind.POSITIVE, Kind.REAL)
NAMED: Mapping[tuple[float, ...], Kind] = {(0.0, 1.0): Kind.BINARY, (-1.0, 1.0): Kind.SIGNS}


@dataclass(frozen=True)
class Labels:
    """The target columns of one output.

    Attributes:
        kind: what they hold.
        low: the least value.
        high: the greatest.
        whole: whether all values are whole numbers.
        columns: how many there are.
        values: the distinct values in ascending order while they are few; None when they are many.
        shares: in which share of the rows each of them occurs, for a single column.
        zeros: share of zeros among all values.
        present: for one-hot columns, how many have a one in some row.
    """

    kind: Kind
    low: float
    high: float
    whole: bool
    columns: int
    values: tuple[float, ...] | None = None
    shares: tuple[float, ...] | None = None
    zeros: float | None = None
    present: int | None = None

    @property
    def classes(self) -> int | None:
        """How many classes there are, where that can be told."""
        if self.kind is Kind.ONE_HOT:
            return self.present
        return None if self.values is None or self.columns > 1 else len(self.values)

    @property
    def words(self) -> str:
        """The kind with what was seen of it: ``labels 0 and 1, 25 % of them 1``."""
        if self.kind in (Kind.BINARY, Kind.SIGNS):
            return f"labels {self.evidence}"
        if self.kind in (Kind.CLASSES, Kind.SHIFTED, Kind.SCALED):
            return f"{self.kind.value} to {short(self.high)}" if self.kind is not Kind.SCALED else self.kind.value
        return self.evidence

    @property
    def evidence(self) -> str:
        """What was seen, in words: ``values 0 and 1 (37.5 % are 1)``."""
        if self.kind is Kind.ONE_HOT:
            return f"{self.columns} columns, with a single 1 in each row"
        if self.kind is Kind.MULTI_LABEL:
            return f"{self.columns} columns of 0 and 1, with any number of 1s in a row"
        if self.kind is Kind.SHARES:
            return f"{self.columns} columns from 0 to 1 that add up to 1 in each row"
        if self.values is not None and len(self.values) <= SHOWN_VALUES and self.kind not in AMOUNTS:
            listed = " and ".join(filter(None, (", ".join(map(short, self.values[:-1])), short(self.values[-1]))))
            two = self.shares is not None and len(self.values) == 2  # noqa: PLR2004
            share = f", {percent(self.shares[-1])} of them {short(self.values[-1])}" if two and self.shares else ""
            return f"{listed}{share}"
        numbers = "whole numbers" if self.whole else "numbers"
        few = "" if self.values is None or not self.whole else f", {len(self.values)} different ones"
        return f"{numbers} from {short(self.low)} to {short(self.high)}{few}"


def tell(counts: Sequence[Counts | None], low: float, high: float, *, whole: bool, joined: bool) -> Labels:
    """What target columns hold.

    Args:
        counts: the values of each column with how often each occurs; None where they are many.
        low: the least value of all.
        high: the greatest.
        whole: whether all are whole numbers.
        joined: whether the columns of each row add up to 1.
    """
    known = [column for column in counts if column is not None]
    values = tuple(sorted(set().union(*known))) if len(known) == len(counts) else None
    rows = sum(known[0].values()) if values is not None else 0
    if len(counts) == 1:
        kind = _single(known[0] if values is not None else None, low, high, whole=whole)
        shares = tuple(count / rows for count in known[0].values()) if values is not None else None
        zeros = known[0].get(0.0, 0) / rows if values is not None else None
        return Labels(kind, low, high, whole, 1, values, shares, zeros)
    kind = _several(values, low, high, whole=whole, joined=joined)
    present = sum(column.get(1.0, 0) > 0 for column in known) if kind is Kind.ONE_HOT else None
    return Labels(kind, low, high, whole, len(counts), values, present=present)


def _single(counts: Counts | None, low: float, high: float, *, whole: bool) -> Kind:
    if counts is not None:
        values = tuple(counts)
        if len(values) == 1:
            return Kind.CONSTANT
        named = NAMED.get(values)
        if named is not None:
            return named
        labels = _labels(counts, low, whole=whole)
        if labels is not None:
            return labels
    if whole:
        return Kind.COUNTS if low >= 0 else Kind.REAL
    if low >= 0:
        return Kind.UNIT if high <= 1 else Kind.POSITIVE
    return Kind.REAL


def _labels(counts: Counts, low: float, *, whole: bool) -> Kind | None:
    """Class numbers in some spelling; None where the values look like measurements."""
    rows, number = sum(counts.values()), len(counts)
    rarest = min(counts.values())
    if rows < REPEATED * number or rarest < REPEATED:
        return None
    if number == 2:  # noqa: PLR2004
        return Kind.SHIFTED if tuple(counts) == (1.0, 2.0) else Kind.TWO_VALUES
    if number > MOST_CLASSES:
        return None
    if not whole and low >= 0 and _greys(tuple(counts)):
        return Kind.SCALED
    if rarest * number < RAREST * rows:
        return None
    if whole and low in (0.0, 1.0) and max(counts) - low + 1 == number:
        return Kind.CLASSES if low == 0 else Kind.SHIFTED
    return None


def _greys(values: tuple[float, ...]) -> bool:
    """Whether values are neighbouring class numbers divided by 255."""
    levels = [value * GREYS for value in values]
    exact = all(math.isclose(level, round(level), rel_tol=1e-5, abs_tol=1e-5) for level in levels)
    return exact and levels[-1] <= MOST_GREY_CLASSES and round(levels[-1]) - round(levels[0]) + 1 == len(levels)


def _several(values: tuple[float, ...] | None, low: float, high: float, *, whole: bool, joined: bool) -> Kind:
    if values is not None and set(values) <= {0.0, 1.0}:
        return Kind.CONSTANT if len(values) == 1 else Kind.ONE_HOT if joined else Kind.MULTI_LABEL
    if values is not None and set(values) == {-1.0, 1.0}:
        return Kind.SIGNS
    if low >= 0 and high <= 1:
        return Kind.SHARES if joined else Kind.UNIT
    if low >= 0:
        return Kind.COUNTS if whole else Kind.POSITIVE
    return Kind.REAL
