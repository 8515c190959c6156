"""What ``check`` makes of the models it is given: a report of each that can be read, and whether they fail."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from mlpdoctor.cli.commands.shared import FAILED, fails, in_force, rows_read
from mlpdoctor.cli.commands.side_by_side import SideBySide, Task
from mlpdoctor.cli.output import ProgressCallback, say, traceback
from mlpdoctor.cli.selection import Hidden
from mlpdoctor.cli.streams import stdin
from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.report_model import Status, Unread, legible_parts

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


if TYPE_CHECKING:
    from mlpdoctor.cli.baseline import BaselineSession
    from mlpdoctor.cli.config.file import Configuration
    from mlpdoctor.cli.plan import Job
    from mlpdoctor.core.check import Check
    from mlpdoctor.core.finding import Hide
    from mlpdoctor.core.report_model import Outcome, Report
    from mlpdoctor.diagnosis.question import Question
    from mlpdoctor.diagnosis.shared_data import Sharing


@dataclass(frozen=True)
class Run:
    """What came of the models: reports of those that could be read, and whether they fail."""

    reports: tuple["Report", ...]
    unread: tuple["Unread", ...]
    failing: tuple["Report", ...]
    """Those with a finding at or above their ``--fail-on``."""

    @classmethod
    def over(
        cls,
        jobs: "Sequence[tuple[Job, Question]]",
        configuration: "Configuration",
        checks: "Sequence[Check]",
        baseline: "BaselineSession",
        notify: ProgressCallback | None,
        tried: "Confirm | None" = None,
        *,
        quiet: bool = False,
        pictures: bool = False,
    ) -> "Run":
        """Look at each model with its question, and say what there is to say of the run itself."""
        from mlpdoctor.diagnosis.shared_data import Sharing

        def place(number: int) -> str:
            return f"{number + 1} of {len(jobs)}  {jobs[number][0].model}: " if len(jobs) > 1 else ""

        sharing = Sharing(question for _, question in jobs)

        def here(number: int) -> "Report":
            job, question = jobs[number]
            hide = _hidden(job, configuration, checks, baseline)
            return _looked_at(job, checks, hide, notify, place(number), question, tried, sharing, pictures=pictures)

        apart = tried is None and not baseline.update and all(question.cluster is None for _, question in jobs)
        tasks = [Task(*one, _hidden(one[0], configuration, checks, baseline), pictures) for one in jobs if apart]
        with SideBySide(tasks, here, sharing) as looking:
            return cls._of(jobs, looking, place, notify, quiet=quiet)

    @classmethod
    def _of(
        cls,
        jobs: "Sequence[tuple[Job, Question]]",
        looking: SideBySide,
        place: Callable[[int], str],
        notify: ProgressCallback | None,
        *,
        quiet: bool,
    ) -> "Run":
        reports, unread, failing = [], [], []
        for number, (job, question) in enumerate(jobs):
            if notify is not None:
                notify(f"{place(number)}reading the model", None)
            try:
                report = looking.report(number)
            except InputError as complaint:
                unread.append(legible_parts(Unread(job.model, str(complaint))))
                say(str(complaint))
                continue
            except Exception as fault:
                if len(jobs) == 1:
                    raise
                unread.append(
                    legible_parts(Unread(job.model, f"a fault in mlpdoctor: {type(fault).__name__}: {fault}"))
                )
                say(f"{job.model}: this is a fault in mlpdoctor, not in your file; please report it:")
                traceback(fault)
                continue
            reports.append(report)
            if "keras" in report.seconds and not quiet:
                say(f"{job.model}: followed through Keras, which took {report.seconds['keras']:.1f} s to get ready")
            if question.arrays is not None and not quiet and report.model is not None:
                say(f"{job.model}: {report.model.format}")
            for outcome in _crashed(report):
                where = f" on {job.model}" if len(jobs) > 1 else ""
                say(f"the check {outcome.code} {outcome.name} crashed{where}: {outcome.reason}")
            if fails(report, job.settings.value("fail-on")):
                failing.append(report)
        return cls(tuple(reports), tuple(unread), tuple(failing))

    def status(self, most_warnings: int | None) -> int:
        """2 beats 1 beats 0."""
        if self.unread or any(_crashed(report) for report in self.reports):
            return FAILED
        warnings = sum(f.severity == "warning" and f.suppressed is None for r in self.reports for f in r.findings)
        if most_warnings is not None and warnings > most_warnings:
            say(f"{warnings} warnings are more than --max-warnings {most_warnings}")
            return 1
        return int(bool(self.failing))


def _looked_at(
    job: "Job",
    checks: "Sequence[Check]",
    hide: "Hide",
    notify: ProgressCallback | None,
    place: str,
    question: "Question",
    tried: "Confirm | None",
    sharing: "Sharing",
    *,
    pictures: bool,
) -> "Report":
    from mlpdoctor.diagnosis.diagnose import diagnose
    from mlpdoctor.diagnosis.subject import opened

    chosen = in_force(job, checks)
    subject = opened(question, stdin())
    report = diagnose(
        question,
        progress=rows_read(notify, place),
        checks=chosen,
        hide=hide,
        subject=subject,
        pictures=pictures,
        sharing=sharing,
    )
    return report if tried is None else tried(report, question, subject, notify)


def _hidden(
    job: "Job", configuration: "Configuration", checks: "Sequence[Check]", baseline: "BaselineSession"
) -> "Hide":
    return Hidden(
        job.model,
        {one.rule.code: one.rule for one in checks},
        Certainty(job.settings.value("certainty")),
        configuration.suppressions,
        partial(baseline.why, model=job.model),
    )


def _crashed(report: "Report") -> "list[Outcome]":
    return [outcome for outcome in report.outcomes if outcome.status is Status.CRASHED]
