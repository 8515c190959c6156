"""``mlpdoctor curve``: what a training history says without the model."""

import sys
from typing import Any

import click

from mlpdoctor.cli.commands.options import output_option, screen_options, shared_options
from mlpdoctor.cli.commands.shared import FAILED, apart, destinations, fails, require_folder, rows_read
from mlpdoctor.cli.config.keys import LEVELS
from mlpdoctor.cli.output import OutputOptions, progress
from mlpdoctor.cli.results import pages_wanted, write
from mlpdoctor.cli.streams import stdin

EPILOG = """\b
Examples:
  mlpdoctor curve history.csv
  mlpdoctor curve log.txt --data data.csv --loss mse
  mlpdoctor curve --plateau 0.0057 --data data.csv
  mlpdoctor curve runs/tensorboard --format json | jq .verdict
  mlpdoctor curve history.csv -o curve.html --open

\b
Exit status:
  0  nothing at or above --fail-on was found
  1  something was
  2  mlpdoctor could not run: bad file, bad option, or a check that crashed
"""


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, metavar="HISTORY...", type=click.Path())
@click.option("--data", metavar="DATA", help="The training data, to say which loss the plateau is.")
@click.option(
    "--loss", metavar="NAME", help="The loss that was logged: mse, mae, bce.  [default: guessed from the log]"
)
@shared_options("plateau", "target", "features", "drop", "sample_weight", "seed", "max_bytes")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="error",
    show_default=True,
    help="Exit with 1 when a finding is this severe or worse.",
)
@output_option
@screen_options
def curve(
    files: tuple[str, ...],
    fail_on: str,
    form: str,
    color: str,
    *,
    output: tuple[str, ...] | None,
    quiet: bool,
    no_progress: bool,
    opened: bool,
    embed: bool,
    **given: Any,  # noqa: ANN401  the shared options
) -> None:
    """Say what the training curve in HISTORY shows, without the model.

    HISTORY is what training logged: a CSVLogger file, a pasted console log, JSON, a folder of TensorBoard, Keras Tuner
    or MLflow, or - for standard input. Of several runs, the last one is used. With --data it also says which loss the
    plateau is: that of always predicting the mean, of the best straight line, or the lowest possible on this data.
    """
    require_folder()
    from mlpdoctor.core.report_model import Status
    from mlpdoctor.diagnosis.diagnose import diagnose
    from mlpdoctor.diagnosis.question import Question

    question = Question(
        history=files,
        plateau=given["plateau"],
        data=given["data"],
        target=given["target"],
        features=given["features"],
        drop=given["drop"] or (),
        loss=given["loss"],
        sample_weight=given["sample_weight"],
        max_bytes=given["max_bytes"],
        seed=given["seed"] or 0,
    )
    options, outputs = OutputOptions(form, color, quiet=quiet, embed=embed, opened=opened), output or ()
    apart(destinations(outputs, form, None, update=False), (question,))
    pictures = pages_wanted(outputs, options)
    with progress(show=not (no_progress or quiet)) as notify:
        report = diagnose(question, stdin=stdin(), progress=rows_read(notify), pictures=pictures)
    write((report,), (), options, outputs)
    if any(outcome.status is Status.CRASHED for outcome in report.outcomes):
        sys.exit(FAILED)
    sys.exit(int(fails(report, fail_on)))
