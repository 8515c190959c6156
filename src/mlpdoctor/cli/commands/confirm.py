"""``check --confirm``: the first finding's remedy tried before the report is written."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from mlpdoctor.cli.output import ProgressCallback, say
from mlpdoctor.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from mlpdoctor.core.report_model import Report
    from mlpdoctor.diagnosis.question import Question
    from mlpdoctor.diagnosis.subject import Subject

BUDGET = "30s"
Confirm: TypeAlias = "Callable[[Report, Question, Subject, ProgressCallback | None], Report]"
"""From a report to one that says what a trial of its first finding showed."""


def confirmation(budget: str | None, *, asked: bool) -> "Confirm | None":
    """What ``--confirm`` and ``--budget`` ask for; None without them.

    Raises:
        UsageError: the budget means nothing, or is given alone.
    """
    if not asked:
        if budget is not None:
            raise UsageError("--budget is for --confirm, and for mlpdoctor treat")
        return None
    from mlpdoctor.treat.trials.budget import Budget

    allowed = Budget.read(budget or BUDGET)

    def confirm(
        report: "Report", question: "Question", subject: "Subject", notify: ProgressCallback | None
    ) -> "Report":
        from mlpdoctor.treat.trials.run_treat import confirmed

        if question.data == "-":
            raise UsageError("--confirm reads the data more than once: give it as a file, not on standard input")
        tell = None if notify is None else lambda text: notify(f"{question.model}: trying: {text}", None)
        try:
            report, trouble = confirmed(report, question, subject, allowed, tell)
        except InputError as complaint:
            trouble = str(complaint)
        if trouble is not None:
            say(f"{question.model}: --confirm: {trouble}")
        return report

    return confirm
