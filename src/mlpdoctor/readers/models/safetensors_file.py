"""Arrays in a safetensors file: a header in JSON, then the bytes (https://huggingface.co/docs/safetensors)."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mlpdoctor.core.errors import ModelFileError, legible
from mlpdoctor.core.network import Stored

HEADER_LIMIT = 1 << 24
"""Bytes of the header; one array takes about a hundred."""
TYPES: Mapping[str, str] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U8": "u1", "BOOL": "?",
}  # fmt: skip
HEADER = 8


def is_safetensors(head: bytes) -> bool:
    """Whether a file with these first bytes is one: the length of its header, and an object of JSON."""
    if len(head) <= HEADER:
        return False
    (length,) = struct.unpack("<Q", head[:HEADER])
    return 1 < length <= HEADER_LIMIT and head[HEADER : HEADER + 200].lstrip().startswith(b"{")


def read_safetensors(path: str, max_bytes: int) -> dict[str, Stored]:
    """All arrays by name.

    Args:
        path: of the file.
        max_bytes: the file may not be larger.

    Raises:
        ModelFileError: it is damaged or too large.
    """
    size = Path(path).stat().st_size
    if size > max_bytes:
        raise ModelFileError(f"has {size:,} bytes; --max-bytes allows {max_bytes:,}")
    content = memoryview(Path(path).read_bytes())
    (length,) = struct.unpack("<Q", content[:HEADER])
    try:
        header = json.loads(bytes(content[HEADER : HEADER + length]))
        values = content[HEADER + length :]
        return {
            legible(name): _array(told, values)
            for name, told in header.items()
            if name != "__metadata__" and told["dtype"] in TYPES
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise ModelFileError(f"is damaged or cut short ({type(fault).__name__}); copy or download it again") from fault


def _array(told: Mapping[str, Any], content: memoryview) -> Stored:
    dtype, shape = told["dtype"], told["shape"]
    start, end = (int(place) for place in told["data_offsets"])
    if not isinstance(shape, list) or not all(isinstance(side, int) and side >= 0 for side in shape):
        raise ValueError("no shape")
    if not 0 <= start <= end <= len(content):
        raise ValueError("bytes beyond the end of the file")
    found = np.frombuffer(content[start:end], TYPES[str(dtype)])
    if len(found) != math.prod(shape):
        raise ValueError("another number of bytes than the shape asks for")
    if dtype == "BF16":
        found = (found.astype(np.uint32) << 16).view(np.float32)
    return found.reshape(shape)
