"""The careful way to read a text table: line by line, cell by cell, each complaint with its line.

pyarrow's reader is quicker and is used on large files; where it gives up, this one takes over and either
reads what pyarrow would not, such as ``+1``, or says which cell is at fault.
"""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TextIO

import numpy as np

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import count

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


MOSTLY = 0.9
"""Of the cells that are not missing; a column of numbers with a slip of the pen has fewer that are none."""


def kind_of_cells(cells: Sequence[str], *, decimal_comma: bool = False) -> str | None:
    """``date`` or ``text`` where nearly all of some cells are no numbers; None where they may be meant as numbers."""
    told = [cell.strip() for cell in cells if cell.strip() not in MISSING]
    odd = [cell for cell in told if number(cell, decimal_comma=decimal_comma) is None]
    if not odd or len(odd) < MOSTLY * len(told):
        return None
    if sum(_DATE.fullmatch(cell) is not None for cell in odd) >= MOSTLY * len(odd):
        return "date"
    return None if sum(_DRESSED.fullmatch(cell) is not None for cell in odd) > len(odd) / 2 else "text"


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


LONGEST_LINE = 1 << 26
"""Characters; a table of a million columns still fits."""
ROWS_AT_ONCE = 1024


def split_rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Split lines into cells, and leave out blank lines.

    Args:
        lines: the lines, with their ends.
        delimiter: what parts the cells; a space stands for any run of spaces and tabs.

    Yields:
        The number of the line a row ends on, from 1, and the row.

    Raises:
        LongCellError: a cell is longer than any number.
    """
    spaces = delimiter == " "
    if spaces:
        lines = (line.replace("\t", " ").strip() + "\n" for line in lines)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=spaces)
    begun = 1
    try:
        for row in reader:
            if row and not (len(row) == 1 and row[0].isspace()):
                yield reader.line_num, row
            begun = reader.line_num + 1
    except csv.Error:
        raise LongCellError(begun) from None


class LongCellError(ValueError):
    """A cell is longer than Python's ``csv`` reads.

    Attributes:
        line: the number of the line its row begins on, from 1.
    """

    def __init__(self, line: int) -> None:
        """Args: line: the number of the line, from 1."""
        super().__init__(line)
        self.line = line


@contextmanager
def no_long_cells(path: str, lines_before: int = 0) -> Iterator[None]:
    """Say in which line of a file a cell is too long.

    Args:
        path: the file, as the message names it.
        lines_before: lines of the file before those that are split.

    Raises:
        DataFileError: in place of `LongCellError`.
    """
    try:
        yield
    except LongCellError as error:
        raise DataFileError(
            f"{path}, line {lines_before + error.line}: holds a cell of more than {csv.field_size_limit():,} "
            "characters, where a number was expected; is a quote never closed?"
        ) from None


def short_lines(path: str, stream: TextIO) -> Iterator[str]:
    """The lines of a stream, up to a line that no table has.

    Raises:
        DataFileError: a line is longer than `LONGEST_LINE`.
    """
    while line := stream.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise DataFileError(
                f"{path}: has a line of more than {LONGEST_LINE:,} characters; a table with a row on each "
                "line was expected"
            )
        yield line


NO_CODES: Mapping[int, Mapping[str, float]] = MappingProxyType({})


def careful_blocks(
    path: str,
    rows: Iterator[tuple[int, list[str]]],
    names: Sequence[str],
    width: int,
    columns: Sequence[int],
    *,
    decimal_comma: bool,
    codes: Mapping[int, Mapping[str, float]] = NO_CODES,
) -> Iterator[Array]:
    """Read the chosen columns of some rows.

    Args:
        path: the file, as the messages name it.
        rows: line numbers, counted from 1 at the top of the file, and cells.
        names: names of the columns.
        width: cells in a row.
        columns: positions of the columns to read.
        decimal_comma: whether 1,5 is one and a half.
        codes: numbers that texts stand for, by the position of their column.

    Yields:
        Blocks of shape (rows, columns), float64.

    Raises:
        DataFileError: a row has too few or too many cells, or a cell is no number.
    """
    block: list[list[float]] = []
    for line, row in rows:
        if len(row) != width and (len(row) < width or any(cell.strip() for cell in row[width:])):
            raise DataFileError(f"{path}, line {line}: {_ragged(len(row), width)}")
        values: list[float] = []
        for column in columns:
            value = codes[column].get(row[column].strip()) if column in codes else None
            if value is None:
                value = number(row[column], decimal_comma=decimal_comma)
            if value is None:
                raise DataFileError(f"{path}, line {line}: {complaint(row[column], names[column])}")
            values.append(value)
        block.append(values)
        if len(block) == ROWS_AT_ONCE:
            yield np.array(block, dtype=np.float64)
            block = []
    if block:
        yield np.array(block, dtype=np.float64)


def _ragged(cells: int, width: int) -> str:
    """What is wrong with a row of too few or too many cells."""
    return (
        f"has {count(cells, 'cell')} where {width:,} were expected, as in the first line of the table; "
        "mend the line, or quote cells that hold a delimiter"
    )
