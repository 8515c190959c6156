"""How a text table is laid out, told from its first lines: encoding, delimiter, header, kinds of column."""

import codecs
import io
import re
from collections.abc import Mapping, Sequence

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.readers.tables.column_names import unique
from mlpdoctor.readers.tables.text_header import Header, find_header
from mlpdoctor.readers.tables.text_rows import (
    LongCellError,
    is_boolean,
    kind_of_cells,
    no_long_cells,
    number,
    split_rows,
)

MOST_CELLS = 4000
"""Cells looked at for each delimiter in question, and to tell the header and the kinds of column ..."""
FEWEST_ROWS = 10
"""... but never fewer rows than these."""
DELIMITERS = ",;\t| "
"""In the order in which they win a tie; a space stands for any run of spaces and tabs."""
FORMATS = {
    ",": "CSV",
    ";": "CSV with semicolons",
    "\t": "TSV",
    "|": "table with bars",
    " ": "table with spaces",
}

_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
_BINARY = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


def find_encoding(path: str, sample: bytes) -> str:
    """The encoding of a text, as far as its first bytes show it.

    Args:
        path: the file, as the message names it.
        sample: the first bytes.

    Raises:
        DataFileError: the bytes are no text.
    """
    if sample.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # the first begins as UTF-16 does
        return "utf-32"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = sample.count(0)
    if zeros:
        third = len(sample) / 3
        for encoding, written, empty in (("utf-32-le", 0, (2, 3)), ("utf-32-be", 3, (0, 1))):
            if not sample[written::4].count(0) and not any(sample[place::4].strip(b"\x00") for place in empty):
                return encoding
        if zeros > third and not sample[::2].count(0):
            return "utf-16-le"
        if zeros > third and not sample[1::2].count(0):
            return "utf-16-be"
        raise DataFileError(f"{path}: is a binary file of no known kind; a table of numbers was expected")
    try:
        codecs.getincrementaldecoder("utf-8-sig")("strict").decode(sample)
    except UnicodeDecodeError:
        if _BINARY.search(sample):
            raise DataFileError(f"{path}: is a binary file of no known kind; a table of numbers was expected") from None
        return "latin-1"
    return "utf-8-sig"


def find_dialect(lines: Sequence[str], candidates: str) -> tuple[str, bool]:
    """The delimiter that makes of the lines the most regular table with the most numbers.

    Args:
        lines: the first lines of the table, with their ends.
        candidates: the delimiters in question, in the order in which they win a tie.

    Returns:
        The delimiter, and whether decimals have commas.
    """
    best, dialect = 0.0, (candidates[0], False)
    for delimiter in candidates:
        try:
            rows = [row for _, row in split_rows(lines, delimiter)]
        except LongCellError:  # a line of thousands of columns is one cell to every other delimiter
            continue
        widths = [len(row) for row in rows]
        width = max(set(widths), key=widths.count, default=0)
        cells = [cell for row in rows for cell in row][:MOST_CELLS]
        if width < 2 and len(candidates) > 1:  # noqa: PLR2004 - a delimiter parts at least two cells
            continue
        comma = delimiter != "," and any(_DECIMAL_COMMA.fullmatch(cell.strip()) for cell in cells)
        numbers = sum(number(cell, decimal_comma=comma) is not None for cell in cells)
        regular = widths.count(width) / max(len(widths), 1)
        score = regular * (0.1 + numbers / max(len(cells), 1))  # a table of text still has a best delimiter
        if score > best:
            best, dialect = score, (delimiter, comma)
    return dialect


MOST_LINES = 200
"""Lines looked at."""

_EXCEL_DIRECTIVE = re.compile(r"sep=(.)")


