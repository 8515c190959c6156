"""What the targets of a loss have to be, and the two encodings of a class."""

from enum import StrEnum

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array


class TargetKind(StrEnum):
    """What a loss takes for targets."""

    REAL = "any numbers"
    COUNT = "numbers from 0 up"
    UNIT = "numbers from 0 to 1"
    SIGN = "labels -1 and 1, or 0 and 1"
    CLASS = "class numbers counted from 0"


@dataclass(frozen=True)
class ColumnValues:
    """What is known of the values in the target columns of one output.

    Attributes:
        low: the least.
        high: the greatest.
        whole: whether all are whole numbers.
    """

    low: float
    high: float
    whole: bool


def complaint(kind: TargetKind, seen: ColumnValues, units: int) -> str | None:
    """Why these targets are not what a loss takes, for the user; None when they are.

    Args:
        kind: what the loss takes.
        seen: what there is.
        units: of the output.
    """
    low, high = seen.low, seen.high
    wrong = {
        TargetKind.REAL: False,
        TargetKind.COUNT: low < 0,
        TargetKind.UNIT: low < 0 or high > 1,
        TargetKind.SIGN: not seen.whole or low < -1 or high > 1 or (low, high) == (-1, 0),
        TargetKind.CLASS: not seen.whole or low < 0 or high > units - 1,
    }[kind]
    if not wrong:
        return None
    takes = f"class numbers from 0 to {units - 1}" if kind is TargetKind.CLASS else kind.value
    fractions = "" if seen.whole or kind in (TargetKind.COUNT, TargetKind.UNIT) else ", not all whole"
    return f"it takes {takes}, and these go from {low:g} to {high:g}{fractions}"


def one_hot(numbers: Array, units: int) -> Array:
    """Ones among zeros, shape (rows, units), from class numbers, shape (rows, 1).

    A row whose number is no class is not a number in any of its columns.
    """
    known = (numbers >= 0) & (numbers < units) & (numbers == np.floor(numbers))
    return np.where(known, (numbers == np.arange(units)).astype(np.float64), np.nan)


def class_numbers(columns: Array) -> Array:
    """The number of the largest column of each row, shape (rows, 1)."""
    return np.asarray(columns.argmax(axis=1), np.float64)[:, None]
