"""``mlpdoctor check``: the one command that reads models and data."""

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mlpdoctor.cli.commands.options import EXAMPLES, report_options, settings_options, understood
from mlpdoctor.cli.commands.shared import (
    FAILED,
    Code,
    apart,
    destinations,
    fails,
    in_force,
    loaded,
    question_of,
    rows_read,
)
from mlpdoctor.cli.output import OutputOptions, ProgressCallback, progress, say, traceback
from mlpdoctor.cli.results import pages_wanted, write
from mlpdoctor.cli.streams import stdin
from mlpdoctor.core.errors import InputError, UsageError
from mlpdoctor.core.fast_dataclass import dataclass

if TYPE_CHECKING:
    from mlpdoctor.cli.baseline import BaselineSession
    from mlpdoctor.cli.commands.confirm import Confirm
    from mlpdoctor.cli.config.file import Configuration
    from mlpdoctor.cli.plan import Job
    from mlpdoctor.core.check import Check
    from mlpdoctor.core.finding import Hide
    from mlpdoctor.core.network import ArrayOptions
    from mlpdoctor.core.report_model import Outcome, Report, Unread
    from mlpdoctor.diagnosis.subject import Question

EPILOG = f"""{EXAMPLES}
\b
Exit status:
  0  nothing at or above --fail-on was found
  1  something was, or there are more than --max-warnings warnings
  2  mlpdoctor could not run: bad file, bad option, or a check that crashed
"""


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, metavar="MODEL... [DATA]", type=click.Path())
@settings_options
@report_options
@click.option(
    "--layers",
    metavar="NAMES",
    help="MODEL is an .npz file of weights: the activation of each layer, tanh,linear, or a .toml or .json file.",
)
@click.option(
    "--architecture",
    metavar="FILE",
    help="MODEL holds weights alone: what model.to_json() returns, in a file, or a saved model of the same network.",
)
@click.option("--optimizer", metavar="NAME", help="What trained those weights: sgd, adam.")
@click.option("--learning-rate", type=float, metavar="RATE", help="Its learning rate.")
@click.option("--update-baseline", is_flag=True, help="Write what is found to the --baseline file.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colour."
)
@click.option("--confirm", is_flag=True, help="Test the first finding's fix by training; needs Keras.")
@click.option("--budget", metavar="TIME", help="Time for --confirm: 30s, 2m, or '200 epochs'.  [default: 30s]")
@click.option(
    "--cluster", metavar="WHERE", help="Workers read the data: local, a number of them, or tcp://host:port of Dask."
)
@click.option("-q", "--quiet", is_flag=True, help="Print only the verdict.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show all findings in full, what else is ruled out, and every check."
)
@click.option("--no-progress", is_flag=True, help="No progress on standard error.")
def check(
    files: tuple[str, ...],
    color: str,
    layers: str | None,
    architecture: str | None,
    optimizer: str | None,
    learning_rate: float | None,
    *,
    update_baseline: bool,
    confirm: bool,
    budget: str | None,
    cluster: str | None,
    quiet: bool,
    verbose: bool,
    no_progress: bool,
    opened: bool,
    embed: bool,
    **given: Any,  # noqa: ANN401  settings_options and report_options
) -> None:
    """Explain why the loss of MODEL on DATA is stuck.

    MODEL is a saved Keras model (.keras, .h5), a perceptron in ONNX, several of them, or a folder of them. DATA is a
    CSV or TSV file, gzipped or not, Parquet, Feather, .npz, .npy, a folder of them, x.npy y.npy, or - for standard
    input; it is the last argument, recognised by its suffix and content. Without DATA, checks the architecture only.
    Without MODEL, checks the models that the configuration names. With --layers, MODEL is an .npz file with the weights
    of a hand-written network; with --architecture, a file of weights alone.
    """
    from mlpdoctor.cli.baseline import BaselineSession
    from mlpdoctor.cli.config.settings import Settings
    from mlpdoctor.cli.config.unnamed import keep_inside, starts_keras
    from mlpdoctor.cli.plan import plan
    from mlpdoctor.cli.selection import idle
    from mlpdoctor.diagnosis.diagnose import all_checks

    checks = all_checks()
    loaded()
    configuration, line = understood(given, lambda: [one.rule for one in checks])
    jobs = plan(files, configuration, line)
    whole = Settings((configuration.top, line))
    options = OutputOptions(whole.value("format"), color, quiet=quiet, verbose=verbose, embed=embed, opened=opened)
    keep_inside(configuration, whole, update=update_baseline)
    code, known = Code(given["custom_objects"], given["preprocess"]), whole.value("baseline")
    arrays = _arrays(layers, optimizer, learning_rate, confirm=confirm)
    written = destinations(whole.value("output"), options.form, known, update=update_baseline)
    read = [("the baseline", known)] if known is not None and not update_baseline else []
    if arrays is not None and architecture is not None:
        raise UsageError("--layers and --architecture both say what network the weights are of: give one of them")
    asked = [(job, question_of(job, code, arrays, architecture)) for job in jobs]
    apart(written, (question for _, question in asked), configuration, *read)
    pictures = pages_wanted(whole.value("output"), options)
    baseline = BaselineSession.of(known, update=update_baseline)
    code.announce()
    for origin in starts_keras(configuration, (job.settings for job in jobs)):
        say(f"{origin}: engine = keras: this file, which was found and not named, has models run through Keras")
    tried = None
    if confirm or budget is not None:
        from mlpdoctor.cli.commands.confirm import confirmation

        tried = confirmation(budget, asked=confirm)
    with _workers(cluster) as client, progress(show=not (no_progress or quiet)) as notify:
        asked = [(job, dataclasses.replace(question, cluster=client)) for job, question in asked]
        run = _Run.over(asked, configuration, checks, baseline, notify, tried, quiet=quiet, pictures=pictures)
    baseline.close(run.reports)
    for one in idle(configuration.suppressions, run.reports, {one.rule.code: one.rule for one in checks}):
        say(f"{one.origin}: the suppression of {one.rule} hid nothing; remove it")
    write(run.reports, run.unread, options, whole.value("output"))
    sys.exit(run.status(whole.value("max-warnings")))


