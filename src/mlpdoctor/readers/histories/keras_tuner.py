"""Project folders of Keras Tuner: what each trial chose and the score it got."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlpdoctor.core.history import Trial
from mlpdoctor.readers.histories.folder_files import Files
from mlpdoctor.readers.histories.json_log import parse_json
from mlpdoctor.readers.histories.number_with_digits import NumberWithDigits
from mlpdoctor.readers.histories.refusals import HistoryFileError
from mlpdoctor.readers.histories.runs import Complaints

MARK = "trial.json"
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
