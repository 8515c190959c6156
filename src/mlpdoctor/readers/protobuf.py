"""Protocol buffers without their library: the fields of a message, one after the other, never past its end.

The wire format is small and fixed (https://protobuf.dev/programming-guides/encoding): a key of field number and kind,
then a varint, eight or four bytes, or a length and as many bytes. What the fields mean is for the reader to know.
"""

from collections.abc import Iterator
from typing import TypeAlias

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10
SIGN, WHOLE = 1 << 63, 1 << 64

Bytes: TypeAlias = bytes | memoryview
Field: TypeAlias = tuple[int, int | Bytes]


def fields(content: Bytes) -> Iterator[Field]:
    """Number and content of each field of a message: varints as int from 0 on, all else as a slice of the content.

    Raises:
        ValueError: it is no message.
    """
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, place = _varint(content, place)
            yield number, value
            continue
        if kind == LENGTH:
            length, place = _varint(content, place)
        elif kind in {FIXED64, FIXED32}:
            length = 8 if kind == FIXED64 else 4
        else:
            raise ValueError("a record that is no message")
        if place + length > len(content):
            raise ValueError("a record that is cut short")
        yield number, content[place : place + length]
        place += length


def varints(content: int | Bytes) -> Iterator[int]:
    """The numbers of a repeated field, packed into bytes or one at a time, with their sign.

    Raises:
        ValueError: the bytes are no numbers.
    """
    if isinstance(content, int):
        yield signed(content)
        return
    place = 0
    while place < len(content):
        value, place = _varint(content, place)
        yield signed(value)


def signed(value: int) -> int:
    """A varint as the number of 64 bits that it stands for."""
    value %= WHOLE
    return value - WHOLE if value >= SIGN else value


def _varint(content: Bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, and the place after it."""
    value = 0
    for count in range(LONGEST_VARINT):
        if place + count >= len(content):
            break
        byte = content[place + count]
        value |= (byte & 127) << 7 * count
        if byte < 128:  # noqa: PLR2004
            return value, place + count + 1
    raise ValueError("a record that is no message")
