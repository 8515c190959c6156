"""The fast parsers of text tables, on pieces of a file that end where a line does.

pyarrow's, where it is installed, and otherwise NumPy's, which takes about three times as long.
"""

import io
from collections.abc import Iterator, Sequence

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.readers.tables.arrow_buffers import float64_values
from mlpdoctor.readers.tables.text_layout import Layout
from mlpdoctor.readers.tables.text_rows import FALSE, LONGEST_LINE, MISSING, TRUE

BLOCK = 1 << 20
"""Bytes that one core parses at a time."""


def by_pyarrow(piece: bytearray | bytes, layout: Layout, columns: Sequence[int]) -> Array:
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
            # A process that ends while threads of pyarrow stand aborts now and then, and they gain next to nothing.
            read_options=csv.ReadOptions(use_threads=False, column_names=names, block_size=max(BLOCK, _longest(piece))),
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


def by_numpy(piece: bytearray | bytes, layout: Layout, columns: Sequence[int]) -> Array:
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


def pieces_of(stream: io.BufferedReader, size: int, left: int | None = None) -> Iterator[bytearray]:
    """Cut a stream after line ends that no quotes enclose. A piece is its user's own: nothing else holds its bytes.

    Args:
        stream: of the bytes.
        size: about so many in a piece.
        left: bytes to read; None for all there are.
    """
    rest = b""
    while True:
        piece = bytearray(len(rest) + (size if left is None else min(size, left)))
        piece[: len(rest)] = rest
        with memoryview(piece) as room:
            read = stream.readinto(room[len(rest) :])
        del piece[len(rest) + read :]
        if not read:
            break
        if left is not None:
            left -= read
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
