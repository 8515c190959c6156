"""Whatever a library raises on a broken data file becomes one line that names the file."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.readers.tables.column_names import one_line

TROUBLE = (
    OSError,
    ValueError,  # UnicodeDecodeError and most of pyarrow's errors are kinds of it
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    RuntimeError,  # NotImplementedError is one: a compression nobody here knows
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What the libraries raise on a file that is broken, by accident or on purpose."""


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turn whatever a library raises on a broken file into one line.

    Args:
        path: the file, as the message should name it.

    Raises:
        DataFileError: in place of any of `TROUBLE`.
    """
    try:
        yield
    except TROUBLE as error:
        raise DataFileError(f"{path}: cannot be read as data: {_one_line(error)}") from error


def _one_line(error: BaseException) -> str:
    """The first line of what a library says, short enough for a terminal."""
    longest = 160
    said = getattr(error, "strerror", None) or str(error)
    words = one_line((said.strip().splitlines() or [type(error).__name__])[0])
    return words if len(words) <= longest else words[:longest] + "..."
