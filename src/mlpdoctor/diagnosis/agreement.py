"""Makes the findings of one report agree: each check speaks for itself, and a report has one word."""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from mlpdoctor.core.finding import Finding, Remedy, Severity
from mlpdoctor.core.report_model import TRIED_FIRST, Outcome, RuledOut, Status

NAMED_BY: Mapping[str, str] = MappingProxyType(
    {
        "learning rate": "G603 G604 G608 H804 H808 W306",
        "optimizer": "G603 G604 G605",
        "epochs": "G604 G607 H802 H806 H807",
        "width": "A102 L505",
        "local minimum": "G606",
        "input scale": "D702 D713 W308",
        "too high a learning rate": "G603 H803 H804",
        "a vanishing gradient": "A106 A107 G601 G606 U401 U402 W305",
        "an exploding gradient": "G602",
        "dead ReLU units": "U401 W305",
        "saturated units": "U402",
        "units that never got a gradient": "U401 U402 W305 A106",
        "conflicting rows": "L503",
        "a target that swings too fast": "D714",
        "conditioning of the inputs": "G605 D702 D705",
        "outliers": "D709",
    }
)
"""For each suspect the rules whose findings name it. What one finding names no other rules out."""
NAME_IN_CODE = re.compile(r"""\bname=(["'])(.*?)\1""")
"""The layer that a line of code makes."""


def ruled_out(findings: Sequence[Finding], outcomes: Iterable[Outcome]) -> tuple[RuledOut, ...]:
    """What the findings exclude as a cause and what passed checks do, without what any finding names.

    First comes what people try first, in their order.
    """
    by_findings = [RuledOut(what, finding.code) for finding in findings for what in finding.evidence.rules_out]
    by_checks = [RuledOut(o.clears, o.code) for o in outcomes if o.clears and o.status is Status.PASSED]
    present = {finding.code for finding in findings if finding.severity is not Severity.NOTE}
    first: dict[str, RuledOut] = {}
    for suspect in (*by_findings, *by_checks):
        if present.isdisjoint(NAMED_BY.get(suspect.what, "").split()):
            first.setdefault(suspect.what, suspect)
    order = {what: place for place, what in enumerate(TRIED_FIRST)}
    return tuple(sorted(first.values(), key=lambda suspect: order.get(suspect.what, len(order))))


def agreed(findings: Sequence[Finding], *, healthy: bool) -> tuple[Finding, ...]:
    """The same findings, ranked, with one line of code for each layer, and none for a healthy model.

    Args:
        findings: the first to fix first.
        healthy: whether the model does as well as anything is known to.
    """
    if healthy and all(finding.severity is Severity.NOTE for finding in findings):
        return tuple(_with(finding, None) for finding in findings)
    lines: dict[str, Finding] = {}
    kept = []
    for finding in findings:
        remedy = finding.evidence.remedy
        found = None if remedy is None or remedy.code is None else NAME_IN_CODE.search(remedy.code)
        if remedy is None or found is None:
            kept.append(finding)
            continue
        before = lines.setdefault(found[2], finding)
        code = before.evidence.remedy.code if before.evidence.remedy is not None else None
        if code == remedy.code:
            kept.append(finding)
        else:
            kept.append(_with(finding, Remedy(f"fix {before.code} first: it changes the same layer, {found[2]}")))
    return tuple(kept)


def _with(finding: Finding, remedy: Remedy | None) -> Finding:
    return dataclasses.replace(finding, evidence=dataclasses.replace(finding.evidence, remedy=remedy))
