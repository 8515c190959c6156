"""Histories in text: tells a table from JSON, MLflow's lines, bare numbers and console logs, and reads them."""

import codecs
import io
import itertools
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import TextIO

from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.history import LOSS
from mlpdoctor.readers.histories.assembled import AssembledHistory
from mlpdoctor.readers.histories.console_log import read_console
from mlpdoctor.readers.histories.json_log import json_lines, parse_json, read_json
from mlpdoctor.readers.histories.keras_tuner import is_trial, trial_of
from mlpdoctor.readers.histories.mlflow_folder import is_metric, one_metric
from mlpdoctor.readers.histories.number_with_digits import number_with_digits
from mlpdoctor.readers.histories.refusals import HistoryFileError
from mlpdoctor.readers.histories.runs import MOST_NUMBERS, RunDraft, RunDrafts
from mlpdoctor.readers.histories.table_log import TOP, is_table, read_table
from mlpdoctor.readers.tables.data_source import Source
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
