"""Text tables, CSV and its kin: a fast parser on pieces of the file, the careful reader where that gives up.

The fast parser is pyarrow's, where it is installed, and otherwise NumPy's, which takes about three times as long.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO, cast

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.core.patience import patience
from mlpdoctor.readers.tables.arrow_files import INSTALL, float64_values, is_installed
from mlpdoctor.readers.tables.data_source import Source
from mlpdoctor.readers.tables.table import Table
from mlpdoctor.readers.tables.text_layout import FORMATS, Layout, sniff
from mlpdoctor.readers.tables.text_rows import (
    FALSE,
    LONGEST_LINE,
    MISSING,
    TRUE,
    careful_blocks,
    no_long_cells,
    short_lines,
    split_rows,
)

SAMPLE = 1 << 17
"""Bytes to tell the layout from. A file no longer is read line by line: to import pyarrow takes longer."""
PIECE = 1 << 23
"""Bytes given to pyarrow at a time: enough for both cores, few enough to keep memory flat."""
NUMPY_PIECE = 1 << 20
"""Bytes given to NumPy at a time, which makes objects of its lines."""
LONG = 20.0
"""Seconds of reading after which somebody wonders whether there is a quicker way."""
FEWEST_LINES = 4
"""Lines the sample should hold when lines are long."""


def open_delimited(source: Source) -> Table:
    """Open a text table.

    Raises:
        DataFileError: this is no text, there is nothing in it, or a header and no rows.
    """
    with source.open() as stream:
        sample = stream.read(SAMPLE)
        while sample.count(b"\n") < FEWEST_LINES and len(sample) < LONGEST_LINE:
            more = stream.read(len(sample) + 1)
            if not more:
                break
            sample += more
        whole = not stream.read(1)
    layout = sniff(source.path, sample, whole=whole)
    quick = layout.plain and not (whole and len(sample) <= SAMPLE)

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        with source.open() as stream:
            if quick:
                yield from _quick(source, stream, layout, columns)
            else:
                yield from _careful(source.path, stream, layout, columns)

    return Table(
        format=FORMATS.get(layout.delimiter, "text table"),
        names=layout.names,
        blocks=blocks,
        text=layout.text,
        guesses=layout.guesses,
        rows=_about(source, sample),
    )


def _about(source: Source, sample: bytes) -> int | None:
    """How many lines a file has if all are as long as those of the sample."""
    lines = sample.count(b"\n")
    return round(source.size * lines / len(sample)) if source.size is not None and lines else None


def _careful(
    path: str, stream: BinaryIO, layout: Layout, columns: Sequence[int], lines_before: int = 0
) -> Iterator[Array]:
    """Read a stream line by line; ``lines_before`` lines of the file come before it."""
    with io.TextIOWrapper(stream, encoding=layout.encoding, errors="replace", newline="") as text:
        lines = short_lines(path, text)
        before = max(layout.skip - lines_before, 0)
        for _ in range(before):
            next(lines, "")
        before += lines_before
        rows = ((before + line, row) for line, row in split_rows(lines, layout.delimiter))
        names, width = layout.names, layout.width
        with no_long_cells(path, before):
            yield from careful_blocks(path, rows, names, width, columns, decimal_comma=layout.decimal_comma)


def _quick(source: Source, stream: BinaryIO, layout: Layout, columns: Sequence[int]) -> Iterator[Array]:
    """Read a stream in pieces with a fast parser; a piece it cannot read goes the careful way, alone."""
    place = sum(len(stream.readline()) for _ in range(layout.skip))
    parsed, size = (_parsed, PIECE) if is_installed() else (_parsed_by_numpy, min(NUMPY_PIECE, PIECE))
    with ExitStack() as stack:
        numbers = stack.enter_context(_LineNumbers(source))
        if parsed is _parsed_by_numpy:
            hint = f"still reading {source.path}; with pyarrow it takes a third of the time: {INSTALL}"
            stack.enter_context(patience(hint, LONG))
        for piece in _pieces(cast("io.BufferedReader", stream), size):
            try:
                yield parsed(piece, layout, columns)
            except ValueError:
                yield from _careful(source.path, io.BytesIO(piece), layout, columns, numbers.before(place))
            place += len(piece)


class _LineNumbers(ExitStack):
    """Counts lines by reading a source once more, when somebody asks: hardly any table needs it."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._stream: BinaryIO | None = None
        self._place = self._lines = 0

    def before(self, place: int) -> int:
        """How many lines end in the first so many bytes; no fewer bytes than were asked for last."""
        if self._stream is None:
            self._stream = self.enter_context(self._source.open())
        while self._place < place:
            part = self._stream.read(min(PIECE, place - self._place))
            if not part:
                break
            self._place += len(part)
            self._lines += part.count(b"\n")
        return self._lines


