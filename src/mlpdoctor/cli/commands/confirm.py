"""``check --confirm``: the first finding's remedy tried before the report is written."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from mlpdoctor.cli.output import ProgressCallback, say
from mlpdoctor.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from mlpdoctor.cli.plan import Job
    from mlpdoctor.core.report_model import Report

BUDGET = "30s"
Confirm: TypeAlias = "Callable[[Report, Job, str | None, ProgressCallback | None], Report]"
"""From a report to one that says what a trial of its first finding showed."""


def unconfirmed(report: "Report", job: "Job", custom_objects: str | None, notify: ProgressCallback | None) -> "Report":  # noqa: ARG001
    """The report as it is."""
    return report


def confirmation(budget: str | None, *, asked: bool) -> Confirm:
    """What ``--confirm`` and ``--budget`` ask for.

    Raises:
        UsageError: the budget means nothing, or is given alone.
    """
    if not asked:
        if budget is not None:
            raise UsageError("--budget is for --confirm, and for mlpdoctor treat")
        return unconfirmed
    from mlpdoctor.treat.trials.budget import Budget

    allowed = Budget.read(budget or BUDGET)

    def confirm(report: "Report", job: "Job", custom_objects: str | None, notify: ProgressCallback | None) -> "Report":
        from mlpdoctor.cli.commands.shared import question_of
        from mlpdoctor.treat.trials.confirm import confirmed

        if job.settings.value("data") == "-":
            raise UsageError("--confirm reads the data more than once: give them as a file, not on standard input")
        tell = None if notify is None else lambda text: notify(f"{job.model}: trying: {text}", None)
        try:
            report, trouble = confirmed(report, question_of(job, custom_objects), allowed, tell)
        except InputError as complaint:
            trouble = str(complaint)
        if trouble is not None:
            say(f"{job.model}: --confirm: {trouble}")
        return report

    return confirm
