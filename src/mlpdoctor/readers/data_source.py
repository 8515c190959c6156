"""Where the bytes of a data file come from: a path, standard input, or the inside of a gzip file."""

import gzip
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO, cast

from mlpdoctor.errors import DataFileError

IN_MEMORY = 1 << 24
"""A piped file up to this many bytes stays in memory; a larger one goes to an anonymous temporary file."""
COPIED_AT_ONCE = 1 << 20


@dataclass(frozen=True, eq=False)
class Source:
    """Bytes that can be read from the top as often as needed.

    Attributes:
        path: as the messages name it.
        open: gives a fresh reader at the first byte.
        max_bytes: the most bytes that compressed or piped data may come to.
        seekable: whether the readers can seek cheaply.
    """

    path: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    max_bytes: int
    seekable: bool = True


def from_path(path: str, max_bytes: int) -> Source:
    """The bytes of a file; a named pipe, which can be read only once, is copied first.

    Raises:
        DataFileError: there is no such file.
    """
    file = Path(path)
    if not file.exists():
        raise DataFileError(f"{path}: there is no such file{_near(file)}")
    if not file.is_file():
        with file.open("rb") as pipe:
            return from_stream(path, pipe, max_bytes)
    return Source(path, lambda: file.open("rb"), max_bytes)


def from_stdin(stdin: BinaryIO | None, max_bytes: int) -> Source:
    """The bytes of standard input, kept so that they can be read again.

    Raises:
        DataFileError: nothing is piped in, or more than ``max_bytes``.
    """
    stream = stdin if stdin is not None else sys.stdin.buffer
    if stream.isatty():
        raise DataFileError("-: the data should come from standard input, and nothing is piped into it")
    return from_stream("-", stream, max_bytes)


def from_stream(path: str, stream: BinaryIO, max_bytes: int) -> Source:
    """The bytes of a stream that can be read only once.

    Raises:
        DataFileError: there are more than ``max_bytes``.
    """
    return Source(path, _Spool(_Bounded(stream, path, max_bytes)).open, max_bytes)


def unzipped(source: Source) -> Source:
    """The inside of a gzip file, decompressed on the way."""

    @contextmanager
    def reader() -> Iterator[BinaryIO]:
        with source.open() as packed, gzip.GzipFile(fileobj=packed) as inside:
            bounded = _Bounded(cast("BinaryIO", inside), source.path, source.max_bytes)
            yield cast("BinaryIO", io.BufferedReader(bounded, COPIED_AT_ONCE))

    return Source(source.path, reader, source.max_bytes, seekable=False)


def seekable(source: Source) -> Source:
    """The same bytes from a place where any part can be read at once.

    Raises:
        DataFileError: there are more than ``max_bytes``.
    """
    if source.seekable:
        return source
    with source.open() as stream:
        return from_stream(source.path, stream, source.max_bytes)


class _Bounded(io.RawIOBase):
    """Passes a stream on, and stops at a bound: a few kilobytes can unpack to a full disk."""

    def __init__(self, stream: BinaryIO, path: str, max_bytes: int) -> None:
        self._stream = stream
        self._path = path
        self._max_bytes = max_bytes
        self._left = max_bytes

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._max_bytes - self._left

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        part = self._stream.read(len(buffer))
        self._left -= len(part)
        if self._left < 0:
            raise DataFileError(
                f"{self._path}: comes to more than {self._max_bytes:,} bytes; --max-bytes raises the bound"
            )
        buffer[: len(part)] = part
        return len(part)


class _Spool:
    """A temporary file that lives as long as anybody may still read it."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self.file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - outlives this call
        while part := stream.read(COPIED_AT_ONCE):
            self.file.write(part)
        self.size = self.file.tell()

    def open(self) -> BinaryIO:
        return cast("BinaryIO", io.BufferedReader(_Window(self)))

    def __del__(self) -> None:
        self.file.close()


class _Window(io.RawIOBase):
    """One reader of a shared file, with a place of its own."""

    def __init__(self, spool: _Spool) -> None:
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


def _near(file: Path) -> str:
    """Names in the same folder that look like the one asked for."""
    folder = file.parent
    if not folder.is_dir():
        return f", nor a folder {folder}"
    names = get_close_matches(file.name, [other.name for other in folder.iterdir()], n=3)
    return "; did you mean " + " or ".join(str(folder / name) for name in names) + "?" if names else ""
