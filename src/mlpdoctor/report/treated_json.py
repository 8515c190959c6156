"""What ``treat`` found, as one JSON object, the same for the same input and seed apart from ``timing``."""

import json
from dataclasses import asdict
from typing import Any

from mlpdoctor.course import Arm, Course, Trial
from mlpdoctor.report.json_report import as_object as of_report
from mlpdoctor.report.json_report import clean


def render(course: Course) -> str:
    """JSON text that ends in a newline."""
    return json.dumps(clean(as_object(course)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_object(course: Course) -> dict[str, Any]:
    """The course as plain values; losses of a broken model may still be infinite or NaN."""
    diagnosis = of_report(course.report)
    return {
        **{name: diagnosis[name] for name in ("schema_version", "tool", "model", "data")},
        "verdict": course.verdict,
        "cured": course.cured,
        "loss": course.judged_by,
        "before": course.before,
        "control": _arm(course.control),
        "train_on": course.train_on,
        "nothing_to_gain": course.nothing_to_gain,
        "protocol": {**asdict(course.protocol), "epochs": course.protocol.epochs},
        "trials": [_trial(trial) for trial in course.trials],
        "combinations": [_trial(trial) for trial in course.combinations],
        "best": None if course.best is None else _trial(course.best),
        "fresh": None if course.fresh is None else _trial(course.fresh),
        "memory": None if course.memory is None else asdict(course.memory),
        "untried": [{"what": what, "why": why} for what, why in course.untried],
        "interrupted": course.interrupted,
        "written": course.written,
        **{name: diagnosis[name] for name in ("ladder", "findings", "ruled_out")},
        "timing": dict(course.seconds),
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {"losses": list(arm.losses), "median": arm.median, "low": arm.low, "high": arm.high}


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "names": list(trial.names),
        "answers": list(trial.answers),
        "verdict": trial.verdict.value,
        "reason": trial.reason,
        "text": trial.text,
        "code": "\n".join(trial.code),
        "diff": [{"sign": sign, "line": line} for sign, line in trial.diff],
        "edits": list(trial.edits),
        "judged_by": trial.judged_by,
        "before": trial.before,
        "control": _arm(trial.control),
        "treated": _arm(trial.treated),
        "gained": trial.gained,
        "rung": trial.rung,
        "updates": trial.updates,
        "drawn_anew": trial.drawn_anew,
    }
