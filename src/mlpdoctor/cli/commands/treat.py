"""``mlpdoctor treat``: prove the diagnosis by curing the patient."""

import contextlib
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from mlpdoctor.cli.commands.options import screen_options, shared_options
from mlpdoctor.cli.commands.shared import Code, apart, destinations, in_force, question_of, understood
from mlpdoctor.cli.output import TEXT, OutputOptions, form_of, progress, put, say, show
from mlpdoctor.cli.results import ENDINGS, FORMS, keep, pages_wanted, written_trials
from mlpdoctor.cli.streams import INTERRUPTED, NOTHING_PIPED, stdin
from mlpdoctor.core.errors import UsageError

if TYPE_CHECKING:
    from mlpdoctor.cli.config.file import Configuration
    from mlpdoctor.cli.plan import Job
    from mlpdoctor.core.trial_result import TrialResult
    from mlpdoctor.diagnosis.question import Question

BATCH = 32
SEEDS = 3
BUDGET = "60s"
EPILOG = """\b
Examples:
  mlpdoctor treat model.keras data.csv
  mlpdoctor treat model.keras data.csv -o cured.keras --budget 5m
  mlpdoctor treat model.keras data.csv -o report.html --open
  mlpdoctor treat model.keras data.csv --rule A101 --budget "200 epochs"
  mlpdoctor treat model.keras data.csv --rule lower-learning-rate

\b
Exit status:
  0  something was confirmed: a change, or training on as it is
  1  nothing was
  2  mlpdoctor could not run
"""


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, metavar="MODEL DATA", type=click.Path())
@shared_options(
    "data",
    "target",
    "features",
    "drop",
    "loss",
    "sample_weight",
    "max_bytes",
    "seed",
    "engine",
    "custom_objects",
    "preprocess",
    "config_file",
    "isolated",
)
@click.option(
    "--rule", "words", multiple=True, metavar="NAME", help="Test only the fix of this finding, or only this change."
)
@click.option("--budget", default=BUDGET, show_default=True, metavar="TIME", help="60s, 5m, or '200 epochs' per run.")
@click.option(
    "--seeds", type=click.IntRange(1, 20), default=SEEDS, show_default=True, help="Runs with and without the change."
)
@click.option(
    "--batch-size", "batch", type=click.IntRange(1), default=BATCH, show_default=True, help="Rows per update."
)
@click.option(
    "-o",
    "--output",
    "--output-model",
    "files_out",
    multiple=True,
    metavar="FILE",
    help="Save the fixed and trained model, cured.keras, or the report: .html .json .md .txt. May be repeated.",
)
@click.option("--force", is_flag=True, help="Overwrite the model's FILE if it exists.")
@screen_options
def treat(
    files: tuple[str, ...],
    words: tuple[str, ...],
    budget: str,
    seeds: int,
    batch: int,
    files_out: tuple[str, ...],
    form: str,
    color: str,
    *,
    force: bool,
    quiet: bool,
    no_progress: bool,
    opened: bool,
    embed: bool,
    **given: Any,  # noqa: ANN401  the shared options
) -> None:
    """Test the fixes that check suggests: train MODEL on DATA with and without each.

    Each change is made to a copy of the model. Copy and original are trained on the same batches for the same number
    of updates, several times over; a change that makes the loss clearly better in every run is confirmed as a cause.
    Changes that gain are then put together. The files given are never changed.
    """
    started = time.monotonic()
    from mlpdoctor.diagnosis.diagnose import all_checks, diagnose
    from mlpdoctor.diagnosis.subject import opened as opened_subject
    from mlpdoctor.treat.trials.budget import Budget
    from mlpdoctor.treat.trials.run_treat import Order, writable
    from mlpdoctor.treat.trials.run_treat import treat as tried

    named = tuple(name.strip() for word in words for name in word.split(",") if name.strip())
    options = OutputOptions(form, color, quiet=quiet, embed=embed, opened=opened)
    output, reports = _places(files_out, form)
    order = Order(Budget.read(budget), seeds, named, batch, output, force)
    job, configuration = _job(files, given)
    code = Code(given["custom_objects"], given["preprocess"])
    asked = question_of(job, code)
    cured = [] if output is None else [(f"--output-model {output}", output)]
    apart([*cured, *destinations(reports, form, None, update=False)], [asked], configuration)
    pictures = pages_wanted(reports, options)
    writable(order, asked)
    code.announce()
    with (
        _question(job, code) as question,
        progress(show=not (no_progress or quiet)) as told,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # what Keras warns of is what the report is about
        tell = None if told is None else lambda text: told(f"trying: {text}", _share(started, order.budget.seconds))
        if told is not None:
            told("diagnosing", None)
        subject = opened_subject(question)
        report = diagnose(question, checks=in_force(job, all_checks()), subject=subject, pictures=pictures)
        result = tried(
            question, replace(order, seed=question.seed), report=report, subject=subject, tell=tell, started=started
        )
    _write(result, options, reports, job.settings.value("data"))
    if result.interrupted:
        say("interrupted: the report holds what was known by then")
        sys.exit(INTERRUPTED)
    if output is not None and result.written is None:
        say(f"{output} was not written: nothing was confirmed")
    sys.exit(0 if result.cured else 1)


def _share(started: float, seconds: float | None) -> float | None:
    return None if seconds is None else min((time.monotonic() - started) / seconds, 1.0)


def _job(files: tuple[str, ...], given: dict[str, Any]) -> "tuple[Job, Configuration]":
    """The one model, with what is in force for it, and the configuration.

    Raises:
        UsageError: there is no model or no data, or there are several.
    """
    from mlpdoctor.cli.plan import plan
    from mlpdoctor.diagnosis.diagnose import all_checks

    if not files:
        raise UsageError("give the path of a saved Keras model and its data: mlpdoctor treat MODEL DATA")
    rules = [one.rule for one in all_checks()]
    configuration, line = understood({"thresholds": (), **given}, lambda: rules)
    jobs = plan(files, configuration, line)
    if len(jobs) > 1:
        raise UsageError(f"one model at a time, got {len(jobs)}: mlpdoctor treat MODEL DATA")
    if jobs[0].settings.value("data") is None:
        raise UsageError("treat trains the model, so it needs data: mlpdoctor treat MODEL DATA")
    return jobs[0], configuration


@contextlib.contextmanager
def _question(job: "Job", code: Code) -> "Iterator[Question]":
    """What to treat; standard input is kept in a file while it lasts, for it is read more than once."""
    import shutil
    import tempfile
    from pathlib import Path

    question = question_of(job, code)
    if question.data != "-":
        yield question
        return
    source = stdin()
    if source is None or source.isatty():
        raise UsageError(NOTHING_PIPED)
    with tempfile.TemporaryDirectory(prefix="mlpdoctor-") as folder:
        file = Path(folder) / "standard-input"
        with file.open("wb") as kept:
            shutil.copyfileobj(source, kept)
        yield replace(question, data=str(file))


def _places(files: tuple[str, ...], form: str) -> tuple[str | None, tuple[str, ...]]:
    """Of the files to write the one for the model, and those for the report.

    Raises:
        UsageError: there are two for the model, or a report is to have a format that trials have not.
    """
    from mlpdoctor.report.formats import of_suffix

    reports = tuple(file for file in files if of_suffix(file) is not None or file.lower().endswith(TEXT))
    models = [file for file in files if file not in reports]
    if len(models) > 1:
        raise UsageError(f"--output {models[1]}: the model goes to one file, and {models[0]} is given already")
    for file in reports:
        if form_of(file, form) not in FORMS:
            raise UsageError(f"--output {file}: trials are written as {ENDINGS}")
    return next(iter(models), None), reports


def _write(result: "TrialResult", options: OutputOptions, files: tuple[str, ...], data: str) -> None:
    if data == "-" and result.report.data is not None:
        result = replace(result, report=replace(result.report, data=replace(result.report.data, path="-")))
    keep(lambda form: written_trials(form, result, embed=options.embed), files, options)
    if options.form != "terminal":
        put(written_trials(options.form, result, embed=options.embed))
    elif options.quiet:
        from mlpdoctor.report.terminal.layout import plain

        put(plain(result.verdict) + "\n")
    else:
        from mlpdoctor.report.terminal.trials import TerminalTrials

        show(TerminalTrials(result), color=options.color)
