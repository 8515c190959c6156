"""Whether a text table starts with column names, and which."""

from collections.abc import Sequence
from math import isnan

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.readers.tables.text_rows import LongCellError, number, split_rows

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Header:
    """The columns of a text table.

    Attributes:
        names: one for each column, as written; empty where nothing is written.
        width: cells in each row; one more than there are names where each row ends in a delimiter.
        rows: rows the header takes, 0 or 1.
        guess: what was assumed, or nothing.
    """

    names: tuple[str, ...]
    width: int
    rows: int
    guess: str = ""


def find_header(rows: Rows, comment: str, delimiter: str, *, decimal_comma: bool) -> Header:
    """Tell the columns from the first rows.

    Args:
        rows: the first rows of the table, at least one.
        comment: the last comment line above the table: ``numpy.savetxt`` writes its header there.
        delimiter: what parts the cells.
        decimal_comma: whether 1,5 is one and a half.
    """
    first, rest = rows[0], rows[1:]
    if not _is_header(first, rest, decimal_comma=decimal_comma):
        width = len(first)
        bare = width > 1 and all(not row[-1].strip() for row in rows if len(row) == width)
        names = _words(comment, delimiter)
        if len(names) == width - bare and all(number(name) is None for name in names):
            return Header(tuple(names), width, 0, "column names: from the comment above the table")
        numbered = tuple(f"column {place}" for place in range(1, width - bare + 1))
        return Header(numbered, width, 0, "column names: numbered, as the file has no header")
    width = len(first)
    bare = width > 1 and not first[-1].strip() and all(not row[-1].strip() for row in rest if len(row) == width)
    if bare:
        return Header(tuple(first[:-1]), width, 1)
    if rest and all(len(row) == width + 1 for row in rest):
        if not any(row[-1].strip() for row in rest):
            return Header(tuple(first), width + 1, 1)
        if _are_row_names([row[0] for row in rest]):  # R's write.table gives them no name
            return Header(("", *first), width + 1, 1)
    return Header(tuple(first), width, 1)


def _words(comment: str, delimiter: str) -> list[str]:
    """The cells of a comment; none where it is one long text."""
    try:
        return next((words for _, words in split_rows([comment], delimiter)), [])
    except LongCellError:
        return []


def _is_header(first: Sequence[str], rest: Rows, *, decimal_comma: bool) -> bool:
    """Whether the first row holds names: text, above numbers where it has numbers beside it."""
    values = [number(cell, decimal_comma=decimal_comma) for cell in first]
    if None not in values:
        return _counts_columns(first, rest)
    if not rest or all(value is None or isnan(value) for value in values):
        return True
    for place, value in enumerate(values):
        below = [number(row[place], decimal_comma=decimal_comma) for row in rest if place < len(row)]
        if value is None and None not in below:
            return True
    return False


def _counts_columns(first: Sequence[str], rest: Rows) -> bool:
    """Whether the first row is 0, 1, 2, ...: pandas writes it for a table whose columns have no names.

    A row of data may look the same. An empty first cell gives the header away, else it has to stand above
    numbers with a decimal point.
    """
    fewest = 3
    if not rest:
        return False
    if len(first) > 1 and not first[0]:
        return list(first[1:]) == [str(place) for place in range(len(first) - 1)]
    counts = list(first) == [str(place) for place in range(len(first))]
    return counts and len(first) >= fewest and any("." in cell for row in rest for cell in row)


def _are_row_names(cells: Sequence[str]) -> bool:
    """Whether the cells of a column without a name are text or count the rows."""
    counts = [[str(place) for place in range(start, start + len(cells))] for start in (0, 1)]
    return (len(cells) > 1 and list(cells) in counts) or all(number(cell) is None for cell in cells)
