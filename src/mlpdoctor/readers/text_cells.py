"""What a cell of a text table says: a number, a missing mark, true or false, or something no model takes."""

import math
import re

MISSING = frozenset(("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", "-", "#N/A", "<NA>"))
"""Ways to write that a value is missing."""
TRUE = frozenset(("true", "True", "TRUE"))
FALSE = frozenset(("false", "False", "FALSE"))

_WORDS = dict.fromkeys(MISSING, math.nan) | dict.fromkeys(TRUE, 1.0) | dict.fromkeys(FALSE, 0.0)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?|\d{1,2}:\d{2}(:\d{2}.*)?")
_DRESSED = re.compile(r"[-+(]?[$€£¥]?[-+]?\d[\d,.' ]*[%€$£¥)]?")


def number(cell: str, *, decimal_comma: bool = False) -> float | None:
    """The value of a cell.

    Args:
        cell: the text between two delimiters, without quotes.
        decimal_comma: whether 1,5 is one and a half.

    Returns:
        The number; NaN for a missing mark, 1 and 0 for true and false, None for anything else.
    """
    word = cell.strip()
    if word in _WORDS:
        return _WORDS[word]
    if "_" in word or not word.isascii():  # float() takes 1_000 and the digits of every script
        return None
    if decimal_comma:
        if "." in word:
            return None
        word = word.replace(",", ".", 1)
    try:
        return float(word)
    except ValueError:
        return None


def is_boolean(cell: str) -> bool:
    """Whether a cell says true or false in a word."""
    word = cell.strip()
    return word in TRUE or word in FALSE


def complaint(cell: str, column: str) -> str:
    """What is wrong with a cell that is no number, and what to do about it.

    Args:
        cell: the text of the cell.
        column: the name of its column.
    """
    word = cell.strip()
    longest = 40
    shown = repr(word if len(word) <= longest else word[:longest] + "...")
    way_out = f"leave the column out with --drop {column!r}, or choose columns with --features"
    if _DATE.fullmatch(word):
        return (
            f"column {column!r} holds a date or time, {shown}, where the model needs a number: turn it into "
            f"numbers as it was in training, {way_out}"
        )
    if _DRESSED.fullmatch(word):
        return (
            f"column {column!r} holds {shown}, which is not a plain number: write it without thousands "
            f"separators, currency or percent signs and with a decimal point, or {way_out}"
        )
    return (
        f"column {column!r} holds text, {shown}, where the model needs a number: encode it as it was in "
        f"training (classes as 0, 1, 2, ...), empty the cell if it stands for a missing value, {way_out}"
    )


def complaint_of_typed(cell: str, column: str) -> str:
    """The same for a cell of a file that keeps numbers and text apart: there a plain number may be text, too."""
    if cell.strip() in _WORDS or number(cell) is None:
        return complaint(cell, column)
    return (
        f"column {column!r} holds numbers stored as text, {cell.strip()[:40]!r}: store them as numbers, as with "
        f"df[{column!r}].astype(float), leave the column out with --drop {column!r}, or choose columns with --features"
    )
