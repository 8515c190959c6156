"""Parquet and Arrow (Feather) files, read a row group or a record batch at a time.

pyarrow's own ``to_numpy`` imports pandas where it is installed, which takes longer than a file of a hundred
megabytes; so the two buffers of an array, its values and its bits of validity, are read as they lie in memory.
"""

import io
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

import numpy as np

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.network import Array
from mlpdoctor.readers.tables.arrow_buffers import _classes, _is_nested, _is_number, _shown, float64_values, sizes
from mlpdoctor.readers.tables.column_names import unique
from mlpdoctor.readers.tables.data_source import Source, seekable
from mlpdoctor.readers.tables.table import Codes, Section, Table
from mlpdoctor.readers.tables.text_rows import NO_CODES, complaint_of_typed, kind_of_cells


class Batches(Protocol):
    """Record batches with the columns at some positions."""

    def __call__(self, columns: Sequence[int], *, whole: bool = True) -> Generator[Any]:
        """All of them; ``whole`` is False where not all will be read."""


INSTALL = 'pip install "mlpdoctor[tables]"'
"""What brings pyarrow, an extra: it takes more room than all the rest together."""


@cache
def is_installed() -> bool:
    """Whether pyarrow is there, without importing it."""
    return find_spec("pyarrow") is not None


def _needed(path: str, what: str) -> None:
    """Stop where pyarrow is missing.

    Raises:
        DataFileError: it is, with what to type.
    """
    if not is_installed():
        raise DataFileError(f"{path}: {what} is read with pyarrow, which is not installed: {INSTALL}, or give CSV")


ROWS_AT_ONCE = 1 << 15
CELLS_AT_ONCE = 1 << 21
"""A table of many columns is read in fewer rows."""
BUFFER_BYTES = 1 << 16
"""Of each column."""
EXPANSION, EXPANSION_FLOOR = 100, 1 << 28
"""Unpacked at once: what grows a hundredfold past 256 MiB is a bomb."""


def open_parquet(source: Source) -> Table:
    """Open a Parquet file.

    Raises:
        DataFileError: it holds no rows, or two columns of one name.
    """
    _needed(source.path, "Parquet")
    from pyarrow import parquet

    source = seekable(source)
    with source.open() as stream:
        size = stream.seek(0, io.SEEK_END)
        with parquet.ParquetFile(stream) as file:
            schema, metadata = file.schema_arrow, file.metadata

    every = range(metadata.num_row_groups)

    def batches(columns: Sequence[int], *, whole: bool = True, groups: Sequence[int] = every) -> Generator[Any]:
        fields = schema.names  # a new list each time
        names = [fields[column] for column in columns]
        for group in map(metadata.row_group, groups):
            if group.total_byte_size > EXPANSION_FLOOR:
                for column in map(group.column, range(group.num_columns)):
                    _refuse_bomb(source.path, size, column.total_uncompressed_size)
        # A row group may be as large as the file: it is not fetched ahead but read through a buffer.
        with (
            source.open() as stream,
            parquet.ParquetFile(stream, pre_buffer=False, buffer_size=BUFFER_BYTES) as file,
        ):
            # Threads of pyarrow's read ahead, and whoever stops early would close the file under them.
            yield from file.iter_batches(
                batch_size=_height(len(columns)), row_groups=list(groups), columns=names, use_threads=whole
            )

    def sections() -> tuple[Section, ...]:
        return tuple(Section(0, group, group + 1, metadata.row_group(group).num_rows) for group in every)

    table = _table(source, "Parquet", schema, _Extent(metadata.num_rows, size), batches)

    def section_blocks(section: Section, columns: Sequence[int]) -> Iterator[Array]:
        groups = range(section.start, section.stop)
        before = sum(metadata.row_group(group).num_rows for group in range(section.start))
        return _blocks(source, schema, partial(batches, groups=groups), columns, before)

    return replace(table, sections=sections, section_blocks=section_blocks)


def open_arrow(source: Source) -> Table:
    """Open an Arrow file, which is what Feather version 2 is.

    Raises:
        DataFileError: it holds no rows, or two columns of one name.
    """
    _needed(source.path, "Arrow (Feather)")
    from pyarrow import ipc

    source = seekable(source)
    with source.open() as stream:
        schema = ipc.open_file(stream).schema
        size = stream.seek(0, io.SEEK_END)
        found = sizes(stream)
    for unpacked in (found.largest, found.dictionaries):
        _refuse_bomb(source.path, size, unpacked)

    def batches(columns: Sequence[int], *, whole: bool = True) -> Generator[Any]:  # noqa: ARG001
        height = _height(len(columns))
        with source.open() as stream:
            file = ipc.open_file(stream, options=ipc.IpcReadOptions(included_fields=sorted(columns)))
            for place in range(file.num_record_batches):
                batch = file.get_batch(place)
                batch.validate(full=True)  # the lengths in the file are not to be trusted
                yield from (batch.slice(row, height) for row in range(0, batch.num_rows, height))

    return _table(source, "Arrow (Feather)", schema, _Extent(found.rows, size), batches)


