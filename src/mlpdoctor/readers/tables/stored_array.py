"""Arrays in NumPy's own file format, read a block of rows at a time and never as a pickle."""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import product
from math import prod
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.readers.tables.column_names import unique
from mlpdoctor.readers.tables.table import Table, together
from mlpdoctor.readers.tables.text_rows import complaint_of_typed

MOST_COLUMNS = 1 << 20
"""A row of more numbers than this enters no network of dense layers."""
MOST_ROW_BYTES = 1 << 26
"""Of such a row; a single text could be longer, and is read as a whole to be shown."""
MOST_HEADER = 1 << 16
"""Bytes of a header; NumPy reads no more than ten thousand."""


@dataclass(frozen=True, eq=False)
class StoredArray:
    """An array in a file: what its header says, and how to get at its rows.

    Attributes:
        path: the file, as the messages name it.
        name: what the array is called.
        open: gives a reader at the first byte of the header.
        shape: rows first.
        dtype: of the file; one with fields is a table with named columns.
        by_column: whether the values of a column stand together, in Fortran's order.
        start: bytes before the first value.
    """

    path: str
    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_column: bool
    start: int

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(self.dtype.names) if self.dtype.names else prod(self.shape[1:])

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return prod(self.shape[1:]) * self.dtype.itemsize

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns: ``x`` for a single one, ``x[0]``, ``x[1]`` or ``x[0,0]`` for more."""
        if self.dtype.names:
            return self.dtype.names
        if self.width == 1:
            return (self.name,)
        return tuple(f"{self.name}[{','.join(map(str, place))}]" for place in product(*map(range, self.shape[1:])))

    @property
    def text(self) -> tuple[bool, ...]:
        """For each column whether it holds something other than numbers."""
        if self.dtype.names:
            return tuple(not _is_number(self.dtype[name]) for name in self.dtype.names)
        return (not _is_number(self.dtype),) * self.width

    def rows(self, height: int) -> Iterator[npt.NDArray[Any]]:
        """Blocks of rows in the file's own type, shape (rows, width), or (rows,) with fields.

        Args:
            height: rows of every block but the last.

        Raises:
            DataFileError: the file ends before its last row.
        """
        with self.open() as stream:
            stream.seek(self.start) if self.by_column else stream.read(self.start)
            for first in range(0, self.shape[0], height):
                count = min(height, self.shape[0] - first)
                if self.by_column:
                    yield self._by_column(stream, first, count)
                else:
                    values = self._values(stream, count * prod(self.shape[1:]))
                    yield values if self.dtype.names else values.reshape(count, self.width)

    def first_row(self) -> list[Any]:
        """The first row as Python values."""
        return list(next(self.rows(1)).tolist()[0])

    def _by_column(self, stream: BinaryIO, first: int, count: int) -> npt.NDArray[Any]:
        """Some rows of an array in Fortran's order, put together from all its columns."""
        out = np.empty((self.width, count), self.dtype)
        for column in range(self.width):
            stream.seek(self.start + (column * self.shape[0] + first) * self.dtype.itemsize)
            out[column] = self._values(stream, count)
        return out.reshape(*self.shape[:0:-1], count).T.reshape(count, self.width)

    def _values(self, stream: BinaryIO, count: int) -> npt.NDArray[Any]:
        """The next values of the stream."""
        size = count * self.dtype.itemsize
        data = stream.read(size)
        if len(data) < size:
            raise DataFileError(
                f"{self.path}: the array {self.name!r} ends before its last row: the file was cut short; write it again"
            )
        return np.frombuffer(data, self.dtype)

    def refuse_what_cannot_be_read(self) -> None:
        """Stop at an array that only a pickle can hold, and at one of a type that NumPy has no name for.

        Raises:
            DataFileError: the array holds Python objects or raw bytes.
        """
        if self.dtype.hasobject:
            raise DataFileError(
                f"{self.path}: the array {self.name!r} holds Python objects, which run code when read: "
                "save it as numbers, with .astype('float64'), or texts by class, pd.factorize(y, sort=True)[0]"
            )
        if self.dtype.kind == "V" and not self.dtype.names:
            raise DataFileError(
                f"{self.path}: the array {self.name!r} holds raw values of {self.dtype.itemsize} bytes, as NumPy saves "
                "bfloat16 and the like: save it as numbers, with .astype('float32')"
            )


