"""The careful way to read a text table: line by line with Python's own reader, each complaint with its line.

pyarrow's reader is quicker and is used on large files; where it gives up, this one takes over and either
reads what pyarrow would not, such as ``+1``, or says which cell is at fault.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

import numpy as np

from mlpdoctor.column_names import counted
from mlpdoctor.errors import DataFileError
from mlpdoctor.network import Array
from mlpdoctor.readers.text_cells import complaint, number

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
        ValueError: a cell is longer than any number.
    """
    spaces = delimiter == " "
    if spaces:
        lines = (line.replace("\t", " ").strip() + "\n" for line in lines)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=spaces)
    try:
        for row in reader:
            if row and not (len(row) == 1 and row[0].isspace()):
                yield reader.line_num, row
    except csv.Error as error:
        raise ValueError(f"{error}; is a quote never closed?") from None


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


def careful_blocks(
    path: str,
    rows: Iterator[tuple[int, list[str]]],
    names: Sequence[str],
    width: int,
    columns: Sequence[int],
    *,
    decimal_comma: bool,
) -> Iterator[Array]:
    """Read the chosen columns of some rows.

    Args:
        path: the file, as the messages name it.
        rows: line numbers, counted from 1 at the top of the file, and cells.
        names: names of the columns.
        width: cells in a row.
        columns: positions of the columns to read.
        decimal_comma: whether 1,5 is one and a half.

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
        f"has {counted(cells, 'cell')} where {width:,} were expected, as in the first line of the table; "
        "mend the line, or quote cells that hold a delimiter"
    )
