"""Project folders of Keras Tuner: what each trial chose and the score it got."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mlpdoctor.core.history import Trial
from mlpdoctor.readers.histories.assembled import canonical
from mlpdoctor.readers.histories.folder_files import Files
from mlpdoctor.readers.histories.json_log import parse_json
from mlpdoctor.readers.histories.number_with_digits import NumberWithDigits, epoch_of, number_with_digits
from mlpdoctor.readers.histories.refusals import HistoryFileError
from mlpdoctor.readers.histories.runs import Complaints, RunDraft, RunDrafts

TUNER_MARK = "trial.json"
LARGEST = 1 << 22
"""Bytes of one trial."""
LONGEST = 200
"""Characters kept of a text."""


def read_trials(files: Files, paths: Sequence[Path]) -> tuple[tuple[Trial, ...], Complaints]:
    """Read the trials of a project, each in a ``trial.json`` of its own.

    Args:
        files: opens them and minds the bound.
        paths: the files.
    """
    complaints, trials = Complaints(), []
    for place, path in enumerate(paths, 1):
        name = path.parent.name.removeprefix("trial_")
        try:
            trials.append(trial_of(parse_json(files.text(path, LARGEST)), name))
        except (ValueError, HistoryFileError) as error:
            complaints.add(place, f"{path.parent.name}/{path.name}: {error}")
    return tuple(trials), complaints


def is_trial(content: object) -> bool:
    """Whether a value of JSON is a trial of Keras Tuner."""
    return isinstance(content, Mapping) and "trial_id" in content and "hyperparameters" in content


def trial_of(content: object, name: str) -> Trial:
    """A trial from the JSON that Keras Tuner writes for it.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(content, Mapping) or not is_trial(content):
        raise ValueError("no trial of Keras Tuner")
    score, metrics = _finite(content.get("score")), _metrics(content.get("metrics"))
    same = (metric for metric, value in metrics.items() if score is not None and math.isclose(value, score))
    objective = next(same, None)
    chosen = content["hyperparameters"]
    values = chosen.get("values") if isinstance(chosen, Mapping) else None
    return Trial(
        str(content["trial_id"])[:LONGEST] or name,
        score,
        objective,
        {str(key)[:LONGEST]: _plain(value) for key, value in values.items()} if isinstance(values, Mapping) else {},
        metrics,
        str(content.get("status", ""))[:LONGEST],
    )


def _metrics(content: object) -> dict[str, float]:
    """The best value of each metric over the executions of the trial."""
    inside = content.get("metrics") if isinstance(content, Mapping) else None
    found = {}
    for name, metric in inside.items() if isinstance(inside, Mapping) else ():
        if not isinstance(metric, Mapping) or not isinstance(metric.get("observations"), list):
            continue
        values = [_observed(observation) for observation in metric["observations"]]
        finite = [value for value in values if value is not None]
        if finite:
            found[str(name)[:LONGEST]] = (max if metric.get("direction") == "max" else min)(finite)
    return found


def _observed(observation: object) -> float | None:
    """The mean of the executions in one observation."""
    values = observation.get("value") if isinstance(observation, Mapping) else None
    numbers = [_finite(value) for value in values] if isinstance(values, list) else []
    finite = [number for number in numbers if number is not None]
    return sum(finite) / len(finite) if finite else None


def _finite(value: object) -> float | None:
    return float(value) if isinstance(value, NumberWithDigits) and math.isfinite(float(value)) else None


def _plain(value: object) -> str | float | bool:
    if isinstance(value, NumberWithDigits):
        return float(value)
    return value if isinstance(value, bool) else str(value)[:LONGEST]


MLFLOW_MARK = "metrics"
SETTINGS = "params"
FOLDERS = frozenset({MLFLOW_MARK, SETTINGS})
"""Whose files are read."""
LARGEST_SETTING = 1 << 16
_TIME = re.compile("[0-9]{1,15}")


def metric_line(line: str) -> tuple[int, NumberWithDigits, int] | None:
    """Time in milliseconds, value and step of a line; None for a line of something else."""
    words = line.split()
    if len(words) not in {2, 3, 5}:  # the last two name a data set
        return None
    time, value = int(words[0]) if _TIME.fullmatch(words[0]) else None, number_with_digits(words[1])
    step = epoch_of(number_with_digits(words[2])) if len(words) > 2 else 0  # noqa: PLR2004 - old versions wrote no step
    return None if time is None or value is None or step is None else (time, value, step)


def is_metric(lines: Sequence[str]) -> bool:
    """Whether a text is one metric of MLflow: no other log has a time of thirteen digits in front."""
    first = lines[0].split() if lines else []
    return bool(first) and len(first[0]) == 13 and metric_line(lines[0]) is not None  # noqa: PLR2004


def read_runs(files: Files, paths: Sequence[Path], most: int) -> tuple[list[RunDraft], Complaints]:
    """Read all runs in a folder, the oldest first.

    Args:
        files: opens them and minds the bound.
        paths: all files of the folder.
        most: bytes of one metric.
    """
    complaints = Complaints()
    runs: dict[Path, dict[str, Path]] = {}
    top = files.folder.parent
    for path in paths:
        parts = path.relative_to(top).parts
        if MLFLOW_MARK in parts[:-1]:
            place = parts.index(MLFLOW_MARK)
            runs.setdefault(top.joinpath(*parts[:place]), {})["/".join(parts[place + 1 :])] = path
    found = []
    for number, (folder, metrics) in enumerate(runs.items(), 1):
        columns = {}
        for name, path in metrics.items():
            columns[canonical(name)] = _lines(files, path, most, complaints, number)
        name = folder.relative_to(files.folder).as_posix() if folder.is_relative_to(files.folder) else ""
        draft, latest = _run("" if name == "." else name, columns)
        draft.settings = _settings(files, folder / SETTINGS)
        if draft.rows:
            found.append((latest, draft.name, draft))
    return [draft for _, _, draft in sorted(found, key=lambda run: run[:2])], complaints


def one_metric(name: str, lines: Iterable[str]) -> RunDraft:
    """The run of which one metric is all there is."""
    found = [parts for line in lines if (parts := metric_line(line)) is not None]
    return _run("", {canonical(name): found})[0]


def _lines(
    files: Files, path: Path, most: int, complaints: Complaints, number: int
) -> list[tuple[int, NumberWithDigits, int]]:
    try:
        lines = files.text(path, most).splitlines()
    except ValueError as error:
        complaints.add(number, f"{path.name}: {error}")
        return []
    found = []
    for place, line in enumerate(lines, 1):
        parts = metric_line(line)
        if parts is None:
            complaints.add(place, f"of {path.name}: no time, value and step")
        else:
            found.append(parts)
    return found


def _run(name: str, columns: dict[str, list[tuple[int, NumberWithDigits, int]]]) -> tuple[RunDraft, int]:
    """A run and the time of its last value. Values without steps are counted."""
    rows: dict[int, dict[str, NumberWithDigits]] = {}
    latest = 0
    for column, lines in columns.items():
        counted = len(lines) > 1 and not any(step for _, _, step in lines)
        for place, (time, value, step) in enumerate(lines):
            rows.setdefault(place if counted else step, {})[column] = value
            latest = max(latest, time)
    drafts = RunDrafts()
    for epoch in sorted(rows):
        drafts.put(epoch, rows[epoch])
    drafts.current.name = name
    return drafts.current, latest


def _settings(files: Files, folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            found[path.name] = files.text(path, LARGEST_SETTING).strip()
        except (ValueError, OSError):
            continue
    return found
