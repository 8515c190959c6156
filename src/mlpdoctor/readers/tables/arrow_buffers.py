"""What the blocks of an Arrow file come to, told from their headers, before one is unpacked.

pyarrow tells neither how many rows a record batch has nor how large it is without unpacking all of it, and a few
kilobytes can be packed gigabytes. The headers are FlatBuffers: tables of fields, each found by its number.
https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

import io
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from mlpdoctor.core.network import Array

_MARK = 6
"""Bytes of ARROW1, with which a file begins and ends."""
_DICTIONARIES, _BATCHES = 2, 3
"""Fields of the footer."""
_BLOCK = struct.Struct("<qi4xq")
"""Where a block begins, and bytes of its header and of what follows."""
_KIND, _CONTENT = 1, 2
"""Fields of a message."""
_ROWS, _BUFFERS, _PACKED = 0, 2, 3
"""Fields of a record batch."""
_DATA = 1
"""Field of a dictionary: a record batch."""
_IS_DICTIONARY = 2


class Sizes(NamedTuple):
    """What an Arrow file comes to.

    Attributes:
        rows: in all its record batches.
        dictionaries: bytes of all dictionaries, unpacked.
        largest: bytes of the largest record batch, unpacked.
    """

    rows: int
    dictionaries: int
    largest: int


def sizes(stream: BinaryIO) -> Sizes:
    """Read the headers of an Arrow file.

    Args:
        stream: the file, in which any part can be read.

    Raises:
        ValueError: it ends too early.
        struct.error: a header is broken.
    """
    whole = stream.seek(0, io.SEEK_END)
    stream.seek(whole - _MARK - 4)
    (length,) = struct.unpack("<i", stream.read(4))
    stream.seek(whole - _MARK - 4 - length)
    footer = _Table.root(stream.read(max(length, 0)))
    blocks = {field: list(footer.vector(field, _BLOCK.size)) for field in (_DICTIONARIES, _BATCHES)}
    places = [_BLOCK.unpack_from(footer.content, place) for found in blocks.values() for place in found]
    if any(min(place) < 0 for place in places) or sum(header + body for _, header, body in places) > whole:
        raise ValueError("its blocks lie over each other")
    dictionaries, batches = (
        [_block(stream, *_BLOCK.unpack_from(footer.content, place)) for place in found] for found in blocks.values()
    )
    return Sizes(
        rows=sum(max(rows, 0) for rows, _ in batches),
        dictionaries=sum(size for _, size in dictionaries),
        largest=max((size for _, size in batches), default=0),
    )


def _block(stream: BinaryIO, offset: int, length: int, _body: int) -> tuple[int, int]:
    """Rows and unpacked bytes of the block with a header of some length at some place."""
    stream.seek(offset)
    header = stream.read(length)
    begins = 8 if header[:4] == b"\xff\xff\xff\xff" else 4
    message = _Table.root(header[begins:])
    batch = message.table(_CONTENT)
    if message.number(_KIND, "<B") == _IS_DICTIONARY:
        batch = batch.table(_DATA)
    size = 0
    packed = batch.has(_PACKED)
    for buffer in batch.vector(_BUFFERS, 16):
        start, stored = batch.unpack("<qq", buffer)
        size += stored
        if packed and stored:
            stream.seek(offset + length + start)
            (unpacked,) = struct.unpack("<q", stream.read(8))
            size += max(unpacked, 0)  # -1 says that this one is not packed
    return batch.number(_ROWS, "<q"), size


class _Table(NamedTuple):
    """A table of a FlatBuffer."""

    content: bytes
    place: int

    @classmethod
    def root(cls, content: bytes) -> "_Table":
        return cls(content, struct.unpack_from("<I", content)[0])

    def unpack(self, form: str, place: int) -> tuple[int, ...]:
        return struct.unpack_from(form, self.content, place)

    def has(self, field: int) -> bool:
        return self._offset(field) > 0

    def number(self, field: int, form: str) -> int:
        offset = self._offset(field)
        return self.unpack(form, self.place + offset)[0] if offset else 0

    def table(self, field: int) -> "_Table":
        return _Table(self.content, self._target(field))

    def vector(self, field: int, width: int) -> range:
        """Places of the elements of a vector of structures with so many bytes."""
        if not self.has(field):
            return range(0)
        place = self._target(field)
        count = min(self.unpack("<I", place)[0], len(self.content) // width)
        return range(place + 4, place + 4 + count * width, width)

    def _target(self, field: int) -> int:
        place = self.place + self._offset(field)
        return place + self.unpack("<I", place)[0]

    def _offset(self, field: int) -> int:
        """Bytes from the table to a field, which the table of offsets tells; 0 where it was left out."""
        offsets = self.place - self.unpack("<i", self.place)[0]
        entry = 4 + 2 * field
        return self.unpack("<H", offsets + entry)[0] if entry < self.unpack("<H", offsets)[0] else 0


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
    first = values.offset % 8
    there = np.frombuffer(validity, np.uint8, (first + len(values) + 7) // 8, values.offset // 8)
    bits = np.unpackbits(there, bitorder="little")
    return np.where(bits[first : first + len(values)], numbers, np.nan)


def _classes(values: Any, codes: Mapping[str, float]) -> Array:  # noqa: ANN401
    """Texts as the numbers that they stand for, NaN where one is missing."""
    return np.array([codes.get(_shown(cell).strip(), np.nan) if cell.is_valid else np.nan for cell in values])


def _is_nested(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    from pyarrow import types

    return bool(types.is_nested(kind) or types.is_binary(kind))


def _shown(cell: Any) -> str:  # noqa: ANN401
    """The beginning of a cell that is no number; the type of one that holds many values."""
    from pyarrow import types

    cell = getattr(cell, "value", cell) if cell is not None and types.is_dictionary(cell.type) else cell
    if cell is None or not types.is_nested(cell.type):
        text = getattr(cell, "as_buffer", lambda: None)()
        return str(cell) if text is None else text[:SHOWN].to_pybytes().decode("utf-8", "replace")
    return str(cell.type)


SHOWN = 1000
"""Bytes of a cell that are looked at for the message."""


def _is_number(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    """Whether values of an Arrow type are numbers, true and false, or all missing."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_null)
    return any(test(kind) for test in tests)
