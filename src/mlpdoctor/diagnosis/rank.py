"""Puts the finding to mend first on top, and effects under their causes."""

import dataclasses
from collections.abc import Iterable

from mlpdoctor.core.finding import Certainty, Finding, Severity
from mlpdoctor.diagnosis.causes import CAUSES

SEVERITIES = list(Severity)
CERTAINTIES = list(Certainty)
SYMPTOMS = ("H801", "L501", "L502", "L504", "U404", "U405")
"""Rules that say what has become of the model, be it its loss or its features: whatever is found beside them is nearer
to the cause."""
PARTIAL = ("U401", "W305")
"""Rules whose warnings are about some units of a layer: the others could still learn, so they explain no error."""


def rank(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings: causes by severity, certainty, share explained and strength, each followed by its effects.

    A finding is an effect only of a finding at least as grave: a mere note never hides an error below it. A symptom,
    which says how bad the loss is and not why, stands under a warning too. Findings of one rule and severity stay
    together, in front of what they bring about.
    """
    ordered = sorted(findings, key=_order)
    gravest = {finding.code: finding.severity for finding in reversed(ordered)}
    linked = [dataclasses.replace(f, because_of=_cause(f, gravest)) for f in ordered]
    ranked: list[Finding] = []
    for finding in linked:
        if finding.because_of is None and finding not in ranked:
            _append_group(finding, linked, ranked)
    return tuple(ranked)


def _append_group(first: Finding, findings: list[Finding], ranked: list[Finding]) -> None:
    alike = (first.code, first.severity, first.because_of)
    leads = all(finding.code != first.code for finding in ranked)
    ranked += [f for f in findings if (f.code, f.severity, f.because_of) == alike]
    for effect in findings if leads else ():
        if effect.because_of == first.code and effect not in ranked:
            _append_group(effect, findings, ranked)


def _cause(finding: Finding, present: dict[str, Severity]) -> str | None:
    grave = SEVERITIES.index(finding.severity)
    causes = [code for code in CAUSES.get(finding.code, ()) if code in present]
    strict = (code for code in causes if SEVERITIES.index(present[code]) <= grave)
    milder = (code for code in causes if present[code] is Severity.WARNING and code not in PARTIAL)
    symptom = finding.code in SYMPTOMS and finding.severity is Severity.ERROR
    return next(strict, next(milder, None) if symptom else None)


def _order(finding: Finding) -> tuple[int, int, float, float, str, str]:
    evidence = finding.evidence
    return (
        SEVERITIES.index(finding.severity),
        CERTAINTIES.index(evidence.certainty),
        -(evidence.explains if evidence.explains is not None else 0.0),
        -evidence.strength,
        finding.code,
        finding.layer or "",
    )
