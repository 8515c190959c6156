"""The files of a folder, found and opened within bounds."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from mlpdoctor.readers.histories.refusals import HistoryFileError

MOST_FILES = 100_000
"""Files looked at in a folder and below."""
DEEPEST = 6
"""Folders within folders looked into."""


class Files:
    """A folder whose files together may hold so many bytes.

    Attributes:
        folder: the folder.
        max_bytes: the most bytes read of all files together.
        left: what is left of them.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Look into ``folder`` for at most ``max_bytes`` in all."""
        self.folder = folder
        self.max_bytes = max_bytes
        self.left = max_bytes

    def all(self) -> Iterator[Path]:
        """All files below, by name; links to other folders are not followed.

        Raises:
            HistoryFileError: there are too many.
        """
        seen = 0
        for where, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if name[0] != ".")
            if len(Path(where).relative_to(self.folder).parts) >= DEEPEST:
                folders.clear()
            for name in sorted(names):
                seen += 1
                if seen > MOST_FILES:
                    raise HistoryFileError(f"is a folder of more than {MOST_FILES:,} files; give the folder of one run")
                yield Path(where, name)

    @contextmanager
    def open(self, path: Path) -> Iterator[BinaryIO]:
        """Open a file; what is read of it counts.

        Raises:
            ValueError: it is no file but a device or a pipe.
        """
        if not path.is_file():
            raise ValueError("no plain file")
        with path.open("rb") as stream:
            yield cast("BinaryIO", io.BufferedReader(_Counted(self, stream)))

    def text(self, path: Path, most: int) -> str:
        """A small file of text.

        Raises:
            ValueError: it is longer than ``most`` bytes.
        """
        with self.open(path) as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            raise ValueError(f"longer than {most:,} bytes")
        return content.decode("utf-8-sig", "replace")


class _Counted(io.RawIOBase):
    """Passes a file on, and stops when the bound on all files is reached."""

    def __init__(self, files: Files, stream: BinaryIO) -> None:
        self._files = files
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        part = self._stream.read(len(buffer))
        self._files.left -= len(part)
        if self._files.left < 0:
            raise HistoryFileError(f"comes to more than {self._files.max_bytes:,} bytes; --max-bytes raises the bound")
        buffer[: len(part)] = part
        return len(part)