@dataclass(frozen=True)
class _Run:
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
    ) -> "_Run":
        from mlpdoctor.core.report_model import Unread, legible_parts

        reports, unread, failing = [], [], []
        for number, (job, question) in enumerate(jobs, start=1):
            place = f"{number} of {len(jobs)}  {job.model}: " if len(jobs) > 1 else ""
            if notify is not None:
                notify(f"{place}reading the model", None)
            try:
                hide = _hidden(job, configuration, checks, baseline)
                report = _looked_at(job, checks, hide, notify, place, question, tried, pictures=pictures)
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
    *,
    pictures: bool,
) -> "Report":
    from mlpdoctor.diagnosis.diagnose import diagnose
    from mlpdoctor.diagnosis.subject import opened

    chosen = in_force(job, checks)
    subject = opened(question, stdin())
    report = diagnose(
        question, progress=rows_read(notify, place), checks=chosen, hide=hide, subject=subject, pictures=pictures
    )
    return report if tried is None else tried(report, question, subject, notify)


@contextmanager
def _workers(where: str | None) -> Iterator[object]:
    """A client of the cluster that is asked for; None without one."""
    if where is None:
        yield None
        return
    from mlpdoctor.engine.cluster import connected

    with connected(where) as client:
        yield client


def _arrays(
    layers: str | None, optimizer: str | None, learning_rate: float | None, *, confirm: bool
) -> "ArrayOptions | None":
    """What makes a model of arrays, where that is asked for."""
    from mlpdoctor.core.network import ArrayOptions

    if layers is None:
        for option, value in (("--optimizer", optimizer), ("--learning-rate", learning_rate)):
            if value is not None:
                raise UsageError(f"{option} goes with --layers: a saved model says itself how it was trained")
        return None
    if confirm:
        raise UsageError("--confirm trains a saved Keras model, and --layers makes one of arrays: give one of them")
    return ArrayOptions(layers, optimizer, learning_rate)


def _hidden(
    job: "Job", configuration: "Configuration", checks: "Sequence[Check]", baseline: "BaselineSession"
) -> "Hide":
    from mlpdoctor.cli.selection import Hidden
    from mlpdoctor.core.finding import Certainty

    return Hidden(
        job.model,
        {one.rule.code: one.rule for one in checks},
        Certainty(job.settings.value("certainty")),
        configuration.suppressions,
        lambda finding: baseline.why(finding, job.model),
    )


def _crashed(report: "Report") -> "list[Outcome]":
    from mlpdoctor.core.report_model import Status

    return [outcome for outcome in report.outcomes if outcome.status is Status.CRASHED]
