"""Folders of TensorBoard: one run for each folder of event files, ``train`` and ``validation`` side by side."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import BinaryIO

from mlpdoctor.history import LEARNING_RATE, LOSS
from mlpdoctor.readers.histories.draft import Complaints, Draft, Drafts
from mlpdoctor.readers.histories.event_file import scalars
from mlpdoctor.readers.histories.folder_files import Files
from mlpdoctor.readers.histories.names import canonical
from mlpdoctor.readers.histories.written import Written

MARK = "tfevents"
_SIDES = {"train": "", "training": "", "validation": "val_", "val": "val_", "valid": "val_", "eval": "val_"}
_BY_BATCH = ("batch_", "evaluation_")


def read_event_files(files: Files, paths: Sequence[Path]) -> tuple[list[Draft], Complaints]:
    """Read event files, all of one folder and below.

    Args:
        files: opens them and minds the bound.
        paths: the event files.
    """
    complaints = Complaints()
    runs: dict[str, dict[str, list[dict[int, dict[str, Written]]]]] = {}
    for place, path in enumerate(sorted(paths, key=lambda path: (path.parent, path.name)), 1):
        folder = PurePath(path.parent.relative_to(files.folder))
        prefix = _SIDES.get(folder.name.lower())
        name = (folder if prefix is None else folder.parent).as_posix()
        sides = runs.setdefault("" if name == "." else name, {})
        try:
            _add(sides.setdefault(prefix or "", []), _scalars(files, path, prefix or ""))
        except ValueError as error:
            complaints.add(place, f"{path.name}: {error}")
    return [draft for name in runs for draft in _merged(name, runs[name])], complaints


def one_file(stream: BinaryIO) -> list[Draft]:
    """Read one event file by itself."""
    calls: list[dict[int, dict[str, Written]]] = []
    _add(calls, [(_name(tag, ""), step, value) for tag, step, value in scalars(stream)])
    return _merged("", {"": calls})


def _scalars(files: Files, path: Path, prefix: str) -> list[tuple[str, int, Written]]:
    with files.open(path) as stream:
        return [(_name(tag, prefix), step, value) for tag, step, value in scalars(stream)]


def _name(tag: str, prefix: str) -> str:
    """The name of a quantity that is logged once in an epoch; empty for what is logged by batch."""
    if tag.startswith(_BY_BATCH):
        return ""
    name = canonical(tag.removeprefix("epoch_"))
    return name if name == LEARNING_RATE or name.startswith("val_") else prefix + name


def _add(calls: list[dict[int, dict[str, Written]]], found: Iterable[tuple[str, int, Written]]) -> None:
    """Sort scalars into calls of ``fit``: one begins where a file does and where steps begin anew."""
    calls.append({})
    for name, step, value in found:
        if not name:
            continue
        if name in calls[-1].get(step, {}) or (calls[-1] and step < next(reversed(calls[-1])) and name == LOSS):
            calls.append({})
        calls[-1].setdefault(step, {})[name] = value


def _merged(name: str, sides: dict[str, list[dict[int, dict[str, Written]]]]) -> list[Draft]:
    """Training and validation of the same calls, matched from the last."""
    found = {side: [call for call in calls if call] for side, calls in sides.items()}
    drafts = Drafts()
    drafts.begin(name)
    for place in range(max(map(len, found.values()), default=0), 0, -1):
        rows: dict[int, dict[str, Written]] = {}
        for calls in found.values():
            for step, row in calls[-place].items() if place <= len(calls) else ():
                rows.setdefault(step, {}).update(row)
        drafts.begin(name)
        for step in sorted(rows):
            drafts.put(step, rows[step]).name = name
    return drafts.found()