class _Extent(NamedTuple):
    """Rows of a table, and bytes of its file."""

    rows: int
    size: int


def _height(columns: int) -> int:
    return max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // columns))


def _refuse_bomb(path: str, size: int, unpacked: int) -> None:
    if unpacked > max(EXPANSION_FLOOR, EXPANSION * size):
        raise DataFileError(f"{path}: unpacks from {size:,} to {unpacked:,} bytes at once; do not trust this file")


def _table(
    source: Source,
    what: str,
    schema: Any,  # noqa: ANN401 - pyarrow has no types
    extent: _Extent,
    batches: Batches,
) -> Table:
    """A table of record batches."""
    path = source.path
    if not extent.rows:
        raise DataFileError(f"{path}: holds no rows of data")
    own = list(map(str, schema.names))
    names = unique(own)
    _refuse_twins(path, own)

    def blocks(columns: Sequence[int], codes: Codes = NO_CODES) -> Iterator[Array]:
        if extent.rows * len(columns) * 8 > max(source.max_bytes, EXPANSION * extent.size):
            raise DataFileError(
                f"{path}: comes to more than {source.max_bytes:,} bytes, {extent.rows:,} rows of {len(columns):,} "
                "numbers; --max-bytes raises the bound"
            )
        yield from _blocks(source, schema, batches, columns, codes=codes)

    text = frozenset(name for name, field in zip(names, schema, strict=True) if not _is_number(field.type))
    texts = [place for place, name in enumerate(names) if name in text]

    def cells(column: int) -> Iterator[str]:
        for batch in batches([column], whole=False):
            yield from (_shown(cell) for cell in batch.column(own[column]) if cell.is_valid)

    return Table(
        what,
        names,
        blocks,
        text,
        rows=extent.rows,
        kinds=_kinds(texts, names, own, batches),
        cells=cells,
        coded=lambda codes: partial(blocks, codes=codes),
    )


def _refuse_twins(path: str, own: Sequence[str]) -> None:
    if len(set(own)) < len(own):
        twice = next(name for name, times in Counter(own).items() if times > 1)
        raise DataFileError(f"{path}: has two columns called {twice!r}: rename one")


def _kinds(texts: Sequence[int], names: Sequence[str], own: Sequence[str], batches: Batches) -> dict[str, str]:
    """What most of the first cells of some columns are, as those of a text table are told."""
    kinds: dict[str, str] = {}
    if not 0 < len(texts) <= MOST_TEXTS:
        return kinds
    with closing(batches(texts, whole=False)) as found:
        first: Any = next(found, None)
    for place in texts if first is not None else ():
        cells = first.column(own[place]).slice(0, LOOKED_AT)
        told = None if _is_nested(cells.type) else kind_of_cells([_shown(cell) for cell in cells if cell.is_valid])
        if told is not None:
            kinds[names[place]] = told
    return kinds


MOST_TEXTS = 64
"""Columns of text that are looked into before a row is read."""
LOOKED_AT = 100
"""Cells that tell what a column holds."""


def _blocks(
    source: Source,
    schema: Any,  # noqa: ANN401 - pyarrow has no types
    batches: Batches,
    columns: Sequence[int],
    first_row: int = 0,
    codes: Codes = NO_CODES,
) -> Iterator[Array]:
    """The numbers of record batches, and what texts of some columns stand for: shape (rows, columns) each."""
    own = list(map(str, schema.names))
    for batch in batches(columns):
        out = np.empty((len(columns), batch.num_rows))
        for place, column in enumerate(columns):
            values = batch.column(own[column])
            if _is_number(values.type):
                out[place] = float64_values(values)
            elif column in codes:
                out[place] = _classes(values, codes[column])
            else:
                row, value = next(((row, cell) for row, cell in enumerate(values) if cell.is_valid), (0, None))
                wrong = complaint_of_typed(_shown(value), unique(own)[column])
                raise DataFileError(f"{source.path}, row {first_row + row + 1:,}: {wrong}")
        yield out.T
        first_row += batch.num_rows
