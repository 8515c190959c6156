"""How many findings of each kind there are: what a summary of one or several reports says."""

from collections.abc import Iterable, Sequence

from mlpdoctor.finding import Finding, Outcome, Report, Severity, Status, Unread
from mlpdoctor.lean import dataclass


@dataclass(frozen=True)
class Tally:
    """Counts over the models of a run.

    Attributes:
        models: asked about, readable or not.
        unread: of them could not be looked at.
        errors: findings of that severity, without the suppressed ones; likewise ``warnings`` and ``notes``.
        suppressed: findings that the user asked not to hear of.
        crashed: checks that crashed.
    """

    models: int
    unread: int
    errors: int
    warnings: int
    notes: int
    suppressed: int
    crashed: int


def tally(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> Tally:
    """Count."""
    shown = [finding for report in reports for finding in live(report.findings)]
    return Tally(
        models=len(reports) + len(unread),
        unread=len(unread),
        errors=sum(finding.severity is Severity.ERROR for finding in shown),
        warnings=sum(finding.severity is Severity.WARNING for finding in shown),
        notes=sum(finding.severity is Severity.NOTE for finding in shown),
        suppressed=sum(len(report.findings) for report in reports) - len(shown),
        crashed=sum(len(crashed(report.outcomes)) for report in reports),
    )


def live(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are not suppressed, in order."""
    return tuple(finding for finding in findings if finding.suppressed is None)


def crashed(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The checks that crashed."""
    return tuple(outcome for outcome in outcomes if outcome.status is Status.CRASHED)


def state(report: Report) -> Severity | None:
    """The gravest severity among the findings that are not suppressed; None without any."""
    present = {finding.severity for finding in live(report.findings)}
    return next((severity for severity in Severity if severity in present), None)
