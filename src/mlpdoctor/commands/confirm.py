"""``check --confirm``: the first finding's remedy tried before the report is written."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from mlpdoctor.errors import InputError, UsageError
from mlpdoctor.output import Telling, say

if TYPE_CHECKING:
    from mlpdoctor.finding import Report
    from mlpdoctor.plan import Job

BUDGET = "30s"
Confirm: TypeAlias = "Callable[[Report, Job, str | None, Telling | None], Report]"
"""From a report to one that says what a trial of its first finding showed."""


def unconfirmed(report: "Report", job: "Job", custom_objects: str | None, told: Telling | None) -> "Report":  # noqa: ARG001
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
    from mlpdoctor.trials.budget import Budget

    allowed = Budget.read(budget or BUDGET)

    def confirm(report: "Report", job: "Job", custom_objects: str | None, told: Telling | None) -> "Report":
        from mlpdoctor.commands.check import question_of
        from mlpdoctor.trials.confirm import confirmed

        if job.settings.value("data") == "-":
            raise UsageError("--confirm reads the data more than once: give them as a file, not on standard input")
        tell = None if told is None else lambda text: told(f"{job.model}: trying: {text}", None)
        try:
            report, trouble = confirmed(report, question_of(job, custom_objects), allowed, tell)
        except InputError as complaint:
            trouble = str(complaint)
        if trouble is not None:
            say(f"{job.model}: --confirm: {trouble}")
        return report

    return confirm
