"""What no report may say: sentences held against its own numbers, and against its other sentences."""

import re
from collections.abc import Iterator

from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.report_model import Report
from mlpdoctor.core.text import short

SUSPECTS = {
    "learning rate": "G603 G604 W306",
    "optimizer": "G603 G604",
    "epochs": "G604 G607 H802 H807",
    "width": "L505 A102",
    "local minimum": "G606",
    "input scale": "D702",
    "too high a learning rate": "G603",
    "a vanishing gradient": "G601 G606 W305",
    "an exploding gradient": "G602",
    "dead ReLU units": "U401",
    "saturated units": "U402",
    "a target that swings too fast": "D714",
    "outliers": "D709",
}
"""What a finding of these rules says is the matter."""
NONSENSE = re.compile(
    r"(?<![\d.,])0 % of\b|\b1 of 1\b|\b1 of (?:the )?\d+ (?:[a-z]+ )?(?:units|rows|layers|columns) are\b|\bnan\b"
)
"""Counts and shares that no colleague would say: nothing of something, all of one, one that are."""
FALLING = ("G607", "H802")
"""Rules that say training has not come to an end."""
SYMPTOMS = ("L501", "L502", "L504")


def contradictions(report: Report) -> list[str]:
    """Everything in the report that another part of it denies; empty for a good one."""
    live = [finding for finding in report.findings if finding.suppressed is None]
    return [
        *_excluded_and_found(report, live),
        *_stuck(report, live),
        *_floors(report, live),
        *_causes(live),
        *_fixes(report, live),
        *_sentences(report, live),
    ]


def _excluded_and_found(report: Report, live: list[Finding]) -> Iterator[str]:
    loud = {finding.code for finding in live if finding.severity is not Severity.NOTE}
    for suspect in report.ruled_out:
        for code in loud & set(SUSPECTS.get(suspect.what, "").split()):
            yield f"{suspect.what} is ruled out by {suspect.by} and found by {code}"


def _stuck(report: Report, live: list[Finding]) -> Iterator[str]:
    if "stuck" not in report.verdict:
        return
    for finding in live:
        if finding.code in FALLING and finding.severity is not Severity.NOTE:
            yield f"the verdict says stuck, and {finding.code} that the loss still falls"
    said = re.search(r"stuck at ([\d.,e+-]+\d)", report.verdict)
    model = None if report.ladder is None else report.ladder.value("model")
    logged = None if report.history is None or report.history.plateau is None else report.history.plateau.value
    if said is not None and model is not None and logged is None and said[1] != short(model):
        yield f"stuck at {said[1]}, where the model is at {short(model)}"


def _floors(report: Report, live: list[Finding]) -> Iterator[str]:
    text = " ".join([report.verdict, *(finding.evidence.verdict or "" for finding in live)])
    on = None if report.ladder is None else report.ladder.standing
    if re.search(r"already (?:found )?the best", text) and on not in ("architecture", "data", "affine"):
        yield f"already the best, and the loss stands on {on}"
    if report.ladder is not None:
        yield from _rungs(report.ladder)
    loud = {finding.code for finding in live if finding.severity is not Severity.NOTE}
    if any(finding.code == "L508" for finding in live):
        yield from (f"at the floor, and {code}" for code in loud & {*SYMPTOMS, "G604", "G607"})


def _rungs(ladder: Ladder) -> Iterator[str]:
    model, on = ladder.value("model"), ladder.standing
    if on is None or model is None:
        return
    nearest = min(
        (rung for rung in ladder.rungs if rung.name in ("constant", "affine", "architecture", "data")),
        key=lambda rung: abs(rung.value - model),
    )
    own = ladder.rung(on)
    if own is None or abs(own.value - model) > abs(nearest.value - model) + 1e-5 * abs(model):
        yield f"the loss {model} is said to be on {on}, and {nearest.name} is nearer"


def _causes(live: list[Finding]) -> Iterator[str]:
    order = list(Severity)
    gravest = {finding.code: finding.severity for finding in sorted(live, key=lambda one: -order.index(one.severity))}
    for finding in live:
        cause = finding.because_of
        if cause is not None and cause not in gravest:
            yield f"{finding.code} follows from {cause}, which is not in the report"
        elif cause is not None and order.index(gravest[cause]) > order.index(finding.severity):
            yield f"{finding.code} is graver than its cause {cause}"
        share = finding.evidence.explains
        if share is not None and not 0 <= share <= 1:
            yield f"{finding.code} explains {share}"
        if share is not None and finding.code in SYMPTOMS:
            yield f"{finding.code} says how the loss is, and explains a share of it"


def _fixes(report: Report, live: list[Finding]) -> Iterator[str]:
    if report.verdict.startswith("Looks healthy"):
        yield from (f"healthy, and {f.code} is no note" for f in live if f.severity is not Severity.NOTE)
        yield from (f"healthy, and {f.code} has a fix" for f in live if f.evidence.remedy is not None)
    lines: dict[str, set[str]] = {}
    for finding in live:
        code = None if finding.evidence.remedy is None else finding.evidence.remedy.code
        named = None if code is None else re.search(r"""\bname=(["'])(.*?)\1""", code)
        if code is not None and named is not None:
            lines.setdefault(named[2], set()).add(code)
    yield from (f"{name} gets {len(own)} different lines: {own}" for name, own in lines.items() if len(own) > 1)
    notes = {finding.evidence.verdict for finding in live if finding.severity is Severity.NOTE}
    answer = {finding.evidence.verdict for finding in live if finding.code == "L508" or finding.code[0] == "H"}
    if report.model is not None and report.verdict in notes - answer - {None}:
        yield "the verdict is that of a note"


def _sentences(report: Report, live: list[Finding]) -> Iterator[str]:
    for finding in live:
        evidence = finding.evidence
        remedy = "" if evidence.remedy is None else evidence.remedy.text
        for text in (finding.message, evidence.why, evidence.verdict or "", remedy):
            if found := NONSENSE.search(text):
                yield f"{finding.code} says {found[0]!r}: {text}"
        said = f"{evidence.why} {evidence.verdict or ''} {finding.message}"
        measured = any("correlation" in name or "auc" in name for name in evidence.numbers)
        if "same straight piece" in said and evidence.numbers.get("patterns") != 1:
            yield f"{finding.code} says one piece, and counted {evidence.numbers.get('patterns')}"
        if "not with them" in said and not measured:
            yield f"{finding.code} says that predictions and targets do not go together, and measured nothing"
    if found := NONSENSE.search(report.verdict):
        yield f"the verdict says {found[0]!r}: {report.verdict}"
