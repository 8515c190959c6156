"""Opens a training history of any kind, told from its content."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from mlpdoctor.core.history import BadLines, History
from mlpdoctor.readers.bounded_stream import BoundedStream
from mlpdoctor.readers.histories import event_files, keras_tuner, mlflow_folder
from mlpdoctor.readers.histories.assembled import AssembledHistory, history_of
from mlpdoctor.readers.histories.folder_files import Files
from mlpdoctor.readers.histories.refusals import HistoryFileError, readable, refuse
from mlpdoctor.readers.histories.runs import RunDraft
from mlpdoctor.readers.histories.text import read_text
from mlpdoctor.readers.tables.column_names import listed
from mlpdoctor.readers.tables.data_kind import GZIP
from mlpdoctor.readers.tables.data_source import Source, from_path, from_stdin, unzipped

MOST_METRIC = 1 << 26
"""Bytes of one metric of MLflow."""


def read_folder(path: Path, max_bytes: int) -> AssembledHistory:
    """Read whatever histories a folder holds.

    Raises:
        HistoryFileError: it holds none, or more than ``max_bytes``.
    """
    files = Files(path, max_bytes)
    every = list(files.all())
    events = [file for file in every if event_files.MARK in file.name]
    tried = [file for file in every if file.name == keras_tuner.MARK]
    runs, complaints = mlflow_folder.read_runs(files, every, MOST_METRIC)
    formats, drafts, bad = ["MLflow run"] if runs else [], list[RunDraft](runs), complaints.found()
    if events:
        found, complaints = event_files.read_event_files(files, events)
        formats, drafts, bad = [*formats, "TensorBoard events"], drafts + found, _both(bad, complaints.found())
    trials, complaints = keras_tuner.read_trials(files, tried)
    if tried:
        formats, bad = [*formats, "project of Keras Tuner"], _both(bad, complaints.found())
    if not formats:
        inside = f"with {listed([file.name for file in every], most=4)}" if every else "without files"
        raise HistoryFileError(
            f"is a folder {inside}; expected were event files of TensorBoard, a project of Keras Tuner or a run of "
            "MLflow, and for any other log the file itself"
        )
    return AssembledHistory(" and ".join(formats), drafts, trials, bad)


def files_in(path: Path) -> Iterator[Path]:
    """The files below a folder that are read as parts of a history."""
    for file in Files(path, 0).all():
        above = file.relative_to(path).parts[:-1]
        if (
            event_files.MARK in file.name
            or file.name == keras_tuner.MARK
            or mlflow_folder.FOLDERS & {path.name, *above}
        ):
            yield file


def _both(one: BadLines, other: BadLines) -> BadLines:
    return BadLines(one.count + other.count, (one.examples + other.examples)[:3])


MOST_BYTES = 1 << 28
"""Bytes of text or events read, unless the user says otherwise: 256 MiB, with batch by batch in a console log."""
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


def _read(source: Source, *, packed: bool = False) -> AssembledHistory:
    source = source if packed else _bounded(source)
    with source.open() as stream:
        head = stream.read(HEAD)
    if head.startswith(GZIP) and not packed:
        return _read(unzipped(source), packed=True)
    refuse(head)
    if event_files.RECORD_MARK in head:
        with source.open() as stream:
            drafts, bad = event_files.one_file(stream)
        return AssembledHistory("TensorBoard events", drafts, bad=bad)
    return read_text(source)


def _bounded(source: Source) -> Source:
    """The same bytes, of which too many are an error."""

    @contextmanager
    def reader() -> Iterator[BinaryIO]:
        with source.open() as stream:
            bounded = BoundedStream(stream, source.path, source.max_bytes)
            yield cast("BinaryIO", io.BufferedReader(bounded))

    return Source(source.path, reader, source.max_bytes, seekable=False)
