"""Histories in JSON, of any shape people give them, and the printed dictionary of Python that looks so much like it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeAlias

from mlpdoctor.core.history import LOSS, BadLines
from mlpdoctor.readers.histories.assembled import canonical_names
from mlpdoctor.readers.histories.number_with_digits import NumberWithDigits, epoch_of, number_with_digits
from mlpdoctor.readers.histories.refusals import HistoryFileError
from mlpdoctor.readers.histories.runs import Complaints, RunDraft, RunDrafts

DEEPEST = 3
"""A file may hold a list of runs with a history each; what lies deeper is something else."""

_NUMPY = re.compile(r"\b(?:np\.|numpy\.)?(?:float|int)(?:16|32|64)\(([^()]{1,400})\)")
_PYTHON = (("'", '"'), ("None", "null"), ("True", "true"), ("False", "false"))
_BARE_NAN = re.compile(r"(?<![\w\"])(-?)(nan|inf)(?![\w\"])")
_CONSTANTS = {"nan": "NaN", "inf": "Infinity"}
_WRAPPINGS = ("history", "logs", "log", "metrics", "log_history")
_BESIDE = frozenset(("params", "epoch"))
"""What a whole ``History`` object holds beside its history."""
_EPOCH_KEYS = ("epoch", "_step", "step", "iteration")
_ABSENT = object()

Rows: TypeAlias = Iterator[tuple[int, dict[str, NumberWithDigits]]]


def parse_json(text: str) -> object:
    """What a text of JSON or a printed Python dictionary says, numbers as `Written`.

    Raises:
        HistoryFileError: it is neither.
    """
    try:
        return _parse(text)
    except ValueError as error:
        python = _NUMPY.sub(r"\1", text)
        for there, here in _PYTHON:
            python = python.replace(there, here)
        try:
            return _parse(_BARE_NAN.sub(lambda word: word[1] + _CONSTANTS[word[2]], python))
        except ValueError:
            raise HistoryFileError(f"is no valid JSON ({error})") from error


def _parse(text: str) -> object:
    try:
        return json.loads(
            text, parse_float=NumberWithDigits, parse_int=NumberWithDigits, parse_constant=NumberWithDigits
        )
    except RecursionError:
        raise HistoryFileError("is nested deeper than any history is; do not trust this file") from None


def json_lines(text: str) -> tuple[list[object], BadLines]:
    """The records of a text with one JSON object on each line, and the lines that are none."""
    complaints, records = Complaints(), list[object]()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                records.append(parse_json(line) if line.lstrip().startswith("{'") else _parse(line))
            except (ValueError, HistoryFileError):
                complaints.add(number, "no JSON object")
    return records, complaints.found()


def read_json(content: object) -> list[RunDraft]:
    """Find the curves in what a file of JSON says: a draft for each call of ``fit``, with the name of its run."""
    found: list[RunDraft] = []
    for name, rows in _runs(content, "", 0):
        drafts = RunDrafts()
        of_trainer = _of_trainer(content)
        for epoch, row in rows:
            (drafts.add if of_trainer else drafts.put)(epoch, row)
        for draft in drafts.found():
            draft.name, draft.planned = name, _planned(content)
            draft.counted = ENTRIES if of_trainer and _by_entry(content) else ""
            found.append(draft)
    return found


ENTRIES = "epochs: one for each entry of the log, which has several an epoch"
"""What is said where Hugging Face's Trainer logged more often than once an epoch."""


def _of_trainer(content: object) -> bool:
    """Whether it is what Hugging Face's Trainer logs: ``trainer_state.json``, or the records that it prints."""
    records = _records(content)
    return any("eval_loss" in record or "grad_norm" in record or "train_runtime" in record for record in records)


def _records(content: object) -> list[Mapping[str, object]]:
    if isinstance(content, Mapping):
        content = content.get("log_history")
    if not isinstance(content, list):
        return []
    return [record for record in content if isinstance(record, Mapping) and "train_runtime" not in record]


def _by_entry(content: object) -> bool:
    """Whether its records cannot be counted by epochs: some lie within one, or two have a loss of the same."""
    epochs = [str(record.get("epoch", "")) for record in _records(content) if LOSS in record]
    return any(float(epoch or 0.5) % 1 for epoch in epochs) or len(set(epochs)) < len(epochs)


def _of_records_of_trainer(content: object) -> Rows:
    """Its rows: an evaluation belongs to the entry before it."""
    by_entry, number = _by_entry(content), 0
    for record in _records(content):
        number += LOSS in record
        epoch = epoch_of(_number(record.get("epoch")))
        cells = {str(name): value for name, value in record.items() if name not in _EPOCH_KEYS}
        if row := _row(canonical_names(list(cells)), tuple(cells.values())):
            yield max(number, 1) if by_entry or epoch is None else epoch, row


