"""The encoding, the delimiter and the decimal mark of a text table, told from its first lines."""

import codecs
import re
from collections.abc import Sequence

from mlpdoctor.errors import DataFileError
from mlpdoctor.readers.text_cells import number
from mlpdoctor.readers.text_rows import split_rows

MOST_CELLS = 4000
"""Cells looked at for each delimiter in question."""
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
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = sample.count(0)
    if zeros:
        third = len(sample) / 3
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
        rows = [row for _, row in split_rows(lines, delimiter)]
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
