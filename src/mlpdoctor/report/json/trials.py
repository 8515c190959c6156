"""What ``treat`` found, as one JSON object, the same for the same input and seed apart from ``timing``."""

import json
from dataclasses import asdict
from typing import Any

from mlpdoctor.core.trial_result import RunGroup, Trial, TrialResult
from mlpdoctor.report.json.report import as_object as of_report
from mlpdoctor.report.json.report import clean


def render(result: TrialResult) -> str:
    """JSON text that ends in a newline."""
    return json.dumps(clean(as_object(result)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_object(result: TrialResult) -> dict[str, Any]:
    """The course as plain values; losses of a broken model may still be infinite or NaN."""
    diagnosis = of_report(result.report)
    return {
        **{name: diagnosis[name] for name in ("schema_version", "tool", "model", "data")},
        "verdict": result.verdict,
        "cured": result.cured,
        "loss": result.judged_by,
        "before": result.before,
        "control": _arm(result.control),
        "train_on": result.train_on,
        "nothing_to_gain": result.nothing_to_gain,
        "protocol": {**asdict(result.protocol), "epochs": result.protocol.epochs},
        "trials": [_trial(trial) for trial in result.trials],
        "combinations": [_trial(trial) for trial in result.combinations],
        "best": None if result.best is None else _trial(result.best),
        "fresh": None if result.fresh is None else _trial(result.fresh),
        "memory": None if result.memory is None else asdict(result.memory),
        "untried": [{"what": what, "why": why} for what, why in result.untried],
        "interrupted": result.interrupted,
        "written": result.written,
        **{name: diagnosis[name] for name in ("ladder", "findings", "ruled_out")},
        "timing": dict(result.seconds),
    }


def _arm(group: RunGroup) -> dict[str, Any]:
    return {"losses": list(group.losses), "median": group.median, "low": group.low, "high": group.high}


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
