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
from typing import Any

import h5py
import numpy as np

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Stored

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


ATTRIBUTE_LIMIT = 1 << 26
"""Bytes of one attribute; Keras writes at most 64 KiB, R keras a few more, a large model config some MiB."""
REPEATED_LIMIT = 1 << 30
"""Texts of an attribute times bytes of its file: texts of any length may all be the same one, stored once."""
NAMES_LIMIT = 1 << 16
"""Texts in one attribute."""
ARRAYS_LIMIT = 1 << 15
"""Arrays read from a file; five thousand layers and Adam keep thirty thousand."""
NUMBERS = "fiub"
READABLE = (h5py.h5t.TypeStringID, h5py.h5t.TypeIntegerID, h5py.h5t.TypeFloatID)
"""Types of attributes; a damaged sequence of any length takes h5py down with it."""
EXPANSION, EXPANSION_FLOOR = 100, 1 << 24
"""Keras stores what it saves uncompressed: what grows a hundredfold past 16 MiB is a bomb."""


@dataclass
class Budget:
    """How many bytes may be read from a model file.

    Attributes:
        allowed: as the user says.
        stored: bytes of the file; a few thousand may declare arrays without end.
        taken: bytes of the arrays read so far.
        arrays: how many they were.
    """

    allowed: int
    stored: int
    taken: int = 0
    arrays: int = 0

    def take(self, size: int, what: str) -> None:
        """Counts bytes about to be read; raises ModelFileError where they would be too many."""
        self.arrays += 1
        if self.arrays > ARRAYS_LIMIT:
            raise ModelFileError(f"the file holds more than {ARRAYS_LIMIT:,} weights; do not trust it")
        self.taken += size
        if self.taken > max(EXPANSION_FLOOR, EXPANSION * self.stored):
            raise ModelFileError(
                f"{what} brings a file of {self.stored:,} bytes to {self.taken:,} in memory; do not trust this file"
            )
        if self.taken > self.allowed:
            raise ModelFileError(
                f"{what} brings the file to more than the {self.allowed:,} bytes that may be read; "
                "if you trust the file, raise the limit with --max-bytes"
            )


def child(group: Any, path: str) -> Any:  # noqa: ANN401 - h5py ships no types
    """A group or dataset below a group by its path, or None; only hard links are followed."""
    for name in path.split("/"):
        link = group.get(name, getlink=True) if isinstance(group, h5py.Group) else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise ModelFileError(
                f"'{path}' is a link to another place or file, which Keras never writes; "
                "re-save the model with model.save"
            )
        group = group[name]
    return group


def dataset(group: Any, path: str, budget: Budget) -> Stored:  # noqa: ANN401
    """A whole dataset of numbers, once its declared size has been checked."""
    found = child(group, path)
    if not isinstance(found, h5py.Dataset):
        raise ModelFileError(f"the weight '{path}' is missing; the file is damaged, re-save the model")
    if found.external or found.is_virtual:
        raise ModelFileError(f"the weight '{path}' is kept in another file; re-save the model with model.save")
    bfloat16 = found.dtype.kind == "V" and text(found, "dtype") == "bfloat16"
    if found.shape is None or not (bfloat16 or found.dtype.kind in NUMBERS):
        raise ModelFileError(f"the weight '{path}' holds {found.dtype} where numbers are expected")
    what = f"the weight '{path}' of shape {found.shape}"
    # A chunk is unpacked as a whole, however small the part of it that is in use.
    largest = max(math.prod(found.shape), math.prod(found.chunks or (0,)))
    budget.take(largest * found.dtype.itemsize, what)
    if found.size and not found.id.get_storage_size():
        raise ModelFileError(f"{what} was announced and never written; the file is damaged, re-save the model")
    values = np.asarray(found[()])
    return _from_bfloat16(values) if bfloat16 else values


def _from_bfloat16(values: Stored) -> Stored:
    """A bfloat16 is the upper half of a float32."""
    halves = np.ascontiguousarray(values).view(np.uint16).astype(np.uint32)
    return (halves << 16).view(np.float32).reshape(values.shape)


def attribute(group: Any, name: str) -> Any:  # noqa: ANN401
    """An attribute's value, or None where it is absent."""
    if name not in group.attrs:
        return None
    stored = group.attrs.get_id(name)
    if not isinstance(stored.get_type(), READABLE):
        raise ModelFileError(f"the attribute '{name}' holds neither text nor numbers; re-save the model")
    count = math.prod(stored.shape or ())
    repeated = stored.dtype.kind == "O" and count > 1 and count * group.file.id.get_filesize() > REPEATED_LIMIT
    if count > NAMES_LIMIT or count * stored.dtype.itemsize > ATTRIBUTE_LIMIT or repeated:
        raise ModelFileError(f"the attribute '{name}' is larger than any that Keras writes; do not trust this file")
    if stored.dtype.kind == "O" and longer_than_the_file(group.file.filename, name):
        raise ModelFileError(f"the text '{name}' is said to be longer than the file; re-save the model")
    return group.attrs[name]


def text(group: Any, name: str) -> str | None:  # noqa: ANN401
    """A text attribute, stored as bytes or str, alone or in an array of one as R writes it."""
    return _text(attribute(group, name))


def _text(value: Any) -> str | None:  # noqa: ANN401
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value if isinstance(value, str) else None


def names(group: Any, name: str) -> list[str]:  # noqa: ANN401
    """A list of names, which Keras splits over ``name0``, ``name1``, ... when it is long."""
    whole = attribute(group, name)
    parts = [] if whole is None else [whole]
    while not parts or len(parts) > 1 or whole is None:
        part = attribute(group, f"{name}{len(parts)}")
        if part is None:
            break
        parts.append(part)
    return [_text(item) or "" for part in parts for item in np.atleast_1d(part)]
