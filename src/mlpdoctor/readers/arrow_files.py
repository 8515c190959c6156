"""Parquet and Arrow (Feather) files, read a row group or a record batch at a time."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mlpdoctor.column_names import unique
from mlpdoctor.errors import DataFileError
from mlpdoctor.network import Array
from mlpdoctor.readers.data_source import Source, seekable
from mlpdoctor.readers.table import Table
from mlpdoctor.readers.text_cells import complaint

ROWS_AT_ONCE = 1 << 15


def open_parquet(source: Source) -> Table:
    """Open a Parquet file.

    Raises:
        DataFileError: it holds no rows, or two columns of one name.
    """
    from pyarrow import parquet

    source = seekable(source)
    with source.open() as stream, parquet.ParquetFile(stream) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        names = _numeric(source.path, schema, columns)
        with source.open() as stream, parquet.ParquetFile(stream) as file:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=names):
                yield _numbers(batch, names)

    return Table("Parquet", _names(source.path, schema, rows), blocks, _not_numbers(schema))


def open_arrow(source: Source) -> Table:
    """Open an Arrow file, which is what Feather version 2 is.

    Raises:
        DataFileError: it holds no rows, or two columns of one name.
    """
    from pyarrow import ipc

    source = seekable(source)
    with source.open() as stream:
        file = ipc.open_file(stream)
        schema = file.schema
        rows = any(file.get_batch(place).num_rows for place in range(file.num_record_batches))

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        names = _numeric(source.path, schema, columns)
        with source.open() as stream:
            options = ipc.IpcReadOptions(included_fields=sorted(columns))
            file = ipc.open_file(stream, options=options)
            for place in range(file.num_record_batches):
                batch = file.get_batch(place)
                batch.validate(full=True)  # the lengths in the file are not to be trusted
                yield _numbers(batch, names)

    return Table("Arrow (Feather)", _names(source.path, schema, int(rows)), blocks, _not_numbers(schema))


def _names(path: str, schema: Any, rows: int) -> tuple[str, ...]:  # noqa: ANN401 - pyarrow has no types
    """Column names of a file that has rows."""
    names = tuple(map(str, schema.names))
    if not rows:
        raise DataFileError(f"{path}: holds no rows of data")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataFileError(f"{path}: has two columns called {twice!r}: rename one")
    return unique(names)


def _is_number(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    """Whether values of an Arrow type are numbers, true and false, or all missing."""
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_null)
    return any(test(kind) for test in tests)


def _not_numbers(schema: Any) -> frozenset[str]:  # noqa: ANN401 - pyarrow has no types
    """Names of the columns that hold something other than numbers."""
    names = unique(schema.names)
    return frozenset(name for name, field in zip(names, schema, strict=True) if not _is_number(field.type))


def _numeric(path: str, schema: Any, columns: Sequence[int]) -> list[str]:  # noqa: ANN401 - pyarrow has no types
    """Names of the chosen columns, all of which hold numbers."""
    for column in columns:
        field = schema.field(column)
        if not _is_number(field.type):
            raise DataFileError(f"{path}: {complaint(f'type {field.type}', str(field.name))}")
    return [str(schema.field(column).name) for column in columns]


def _numbers(batch: Any, names: Sequence[str]) -> Array:  # noqa: ANN401 - pyarrow has no types
    """The named columns of a record batch: shape (rows, names)."""
    import pyarrow as pa

    out = np.empty((len(names), batch.num_rows))
    for place, name in enumerate(names):
        column = batch.column(name)
        if pa.types.is_null(column.type):
            out[place] = np.nan
        else:
            out[place] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return out.T
