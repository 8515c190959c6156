"""How long the texts of an HDF5 attribute say they are, read from the bytes of the file.

A text of any length is stored as a length and a place. HDF5 clears as much memory as the length says before it looks at
the place, so that four changed bytes cost four gigabytes; and it tells nobody the length.
https://docs.hdfgroup.org/archive/support/HDF5/doc/H5.format.html, "The Attribute Message"
"""

import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path

SCANNED = 1 << 24
"""Bytes of a file that is looked through; a larger one gains less by the lie."""
_TEXTS = 9
"""The class of a type of values of any length."""
_REFERENCE = 16
"""Bytes of a length and a place, one for each text of a list."""


def longer_than_the_file(path: str, name: str) -> bool:
    """Whether an attribute with this name, wherever in the file, claims a text that is longer than the whole file.

    Args:
        path: the file; none of a model in memory is looked through.
        name: of the attribute.
    """
    file = Path(path)
    if not file.is_file() or not 0 < (size := file.stat().st_size) <= SCANNED:
        return False
    content, sought = file.read_bytes(), name.encode() + b"\0"
    places = (match.start() for match in re.finditer(re.escape(sought), content))
    return any(length > size for place in places for length in _lengths(content, place, len(sought)))


def _lengths(content: bytes, name: int, size: int) -> Iterator[int]:
    """The lengths in the attribute whose name of this size lies at this place; none where it is no attribute of texts.

    Behind the name lie the type and the shape, each padded in the first version of the format, and then the values.
    """
    for version, head in ((1, 8), (2, 8), (3, 9)):
        start = name - head
        if start < 0 or content[start] != version:
            continue
        sizes = struct.unpack_from("<3H", content, start + 2)
        padded = [-(-each // 8) * 8 if version == 1 else each for each in sizes]
        kind, shape, values = (name + sum(padded[:count]) for count in (1, 2, 3))
        if sizes[0] != size or values > len(content) or content[kind] & 15 != _TEXTS:
            continue
        sides = struct.unpack_from(f"<{content[shape + 1]}Q", content, shape + (8 if content[shape] == 1 else 4))
        end = min(values + math.prod(sides) * _REFERENCE, len(content) - 4)
        for place in range(values, end, _REFERENCE):
            yield struct.unpack_from("<I", content, place)[0]