@dataclass(frozen=True)
class Layout:
    """How the bytes of a text table become cells.

    Attributes:
        encoding: for Python's decoder.
        delimiter: between two cells; a space stands for any run of spaces and tabs.
        decimal_comma: whether 1,5 is one and a half.
        skip: physical lines before the first row.
        width: cells in a row; the last may be an empty one without a name.
        names: column names, each once.
        text: names of columns that hold something other than numbers.
        kinds: ``text`` or ``date`` for the columns of which nearly all cells are no numbers.
        booleans: positions of columns that say true and false in words.
        plain: whether pyarrow can read it: lines end in a line feed, and ASCII is one byte a letter.
        guesses: what was assumed.
    """

    encoding: str
    delimiter: str
    decimal_comma: bool
    skip: int
    width: int
    names: tuple[str, ...]
    text: frozenset[str]
    kinds: Mapping[str, str]
    booleans: frozenset[int]
    plain: bool
    guesses: tuple[str, ...]


def sniff(path: str, sample: bytes, *, whole: bool) -> Layout:
    """Tell the layout of a text table from its beginning.

    Args:
        path: the file, as the messages name it.
        sample: the first bytes.
        whole: whether these are all the bytes of the file.

    Raises:
        DataFileError: this is no text, there is nothing in it, or a header and no rows.
    """
    encoding = find_encoding(path, sample)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    lines = list(io.StringIO(decoder.decode(sample, final=whole), newline=""))
    if not whole and len(lines) > 1:
        del lines[-1]  # it may be cut
    top, comment, forced = _top(lines)
    body = lines[top : top + MOST_LINES]
    if not body:
        what = "is empty" if not sample else "holds only blank lines and comments"
        raise DataFileError(f"{path}: {what}; a table of numbers was expected")
    delimiter, decimal_comma = find_dialect(body, forced or DELIMITERS)
    with no_long_cells(path, top):
        numbered = list(split_rows(body, delimiter))
    rows = [row for _, row in numbered]
    rows = rows[: max(MOST_CELLS // max(len(rows[0]), 1), FEWEST_ROWS)]
    header = find_header(rows, comment, delimiter, decimal_comma=decimal_comma)
    data = rows[header.rows :]
    if not data and whole:
        raise DataFileError(f"{path}: holds a header and no rows of data")
    names = unique(header.names)
    columns = list(zip(*(row[: len(names)] for row in data if len(row) >= len(names)), strict=True))
    kinds = [_kinds(column, decimal_comma=decimal_comma) for column in columns]
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        decimal_comma=decimal_comma,
        skip=top + (numbered[0][0] if header.rows else 0),
        width=header.width,
        names=names,
        text=frozenset(name for name, (text, _) in zip(names, kinds, strict=False) if text),
        kinds={
            name: told
            for name, column, (text, _) in zip(names, columns, kinds, strict=False)
            if text and (told := kind_of_cells(column, decimal_comma=decimal_comma)) is not None
        },
        booleans=frozenset(place for place, (_, boolean) in enumerate(kinds) if boolean),
        plain=encoding in {"utf-8-sig", "latin-1"} and any(line.endswith("\n") for line in lines),
        guesses=_guesses(header, encoding, decimal_comma=decimal_comma),
    )


def _top(lines: Sequence[str]) -> tuple[int, str, str]:
    """Lines before the table, the last comment among them, and the delimiter that one declares."""
    comment = forced = ""
    for count, line in enumerate(lines):
        words = line.strip()
        if directive := _EXCEL_DIRECTIVE.fullmatch(words):
            forced = directive[1]
        elif words.startswith("#") and not words.startswith("#N/A"):
            comment = words.lstrip("# ")
        elif words:
            return count, comment, forced
    return len(lines), comment, forced


def _kinds(column: Sequence[str], *, decimal_comma: bool) -> tuple[bool, bool]:
    """Whether a column holds text, and whether it holds booleans in words."""
    values = [number(cell, decimal_comma=decimal_comma) for cell in column]
    return None in values, any(is_boolean(cell) for cell in column)


def _guesses(header: Header, encoding: str, *, decimal_comma: bool) -> tuple[str, ...]:
    """What was assumed, in words."""
    said = [header.guess] if header.guess else []
    if encoding == "latin-1":
        said.append("encoding: Latin-1, as it is not UTF-8")
    if decimal_comma:
        said.append("numbers: with a decimal comma")
    return tuple(said)
