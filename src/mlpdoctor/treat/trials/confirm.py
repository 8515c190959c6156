"""The first finding of a report, tried: what ``check --confirm`` adds to a diagnosis."""

from collections.abc import Callable

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.subject import Question, Subject
from mlpdoctor.treat.trials.budget import Budget
from mlpdoctor.treat.trials.run_treat import Order, treat

SEEDS = 3


def confirmed(
    report: Report, question: Question, subject: Subject, budget: Budget, tell: Callable[[str], None] | None = None
) -> tuple[Report, str | None]:
    """The report with its first finding tried, and why that could not be done where it could not.

    Raises:
        InputError: the model cannot be trained.
    """
    first = next((f for f in report.findings if f.suppressed is None and f.severity is not Severity.NOTE), None)
    if first is None:
        return report, "there is no error and no warning to try anything for"
    if report.data is None:
        return report, "a trial trains the model, so it needs data"
    result = treat(
        question, Order(budget, SEEDS, (first.code,), seed=question.seed), report=report, subject=subject, tell=tell
    )
    if result.interrupted:
        raise KeyboardInterrupt
    if not result.trials:
        why = next((why for _, why in result.untried), "nothing can be changed for it by itself")
        return report, f"nothing was tried for {first.code} {first.name}: {why}"
    return result.report, None
