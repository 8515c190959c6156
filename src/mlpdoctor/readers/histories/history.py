"""Opens a training history of any kind, told from its content."""

import codecs
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import BinaryIO, TextIO, cast

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.history import LOSS, BadLines, History
from mlpdoctor.readers.bounded_stream import BoundedStream
from mlpdoctor.readers.histories import event_files, run_folders
from mlpdoctor.readers.histories.assembled import AssembledHistory, history_of
from mlpdoctor.readers.histories.console_log import read_console
from mlpdoctor.readers.histories.folder_files import Files
from mlpdoctor.readers.histories.json_log import json_lines, parse_json, read_json
from mlpdoctor.readers.histories.number_with_digits import number_with_digits
from mlpdoctor.readers.histories.refusals import HistoryFileError, readable, refuse
from mlpdoctor.readers.histories.run_folders import is_metric, is_trial, one_metric, trial_of
from mlpdoctor.readers.histories.runs import MOST_NUMBERS, RunDraft, RunDrafts
from mlpdoctor.readers.histories.table_log import TOP, is_table, read_table
from mlpdoctor.readers.tables.column_names import listed
from mlpdoctor.readers.tables.data_kind import GZIP
from mlpdoctor.readers.tables.data_source import Source, from_path, from_stdin, unzipped
from mlpdoctor.readers.tables.text_layout import find_encoding

SAMPLE = 1 << 16
"""Bytes to tell the kind from."""
LONGEST = 1 << 20
"""Characters read as one line; what follows is read as another."""
MOST_JSON = 1 << 26
"""Characters of JSON, which is read as a whole and takes many times its size in memory."""
MOST_VALUES = 2 * MOST_NUMBERS
"""Commas or lines of it: each may stand for an object of hundreds of bytes."""

_CURSOR = re.compile(r"\[[0-9;?]*[A-Za-z]")
"""A colour that lost its escape character in a paste, and no list."""


def read_text(source: Source) -> AssembledHistory:
    """Read a text of any kind.

    Raises:
        HistoryFileError: it is no text, holds no losses, or is JSON that is broken or too long.
    """
    with source.open() as stream:
        sample = stream.read(SAMPLE)
    if not sample.strip():
        raise HistoryFileError("is empty; a log with a loss for each epoch was expected")
    try:
        encoding = find_encoding(source.path, sample)
    except DataFileError:
        raise HistoryFileError("is a binary file of no known kind; a log of training was expected") from None
    top = codecs.getincrementaldecoder(encoding)("replace").decode(sample).lstrip()
    with source.open() as stream, io.TextIOWrapper(stream, encoding=encoding, errors="replace") as text:
        if top[:1] in {"{", "["} and not _CURSOR.match(top):
            content = text.read(MOST_JSON + 1)
            if len(content) > MOST_JSON:
                raise HistoryFileError(f"is JSON of more than {MOST_JSON:,} characters; a history is shorter")
            if max(content.count(","), content.count("\n")) > MOST_VALUES:
                raise HistoryFileError(f"is JSON of more than {MOST_VALUES:,} values; a history is shorter")
            return _json(content)
        return _lines(source.path, text)


def _json(text: str) -> AssembledHistory:
    """Read JSON, JSON lines, or a console log that only looks like it."""
    try:
        content = parse_json(text)
    except HistoryFileError:
        records, bad = json_lines(text)
        if len(records) > 1 and 2 * len(records) >= bad.count:
            return AssembledHistory("JSON lines", read_json(records), bad=bad)
        drafts, bad = read_console(text.splitlines())
        if not drafts:
            raise
        return AssembledHistory("console log", drafts, bad=bad)
    if is_trial(content):
        return AssembledHistory("trial of Keras Tuner", trials=(trial_of(content, ""),))
    return AssembledHistory("JSON", read_json(content))


def _lines(path: str, text: TextIO) -> AssembledHistory:
    lines = iter(lambda: text.readline(LONGEST), "")
    top = list(itertools.islice(lines, TOP))
    every = itertools.chain(top, lines)
    if is_table(top):
        drafts, bad = read_table(every)
        return AssembledHistory("table", drafts, bad=bad)
    if is_metric(top):
        return AssembledHistory("metric of MLflow", [one_metric(PurePath(path).name, every)])
    if all(number_with_digits(line) is not None for line in top if line.strip()):
        return AssembledHistory("list of numbers", _numbers(every))
    drafts, bad = read_console(every)
    return AssembledHistory("console log", drafts, bad=bad)


def _numbers(lines: Iterable[str]) -> list[RunDraft]:
    """One loss a line, as ``numpy.savetxt`` writes them."""
    drafts = RunDrafts()
    for line in lines:
        value = number_with_digits(line)
        if value is not None:
            drafts.put(drafts.current.last_epoch + 1, {LOSS: value})
    return drafts.found()


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
    tried = [file for file in every if file.name == run_folders.TUNER_MARK]
    runs, complaints = run_folders.read_runs(files, every, MOST_METRIC)
    formats, drafts, bad = ["MLflow run"] if runs else [], list[RunDraft](runs), complaints.found()
    if events:
        found, complaints = event_files.read_event_files(files, events)
        formats, drafts, bad = [*formats, "TensorBoard events"], drafts + found, _both(bad, complaints.found())
    trials, complaints = run_folders.read_trials(files, tried)
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
            or file.name == run_folders.TUNER_MARK
            or run_folders.FOLDERS & {path.name, *above}
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
