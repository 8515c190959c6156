"""Questions to ask of a report: the finding of a rule, how a rule ended, what is an alarm, the ladder's values."""

from collections.abc import Mapping, Sequence
from typing import Any

from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.report_model import Outcome, Report, Status


def found(report: Report, code: str) -> list[Finding]:
    """Every finding of a rule, in the order of the report."""
    return [finding for finding in report.findings if finding.code == code]


def only(report: Report, code: str) -> Finding:
    """The one finding of a rule; there must be one and no more."""
    findings = found(report, code)
    assert len(findings) == 1, (code, told(report))
    return findings[0]


def root(report: Report, finding: Finding) -> str:
    """The code of the finding behind it all: the cause of its cause, and so on."""
    while finding.because_of is not None:
        finding = found(report, finding.because_of)[0]
    return finding.code


def outcome(report: Report, code: str) -> Outcome:
    """How a rule ended."""
    (one,) = (outcome for outcome in report.outcomes if outcome.code == code)
    return one


def quiet(report: Report, code: str) -> bool:
    """Whether a rule looked and found nothing, or had nothing to look at; a skipped or crashed rule is not quiet."""
    return outcome(report, code).status in {Status.PASSED, Status.NOT_APPLICABLE}


def alarms(report: Report) -> list[str]:
    """Errors, warnings and crashes, in words."""
    crashed = [f"{o.code} crashed: {o.reason}" for o in report.outcomes if o.status is Status.CRASHED]
    return crashed + [told_one(f) for f in report.findings if f.severity is not Severity.NOTE]


def told(report: Report) -> list[str]:
    """All findings in words, for the message of a failed test."""
    return [report.verdict, *(told_one(finding) for finding in report.findings)]


def told_one(finding: Finding) -> str:
    """One finding in words."""
    return f"{finding.severity} {finding.code} {finding.layer or ''}: {finding.message}"


def rungs(report: Report) -> Mapping[str, float]:
    """The values of the ladder by name."""
    assert report.ladder is not None, report.no_ladder
    return {rung.name: rung.value for rung in report.ladder.rungs}


def number(finding: Finding, name: str) -> float:
    """A number of the evidence."""
    value = finding.evidence.numbers[name]
    assert isinstance(value, int | float), (name, value)
    return value


def names(finding: Finding, name: str) -> Sequence[Any]:
    """A tuple of the evidence."""
    value = finding.evidence.numbers[name]
    assert isinstance(value, tuple), (name, value)
    return value
