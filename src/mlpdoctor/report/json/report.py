"""Reports as one JSON object, the same bytes for the same input apart from ``timing``."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mlpdoctor import __version__
from mlpdoctor.core.finding import Finding, fingerprint
from mlpdoctor.core.ladder import Ladder, UnseenLadder
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.core.trial_result import RunGroup, Trial, TrialResult
from mlpdoctor.report.tally import tally

SCHEMA_VERSION = "2.1"
OF_A_CURVE = (
    "schema_version",
    "tool",
    "history",
    "data",
    "verdict",
    "ladder",
    "findings",
    "ruled_out",
    "checks",
    "timing",
)
"""The keys of a report without a model, in their order."""
HEAD = {"schema_version": SCHEMA_VERSION, "tool": {"name": "mlpdoctor", "version": __version__}}


def render(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """JSON text that ends in a newline: the report of one model, or an object that holds those of several."""
    alone = len(reports) == 1 and not unread
    value = as_object(reports[0]) if alone else several(reports, unread)
    return json.dumps(clean(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def several(reports: Sequence[Report], unread: Sequence[Unread]) -> dict[str, Any]:
    """The reports of a run over several models, and what they come to."""
    return {
        **HEAD,
        "reports": [as_object(report) for report in reports],
        "unread": [asdict(model) for model in unread],
        "summary": asdict(tally(reports, unread)),
    }


def as_object(report: Report) -> dict[str, Any]:
    """The report as plain values; losses of a broken model may still be infinite or NaN."""
    whole = {
        **HEAD,
        "model": None if report.model is None else asdict(report.model),
        "data": None if report.data is None else asdict(report.data),
        "history": None if report.history is None else asdict(report.history),
        "verdict": report.verdict,
        "ladder": _ladder(report.ladder, report.no_ladder),
        "unseen": None if report.unseen is None else _unseen(report.unseen),
        "findings": [_finding(rank, finding, report) for rank, finding in enumerate(report.findings, start=1)],
        "ruled_out": [asdict(suspect) for suspect in report.ruled_out],
        "checks": [
            {"code": o.code, "name": o.name, "outcome": o.status.value, "reason": o.reason} for o in report.outcomes
        ],
        "timing": dict(report.seconds),
    }
    return whole if report.model is not None else {name: whole[name] for name in OF_A_CURVE}


def _ladder(ladder: Ladder | None, reason: str | None) -> dict[str, Any]:
    if ladder is None:
        return {
            "loss": None,
            "parts": [],
            "rungs": [],
            "plateau": None,
            "perfect": None,
            "penalty": None,
            "reason": reason,
        }
    return {
        "loss": ladder.loss,
        "parts": ladder.parts,
        "rungs": [asdict(rung) for rung in ladder.rungs],
        "plateau": None if ladder.standing is None else {"rung": ladder.standing, "digits": ladder.digits},
        "perfect": ladder.perfect,
        "penalty": None if ladder.penalty is None else asdict(ladder.penalty),
        "reason": None,
    }


def _unseen(found: UnseenLadder) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "told": found.told,
        "ladder": _ladder(found.ladder, None),
        "gap": found.gap,
        "gap_error": found.gap_error,
    }


def _finding(rank: int, finding: Finding, report: Report) -> dict[str, Any]:
    evidence = finding.evidence
    remedy = evidence.remedy
    return {
        "rank": rank,
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "certainty": evidence.certainty.value,
        "layer": next(iter(finding.layers), None),
        "layers": finding.layers,
        "message": finding.message,
        "why": evidence.why,
        "evidence": evidence.numbers,
        "explains": evidence.explains,
        "because_of": finding.because_of,
        "fix": None if remedy is None else {"text": remedy.text, "code": remedy.code},
        "suppressed": finding.suppressed,
        "fingerprint": fingerprint(finding, report.path),
    }


def clean(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """The same value without what JSON cannot say: NaN and infinite numbers become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def render_trials(result: TrialResult) -> str:
    """JSON text that ends in a newline."""
    return json.dumps(clean(trials_as_object(result)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def trials_as_object(result: TrialResult) -> dict[str, Any]:
    """The course as plain values; losses of a broken model may still be infinite or NaN."""
    diagnosis = as_object(result.report)
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