def read_header(
    path: str, name: str, stream: BinaryIO, opener: Callable[[], AbstractContextManager[BinaryIO]]
) -> StoredArray:
    """Read what an array's header says.

    Args:
        path: the file, as the messages name it.
        name: what the array is called.
        stream: a reader at the first byte of the header.
        opener: gives another one, for the values.

    Raises:
        DataFileError: the header is broken, or the rows are too long.
        ValueError: the header is broken.
    """
    head = io.BytesIO(stream.read(MOST_HEADER))  # the length that it tells is not to be trusted
    version = np.lib.format.read_magic(head)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        with warnings.catch_warnings(action="ignore"):  # a file of Python 2 is as good as any other
            shape, by_column, dtype = reader(head)
    except (SyntaxError, TokenError):
        raise DataFileError(f"{path}: the header of the array {name!r} is broken: write the file again") from None
    array = StoredArray(path, name, opener, shape, dtype, by_column and len(shape) > 1, head.tell())
    too_long = array.width > MOST_COLUMNS or array.row_bytes > MOST_ROW_BYTES
    if min(shape, default=0) < 0 or too_long or (dtype.names and len(shape) > 1):
        raise DataFileError(
            f"{path}: the array {name!r} has the shape {shape}, type {dtype.name}: rows of numbers were expected"
        )
    return array


def as_numbers(block: npt.NDArray[Any], columns: Sequence[int]) -> Array:
    """The chosen columns of a block of rows: shape (rows, columns), float64."""
    if block.dtype.names:
        fields = [block[block.dtype.names[column]].astype(np.float64) for column in columns]
        return np.stack(fields, axis=1)
    return block[:, together(columns)].astype(np.float64)


def _is_number(kind: np.dtype[Any]) -> bool:
    """Whether a type is that of real numbers or of true and false."""
    return kind.kind in "biuf" and kind.subdtype is None


BLOCK_BYTES = 1 << 22
"""Bytes of the file read at a time: the blocks of a wide table have fewer rows."""


def side_by_side(arrays: Sequence[StoredArray], what: str, names: Sequence[str] = ()) -> Table:
    """A table of the columns of some arrays with the same number of rows.

    Args:
        arrays: one or more, with at least one axis each.
        what: the kind of file, for people.
        names: of all columns; those of the arrays when there are none.

    Raises:
        DataFileError: there are no rows, or Python objects in them.
    """
    path = arrays[0].path
    for array in arrays:
        array.refuse_what_cannot_be_read()
    if not arrays[0].shape or not arrays[0].shape[0] or not sum(array.width for array in arrays):
        raise DataFileError(f"{path}: holds no rows of data: the array {arrays[0].name!r} has shape {arrays[0].shape}")
    names = unique(names or [name for array in arrays for name in array.names])
    holds_text = [is_text for array in arrays for is_text in array.text]
    text = frozenset(name for name, is_text in zip(names, holds_text, strict=True) if is_text)
    height = max(1, BLOCK_BYTES // max(1, *(array.row_bytes for array in arrays)))

    def blocks(columns: Sequence[int]) -> Iterator[Array]:
        order, parts, before = [], [], 0
        for array in arrays:
            inside = [column - before for column in columns if before <= column < before + array.width]
            order += [column + before for column in inside]
            before += array.width
            if inside:
                parts.append((array, inside))
            for column in inside:
                if array.text[column]:
                    value = array.first_row()[column]
                    name = names[before - array.width + column]
                    raise DataFileError(f"{path}, row 1: {complaint_of_typed(str(value), name)}")
        places = {column: place for place, column in enumerate(order)}
        back = together([places[column] for column in columns])
        streams = [array.rows(height) for array, _ in parts]
        for level in zip(*streams, strict=True):
            chosen = [as_numbers(block, inside) for block, (_, inside) in zip(level, parts, strict=True)]
            yield (np.concatenate(chosen, axis=1) if len(chosen) > 1 else chosen[0])[:, back]

    return Table(what, names, blocks, text, rows=arrays[0].shape[0])
