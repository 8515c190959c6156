"""Where the bytes of a data file come from: a path, standard input, or the inside of a gzip file."""

import gzip
import io
import sys
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO, cast

from mlpdoctor.core.address import protocol_of
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.whole_file import patience
from mlpdoctor.readers.bounded_stream import AT_ONCE, BoundedStream, RereadableStream
from mlpdoctor.readers.tables.places import opened, size_at, version_of


@dataclass(frozen=True, eq=False)
class Source:
    """Bytes that can be read from the top as often as needed.

    Attributes:
        path: as the messages name it.
        open: gives a fresh reader at the first byte.
        max_bytes: the most bytes that compressed or piped data may come to.
        seekable: whether the readers can seek cheaply.
        size: bytes in all; None where only reading tells.
    """

    path: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    max_bytes: int
    seekable: bool = True
    size: int | None = None


def from_path(path: str, max_bytes: int) -> Source:
    """The bytes of a file, or at an address; a named pipe, which can be read only once, is copied first.

    Raises:
        DataFileError: there is no such file.
    """
    if protocol_of(path) is not None:
        return Source(path, lambda: opened(path), max_bytes, size=size_at(path))
    file = Path(path)
    if not file.exists():
        raise DataFileError(f"{path}: there is no such file{_near(file)}")
    if not file.is_file():
        with patience(f"{path}: waiting; nobody writes to this named pipe yet"):
            pipe = file.open("rb")
        with pipe:
            return from_stream(path, pipe, max_bytes)
    return Source(path, lambda: file.open("rb"), max_bytes, size=file.stat().st_size)


def steady(source: Source) -> Source:
    """The same bytes, as long as nobody changes them: a table is read several times over, and each pass must agree.

    What was copied from a pipe stays as it is.
    """
    if source.size is None:
        return source
    seen: set[Hashable] = set()

    def check() -> None:
        seen.add(version_of(source.path))
        if len(seen) > 1:
            raise DataFileError(f"{source.path}: was changed while it was read; give a copy that stays as it is")

    @contextmanager
    def reader() -> Iterator[BinaryIO]:
        with source.open() as stream:
            check()
            try:
                yield stream
            except Exception:
                check()  # which says better what is wrong than half of a line does
                raise
            check()

    return replace(source, open=reader)


def from_stdin(stdin: BinaryIO | None, max_bytes: int) -> Source:
    """The bytes of standard input, kept so that they can be read again.

    Raises:
        DataFileError: nothing is piped in, or more than ``max_bytes``.
    """
    stream = stdin if stdin is not None else getattr(sys.stdin, "buffer", None)
    if stream is None or stream.isatty():
        raise DataFileError("-: the data should come from standard input, and nothing is piped into it")
    return from_stream("-", stream, max_bytes)


def from_stream(path: str, stream: BinaryIO, max_bytes: int) -> Source:
    """The bytes of a stream that can be read only once.

    Raises:
        DataFileError: there are more than ``max_bytes``.
    """
    return Source(path, RereadableStream(BoundedStream(stream, path, max_bytes)).open, max_bytes)


def unzipped(source: Source) -> Source:
    """The inside of a gzip file, decompressed on the way."""

    @contextmanager
    def reader() -> Iterator[BinaryIO]:
        with source.open() as packed, gzip.GzipFile(fileobj=packed) as inside:
            bounded = BoundedStream(cast("BinaryIO", inside), source.path, source.max_bytes)
            yield cast("BinaryIO", io.BufferedReader(bounded, AT_ONCE))

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


def _near(file: Path) -> str:
    """Names in the same folder that look like the one asked for."""
    folder = file.parent
    if not folder.is_dir():
        return f", nor a folder {folder}"
    names = get_close_matches(file.name, [other.name for other in folder.iterdir()], n=3)
    return "; did you mean " + " or ".join(str(folder / name) for name in names) + "?" if names else ""