def _planned(content: object) -> int | None:
    """Epochs asked for, where ``History.params`` was saved beside the history."""
    params = content.get("params") if isinstance(content, Mapping) else None
    return epoch_of(_number(params.get("epochs"))) if isinstance(params, Mapping) else None


def _runs(content: object, name: str, depth: int) -> Iterator[tuple[str, Rows]]:
    """Name and rows of each run in a JSON value."""
    if depth == 0 and _of_trainer(content):
        yield name, _of_records_of_trainer(content)
    elif isinstance(content, Mapping):
        yield from _runs_of_object(content, name, depth)
    elif isinstance(content, list) and content:
        yield from _runs_of_list(content, name, depth)


def _runs_of_object(content: Mapping[str, object], name: str, depth: int) -> Iterator[tuple[str, Rows]]:
    columns, data = content.get("columns"), content.get("data")
    if isinstance(columns, list) and isinstance(data, list):  # the orientation "split" of pandas
        names = [str(column) for column in columns]
        records = [dict(zip(names, row, strict=False)) for row in data if isinstance(row, list)]
        yield from _runs_of_list(records, name, depth) if records else ()
    elif found := _columns(content):
        yield name, _by_columns(found, content.get("epoch"))
    elif depth < DEEPEST:
        for key, value in content.items():
            if key in _BESIDE:
                continue
            yield from _runs(value, name if key in _WRAPPINGS else str(key), depth + 1)


def _runs_of_list(content: Sequence[object], name: str, depth: int) -> Iterator[tuple[str, Rows]]:
    if all(_number(value) is not None for value in content):
        yield name, _by_columns({LOSS: content}, None)
    elif all(isinstance(point, list) and len(point) == 3 for point in content):  # noqa: PLR2004
        yield name, _by_points(content)
    elif all(isinstance(record, Mapping) and _is_record(record) for record in content):
        yield name, _by_records(content)
    elif depth < DEEPEST:
        for place, value in enumerate(content, 1):
            yield from _runs(value, f"{name} {place}".strip(), depth + 1)


def _number(value: object) -> NumberWithDigits | None:
    """A number, or one in quotes: ``json.dumps(..., default=str)`` writes NumPy's numbers so."""
    return (
        value if isinstance(value, NumberWithDigits) else number_with_digits(value) if isinstance(value, str) else None
    )


def _is_record(record: Mapping[str, object]) -> bool:
    return any(_number(value) is not None for value in record.values())


def _columns(content: Mapping[str, object]) -> dict[str, list[object]]:
    """The entries of an object that are lists of numbers, ``{"0": 0.5, "1": 0.4}`` of pandas included."""
    found: dict[str, list[object]] = {}
    for name, entry in content.items():
        values = entry
        if isinstance(entry, Mapping) and all(str(key).isdigit() for key in entry):
            values = list(entry.values())
        if isinstance(values, list) and values and name != "epoch":
            numbers = [value is None or _number(value) is not None for value in values]
            if all(numbers):
                found[str(name)] = values
    return found


def _by_columns(columns: Mapping[str, Sequence[object]], epochs: object) -> Rows:
    names = canonical_names(list(columns))
    counted = [epoch_of(_number(epoch)) for epoch in epochs] if isinstance(epochs, list) else []
    for place, cells in enumerate(zip_longest(*columns.values(), fillvalue=_ABSENT)):
        epoch = counted[place] if place < len(counted) else None
        if row := _row(names, cells):
            yield place + 1 if epoch is None else epoch, row


def _by_records(records: Sequence[object]) -> Rows:
    for place, record in enumerate(records, 1):
        if isinstance(record, Mapping):
            counted = [epoch_of(_number(record.get(key))) for key in _EPOCH_KEYS]
            epoch = next((number for number in counted if number is not None), place)
            cells = {str(name): value for name, value in record.items() if name not in _EPOCH_KEYS}
            if row := _row(canonical_names(list(cells)), tuple(cells.values())):
                yield epoch, row


def _by_points(points: Sequence[object]) -> Rows:
    """What TensorBoard lets one download: [wall time, step, value]."""
    for point in points:
        if isinstance(point, list):
            epoch, value = epoch_of(_number(point[1])), _number(point[2])
            if epoch is not None and value is not None:
                yield epoch, {LOSS: value}


def _row(names: tuple[str, ...], cells: tuple[object, ...]) -> dict[str, NumberWithDigits]:
    row = {}
    for name, cell in zip(names, cells, strict=True):
        number = (
            NumberWithDigits("nan") if cell is None and name == LOSS else _number(cell)
        )  # pandas writes null for NaN
        if number is not None:
            row[name] = number
    return row
