"""Text tables, CSV and its kin: a fast parser on pieces of the file, the careful reader where that gives up.

The fast parser is pyarrow's, where it is installed, and otherwise NumPy's, which takes about three times as long.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import accumulate, pairwise
from typing import BinaryIO, cast

from mlpdoctor.core.network import Array
from mlpdoctor.core.whole_file import patience
from mlpdoctor.readers.tables.data_source import Source
from mlpdoctor.readers.tables.table import WHOLE, Codes, Section, Table
from mlpdoctor.readers.tables.text_layout import FORMATS, Layout, sniff
from mlpdoctor.readers.tables.text_rows import (
    LONGEST_LINE,
    NO_CODES,
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
SECTION = 1 << 26
"""Bytes of a section, which a worker of a cluster reads by itself."""
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

    def blocks(columns: Sequence[int], codes: Codes = NO_CODES) -> Iterator[Array]:
        with source.open() as stream:
            if quick and not codes:
                yield from _quick(source, stream, layout, columns)
            else:
                yield from _careful(source.path, stream, layout, columns, codes=codes)

    def cells(column: int) -> Iterator[str]:
        with source.open() as stream:
            yield from (row[column] for _, row in _rows(source.path, stream, layout) if column < len(row))

    def sections() -> tuple[Section, ...]:
        if not quick or source.size is None:
            return WHOLE
        from mlpdoctor.readers.tables import fast_text

        with source.open() as stream:
            place = _top(stream, layout)
            lengths = [len(piece) for piece in fast_text.pieces_of(cast("io.BufferedReader", stream), SECTION)]
        ends = list(accumulate(lengths, initial=place))
        return tuple(Section(0, *pair) for pair in pairwise(ends)) or WHOLE

    def section_blocks(section: Section, columns: Sequence[int]) -> Iterator[Array]:
        if not section.stop:
            yield from blocks(columns)
            return
        with source.open() as stream:
            stream.seek(section.start)
            yield from _quick(source, stream, layout, columns, section)

    return Table(
        format=FORMATS.get(layout.delimiter, "text table"),
        names=layout.names,
        blocks=blocks,
        text=layout.text,
        guesses=layout.guesses,
        rows=_about(source, sample),
        kinds=layout.kinds,
        cells=cells,
        coded=lambda codes: partial(blocks, codes=codes),
        sections=sections,
        section_blocks=section_blocks,
    )


def _about(source: Source, sample: bytes) -> int | None:
    """How many lines a file has if all are as long as those of the sample."""
    lines = sample.count(b"\n")
    return round(source.size * lines / len(sample)) if source.size is not None and lines else None


def _careful(
    path: str,
    stream: BinaryIO,
    layout: Layout,
    columns: Sequence[int],
    lines_before: int = 0,
    codes: Codes = NO_CODES,
) -> Iterator[Array]:
    """Read a stream line by line; ``lines_before`` lines of the file come before it."""
    rows, names, width = _rows(path, stream, layout, lines_before), layout.names, layout.width
    yield from careful_blocks(path, rows, names, width, columns, decimal_comma=layout.decimal_comma, codes=codes)


def _rows(path: str, stream: BinaryIO, layout: Layout, lines_before: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Numbers and cells of the rows of a stream."""
    with io.TextIOWrapper(stream, encoding=layout.encoding, errors="replace", newline="") as text:
        lines = short_lines(path, text)
        before = max(layout.skip - lines_before, 0)
        for _ in range(before):
            next(lines, "")
        before += lines_before
        with no_long_cells(path, before):
            yield from ((before + line, row) for line, row in split_rows(lines, layout.delimiter))


def _top(stream: BinaryIO, layout: Layout) -> int:
    """Read the lines above the first row; how many bytes they have."""
    return sum(len(stream.readline()) for _ in range(layout.skip))


def _quick(
    source: Source, stream: BinaryIO, layout: Layout, columns: Sequence[int], section: Section | None = None
) -> Iterator[Array]:
    """Read a stream in pieces with a fast parser; a piece it cannot read goes the careful way, alone.

    Args:
        source: of the stream.
        stream: at its first byte, or at the first one of the section.
        layout: of the text.
        columns: positions of the columns to read.
        section: what to read of it; None for all rows.
    """
    place = _top(stream, layout) if section is None else section.start
    left = None if section is None else section.stop - section.start
    from mlpdoctor.readers.tables import arrow_files, fast_text

    parsed, size = fast_text.by_pyarrow, PIECE
    with ExitStack() as stack:
        numbers = stack.enter_context(_LineNumbers(source))
        if not arrow_files.is_installed():
            parsed, size = fast_text.by_numpy, min(NUMPY_PIECE, PIECE)
            hint = f"still reading {source.path}; with pyarrow it takes a third of the time: {arrow_files.INSTALL}"
            stack.enter_context(patience(hint, LONG))
        for piece in fast_text.pieces_of(cast("io.BufferedReader", stream), size, left):
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