def _parsed(piece: bytearray | bytes, layout: Layout, columns: Sequence[int]) -> Array:
    """Read whole lines with pyarrow: shape (rows, columns).

    Raises:
        ValueError: it cannot.
    """
    import pyarrow as pa
    from pyarrow import csv

    if layout.delimiter == " ":
        piece = b"\n".join(b" ".join(line.split()) for line in piece.split(b"\n"))
    names = [str(place) for place in range(layout.width)]
    wanted = [names[column] for column in columns]
    boolean, real = pa.bool_(), pa.float64()
    try:
        table = csv.read_csv(
            pa.BufferReader(piece),
            read_options=csv.ReadOptions(column_names=names, block_size=max(PIECE // 8, _longest(piece))),
            parse_options=csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=b'"' in piece),
            convert_options=csv.ConvertOptions(
                check_utf8=False,
                include_columns=wanted,
                column_types={names[c]: boolean if c in layout.booleans else real for c in columns},
                null_values=[space + mark for mark in MISSING for space in ("", " ")],
                true_values=[*TRUE, "1"],
                false_values=[*FALSE, "0"],
                decimal_point="," if layout.decimal_comma else ".",
            ),
        )
    except pa.ArrowException as error:
        raise ValueError(str(error)) from None
    out = np.empty((len(columns), table.num_rows))
    start = 0
    for batch in table.to_batches():
        for place, name in enumerate(wanted):
            out[place, start : start + batch.num_rows] = float64_values(batch.column(name))
        start += batch.num_rows
    return out.T


def _parsed_by_numpy(piece: bytearray | bytes, layout: Layout, columns: Sequence[int]) -> Array:
    """Read whole lines of plain numbers with NumPy: shape (rows, columns).

    Raises:
        ValueError: a line has too few or too many cells, or a cell is quoted, missing or no plain number.
    """
    if layout.decimal_comma or layout.delimiter == " " or layout.booleans.intersection(columns):
        raise ValueError("not for this reader")
    text = np.frombuffer(piece, np.uint8)
    ends = text == ord("\n")
    cells = np.flatnonzero(ends | (text == ord(layout.delimiter)))
    last = np.flatnonzero(ends[cells])
    if piece[-1:] != b"\n" or not np.array_equal(last, np.arange(1, len(last) + 1) * layout.width - 1):
        raise ValueError("blank lines or ragged ones")
    if len(columns) == layout.width == 1:
        columns = ()
    order = list(columns) or None
    return np.loadtxt(
        io.BytesIO(piece), delimiter=layout.delimiter, comments=None, usecols=order, ndmin=2, encoding="latin-1"
    )


def _longest(piece: bytearray | bytes) -> int:
    """Bytes of a line, as far as the first tells; pyarrow wants whole lines in its blocks."""
    return 4 * (piece.find(b"\n") + 1)


def _pieces(stream: io.BufferedReader, size: int) -> Iterator[bytearray]:
    """Cut a stream after line ends that no quotes enclose. A piece is its user's own: nothing else holds its bytes."""
    rest = b""
    while True:
        piece = bytearray(len(rest) + size)
        piece[: len(rest)] = rest
        with memoryview(piece) as room:
            read = stream.readinto(room[len(rest) :])
        del piece[len(rest) + read :]
        if not read:
            break
        cut = _cut(piece)
        if cut == 0 and len(piece) < LONGEST_LINE:
            rest = bytes(piece)
            continue
        cut = cut or piece.rfind(b"\n") + 1 or len(piece)  # a quote that is never closed, or no table at all
        rest = bytes(memoryview(piece)[cut:])
        del piece[cut:]
        yield piece
    if rest:
        yield bytearray(rest)


def _cut(piece: bytearray) -> int:
    """Position after the last line end with an even number of quotes before it, 0 if there is none."""
    place = piece.rfind(b"\n") + 1
    if b'"' not in piece:  # far quicker than to count them
        return place
    quotes = piece.count(b'"', 0, place)
    while place and quotes % 2:
        earlier = piece.rfind(b"\n", 0, place - 1) + 1
        quotes -= piece.count(b'"', earlier, place)
        place = earlier
    return place
