"""Opens a training history of any kind that is read, told from its content."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from mlpdoctor.history import History
from mlpdoctor.readers.data_kind import GZIP
from mlpdoctor.readers.data_source import Source, from_path, from_stdin, unzipped
from mlpdoctor.readers.histories import event_file, tensorboard_folder
from mlpdoctor.readers.histories.folder import read_folder
from mlpdoctor.readers.histories.found import Found, history_of
from mlpdoctor.readers.histories.refusals import refuse
from mlpdoctor.readers.histories.text import read_text
from mlpdoctor.readers.histories.trouble import readable
from mlpdoctor.readers.spool import Bounded

MOST_BYTES = 1 << 28
"""Bytes of text or events read, unless the user says otherwise: 256 MiB, a log of ten million epochs."""
HEAD = 64
"""First bytes that tell what is no text."""


def read_history(path: str, *, stdin: BinaryIO | None = None, max_bytes: int = MOST_BYTES) -> History:
    """Read a training history.

    The kind is told from the content: a table (CSVLogger, pandas, R), JSON, a console log, bare numbers, a TensorBoard
    event file, each also inside gzip; or a folder of TensorBoard, Keras Tuner or MLflow. Nothing in it is run.

    Args:
        path: a file, a folder, or ``-`` for standard input.
        stdin: where ``-`` reads from; the standard input of the process when None.
        max_bytes: the most bytes read.

    Raises:
        HistoryFileError: it is missing, broken, of a kind that is refused, or holds no losses.
    """
    with readable(path):
        if path != "-" and Path(path).is_dir():
            found = read_folder(Path(path), max_bytes)
        else:
            found = _read(from_stdin(stdin, max_bytes) if path == "-" else from_path(path, max_bytes))
        return history_of(path, found)


def _read(source: Source, *, packed: bool = False) -> Found:
    source = source if packed else _bounded(source)
    with source.open() as stream:
        head = stream.read(HEAD)
    if head.startswith(GZIP) and not packed:
        return _read(unzipped(source), packed=True)
    refuse(head)
    if event_file.MARK in head:
        with source.open() as stream:
            return Found("TensorBoard events", tensorboard_folder.one_file(stream))
    return read_text(source)


def _bounded(source: Source) -> Source:
    """The same bytes, of which too many are an error."""

    @contextmanager
    def reader() -> Iterator[BinaryIO]:
        with source.open() as stream:
            bounded = Bounded(stream, source.path, source.max_bytes)
            yield cast("BinaryIO", io.BufferedReader(bounded))

    return Source(source.path, reader, source.max_bytes, seekable=False)
