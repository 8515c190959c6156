"""Several reports counted together."""

from collections.abc import Sequence

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.core.text import count
from mlpdoctor.report.folding import live
from mlpdoctor.report.phrases import crashed


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


def total(run: Tally) -> str:
    """A run over several models in a line."""
    parts = [
        count(run.models, "model"),
        count(run.errors, "error"),
        count(run.warnings, "warning"),
        count(run.notes, "note"),
    ]
    parts += [f"{run.suppressed:,} suppressed"] if run.suppressed else []
    parts += [f"{count(run.crashed, 'check')} crashed"] if run.crashed else []
    parts += [f"{count(run.unread, 'model')} could not be read"] if run.unread else []
    return ", ".join(parts)
