"""Parquet and Arrow (Feather) files, read a row group or a record batch at a time.

pyarrow's own ``to_numpy`` imports pandas where it is installed, which takes longer than a file of a hundred
megabytes; so the two buffers of an array, its values and its bits of validity, are read as they lie in memory.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.network import Array
from mlpdoctor.readers.tables.column_names import unique
from mlpdoctor.readers.tables.data_source import Source, seekable
from mlpdoctor.readers.tables.table import Table
from mlpdoctor.readers.tables.text_rows import complaint_of_typed


def float64_values(values: Any) -> Array:  # noqa: ANN401 - pyarrow has no types
    """The values of an Arrow array of numbers or booleans: shape (length,), NaN where one is missing.

    Args:
        values: an array of a numeric, boolean, decimal or null type, or a dictionary of one.
    """
    import pyarrow as pa

    if not len(values) or pa.types.is_null(values.type):
        return np.full(len(values), np.nan)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type != pa.float64():
        values = values.cast(pa.float64(), safe=False)
    validity, data = values.buffers()
    numbers = np.frombuffer(data, np.float64, len(values), values.offset * 8)
    if not values.null_count:
        return numbers
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
    return np.where(bits[values.offset : values.offset + len(values)], numbers, np.nan)


ROWS_AT_ONCE = 1 << 15
BUFFER_BYTES = 1 << 16
"""Of each column."""


def open_parquet(source: Source) -> Table:
    """Open a Parquet file.

    Raises:
        DataFileError: it holds no rows, or two columns of one name.
    """
    from pyarrow import parquet

    source = seekable(source)
    with source.open() as stream, parquet.ParquetFile(stream) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows

    def batches(columns: Sequence[int]) -> Iterator[Any]:
        names = [schema.names[column] for column in columns]
        # A row group may be as large as the file: it is not fetched ahead but read through a buffer.
        with (
            source.open() as stream,
            parquet.ParquetFile(stream, pre_buffer=False, buffer_size=BUFFER_BYTES) as file,
        ):
            yield from file.iter_batches(batch_size=ROWS_AT_ONCE, columns=names)

    return _table(source.path, "Parquet", schema, rows, batches)


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
        rows = sum(file.get_batch(place).num_rows for place in range(file.num_record_batches))

    def batches(columns: Sequence[int]) -> Iterator[Any]:
        with source.open() as stream:
            file = ipc.open_file(stream, options=ipc.IpcReadOptions(included_fields=sorted(columns)))
            for place in range(file.num_record_batches):
                batch = file.get_batch(place)
                batch.validate(full=True)  # the lengths in the file are not to be trusted
                yield batch

    return _table(source.path, "Arrow (Feather)", schema, rows, batches)


def _table(
    path: str,
    what: str,
    schema: Any,  # noqa: ANN401 - pyarrow has no types
    rows: int,
    batches: Callable[[Sequence[int]], Iterator[Any]],
) -> Table:
    """A table of record batches."""
    if not rows:
        raise DataFileError(f"{path}: holds no rows of data")
    own = list(map(str, schema.names))
    names = unique(own)
    if len(set(own)) < len(own):
        twice = next(name for name in own if own.count(name) > 1)
        raise DataFileError(f"{path}: has two columns called {twice!r}: rename one")

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        first_row = 0
        for batch in batches(columns):
            out = np.empty((len(columns), batch.num_rows))
            for place, column in enumerate(columns):
                values = batch.column(own[column])
                if _is_number(values.type):
                    out[place] = float64_values(values)
                else:
                    row, value = next(((row, cell) for row, cell in enumerate(values) if cell.is_valid), (0, None))
                    wrong = complaint_of_typed(str(value), names[column])
                    raise DataFileError(f"{path}, row {first_row + row + 1:,}: {wrong}")
            yield out.T
            first_row += batch.num_rows

    text = frozenset(name for name, field in zip(names, schema, strict=True) if not _is_number(field.type))
    return Table(what, names, blocks, text, rows=rows)


def _is_number(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    """Whether values of an Arrow type are numbers, true and false, or all missing."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_null)
    return any(test(kind) for test in tests)
