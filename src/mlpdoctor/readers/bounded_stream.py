"""Streams with a bound, and a copy of a stream that can be read again and again."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from mlpdoctor.core.errors import DataFileError, InputError
from mlpdoctor.readers.tables.column_names import one_line

IN_MEMORY = 1 << 24
"""A copy of up to this many bytes stays in memory; a larger one goes to an anonymous temporary file."""
AT_ONCE = 1 << 20
"""Bytes copied or unpacked at a time."""


class BoundedStream(io.RawIOBase):
    """Passes a stream on, and stops at a bound: a few kilobytes can unpack to a full disk."""

    def __init__(self, stream: BinaryIO, path: str, max_bytes: int) -> None:
        """Pass on ``stream``, at most ``max_bytes`` of it; ``path`` is for the message."""
        self._stream = stream
        self._path = path
        self._max_bytes = max_bytes
        self._left = max_bytes

    def readable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Bytes passed on so far."""
        return self._max_bytes - self._left

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill a buffer with the next bytes.

        Raises:
            DataFileError: there are more than the bound.
        """
        part = self._stream.read(len(buffer))
        self._left -= len(part)
        if self._left < 0:
            raise DataFileError(
                f"{self._path}: comes to more than {self._max_bytes:,} bytes; --max-bytes raises the bound"
            )
        buffer[: len(part)] = part
        return len(part)


class RereadableStream:
    """A temporary file that lives as long as anybody may still read it."""

    def __init__(self, stream: io.RawIOBase) -> None:
        """Copy a stream to its end."""
        import tempfile

        self.file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - outlives this call
        while part := stream.read(AT_ONCE):
            self.file.write(part)
        self.size = self.file.tell()

    def open(self) -> BinaryIO:
        """A fresh reader at the first byte."""
        return cast("BinaryIO", io.BufferedReader(_Window(self)))

    def __del__(self) -> None:
        """Give the room back."""
        self.file.close()


class _Window(io.RawIOBase):
    """One reader of a shared file, with a place of its own."""

    def __init__(self, spool: RereadableStream) -> None:
        self._spool = spool
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._spool.size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        self._spool.file.seek(self._place)
        part = self._spool.file.read(len(buffer))
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turn whatever a library raises on a broken file into one line.

    A list of what zlib, lzma, zipfile, pyarrow and the others may raise was never complete; so it is anything.

    Args:
        path: the file, as the message should name it.

    Raises:
        DataFileError: in place of any other error.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise DataFileError(f"{path}: cannot be read as data: {reason(error)}") from error


LONGEST = 160


def reason(error: Exception) -> str:
    """The first line of what a library says, short enough for a terminal."""
    if isinstance(error, MemoryError):
        return "it takes more memory than there is"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    said = getattr(error, "strerror", None) or str(error)
    words = one_line((said.strip().splitlines() or [type(error).__name__])[0])
    return words if len(words) <= LONGEST else words[:LONGEST] + "..."
