"""A report in one line of JSON of less than a kilobyte, for chats and dashboards, whose fields are small."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlpdoctor.core.finding import Finding, Remedy, Severity
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.report import phrases
from mlpdoctor.report.json.report import clean

RUNGS = ("constant", "affine", "model", "architecture", "data")
"""The five numbers: what ignoring the inputs costs, what a line does, where the model is, and the two floors."""
MODEL, VERDICT, TEXT, CODE = 120, 300, 120, 140
"""Bytes of JSON that each text may take: a line is below 1,000 bytes, whatever a layer or a file is called."""
DIGITS = 8
DOTS = "…"


def render(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """One object a line: for each model that could be looked at, then for each that could not."""
    lines = [*(as_object(report) for report in reports), *(_unread(model) for model in unread)]
    return "".join(f"{_json(clean(line))}\n" for line in lines)


def as_object(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    sound = phrases.state(report) is not Severity.ERROR and not phrases.crashed(report.outcomes)
    values = {name: _rounded(report.ladder.value(name)) if report.ladder else None for name in RUNGS}
    if report.unseen is not None:
        values["unseen"] = _rounded(report.unseen.ladder.value("model"))
    first = phrases.leading(report)
    fix = None if first is None else first.evidence.remedy
    return _line(report.path, report.verdict, values, ok=sound, first=first, fix=fix)


def _rounded(loss: float | None) -> float | None:
    """As many digits as float32 weights carry; all of them are in the full report."""
    return None if loss is None else float(f"{loss:.{DIGITS}g}")


def _unread(model: Unread) -> dict[str, Any]:
    return _line(model.path, f"could not be read: {model.reason}", dict.fromkeys(RUNGS), ok=False)


def _line(
    path: str,
    verdict: str,
    ladder: Mapping[str, float | None],
    *,
    ok: bool,
    first: Finding | None = None,
    fix: Remedy | None = None,
) -> dict[str, Any]:
    return {
        "model": from_the_left(path, MODEL),
        "ok": ok,
        "verdict": cut(verdict, VERDICT),
        "finding": None
        if first is None
        else {"code": first.code, "name": first.name, "severity": first.severity.value},
        "fix": None
        if fix is None
        else {"text": cut(fix.text, TEXT), "code": None if fix.code is None else cut(fix.code, CODE)},
        "ladder": ladder,
    }


def cut(text: str, room: int) -> str:
    """A text whose JSON takes at most so many bytes, with an ellipsis for what is cut off its end."""
    if _bytes(text) <= room:
        return text
    while _bytes(text + DOTS) > room:
        text = text[: max(len(text) - max((_bytes(text) - room) // 12, 1), 0)]
    return text + DOTS


def from_the_left(path: str, room: int) -> str:
    """The same of a path, cut at its beginning, for its end tells files apart."""
    return cut(path[::-1], room)[::-1]


def _bytes(text: str) -> int:
    return len(_json(text).encode("utf-8", "backslashreplace"))


def _json(value: Any) -> str:  # noqa: ANN401  any JSON value
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
