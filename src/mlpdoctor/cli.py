"""The command line: the only place that prints or exits."""

import difflib
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from mlpdoctor import __version__
from mlpdoctor.errors import InputError, UsageError
from mlpdoctor.output import progress, show, write

if TYPE_CHECKING:
    from mlpdoctor.check import Rule
    from mlpdoctor.finding import Report

EXAMPLES = """\b
Examples:
  mlpdoctor check model.keras data.csv
  mlpdoctor check model.h5 data.parquet --target price
  mlpdoctor check model.keras                  the architecture alone
  mlpdoctor check model.keras - < data.csv     data from standard input
  mlpdoctor check model.keras data.csv --format json | jq .verdict
"""
CHECK_EPILOG = f"""{EXAMPLES}
\b
Exit status:
  0  nothing at or above --fail-on was found
  1  something was
  2  mlpdoctor could not run: bad file, bad option, or a check that crashed
"""
FAILED = 2
INTERRUPTED = 130
LEVELS = ("error", "warning", "note", "never")


def main() -> NoReturn:
    """Run the command line; bad input ends in one line on standard error and status 2."""
    try:
        commands(prog_name="mlpdoctor", standalone_mode=False)
    except click.UsageError as complaint:
        where = f"; see '{complaint.ctx.command_path} --help'" if complaint.ctx else ""
        click.echo(f"mlpdoctor: {complaint.format_message().rstrip('.')}{where}", err=True)
        sys.exit(FAILED)
    except InputError as complaint:
        click.echo(f"mlpdoctor: {complaint}", err=True)
        sys.exit(FAILED)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the report has seen enough; the interpreter must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001  whatever it is, status 1 would say that something was found
        click.echo(
            f"mlpdoctor {__version__}: this is a fault in mlpdoctor, not in your files; please report it:", err=True
        )
        traceback.print_exc()
        sys.exit(FAILED)
    sys.exit(0)


@click.group(
    name="mlpdoctor", context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLES, no_args_is_help=True
)
@click.version_option(__version__, "--version", prog_name="mlpdoctor")
def commands() -> None:
    """Say why a neural network's loss is stuck.

    Works out what the loss could be, where the model stands, and what keeps it there, from a saved Keras model and
    its data, without TensorFlow.
    """


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(name.strip() for name in value.split(",") if name.strip())


@commands.command(epilog=CHECK_EPILOG)
@click.argument("model", type=str)
@click.argument("data", type=str, required=False)
@click.option(
    "--target", callback=_names, metavar="NAMES", help="Target columns, by name or position, comma separated."
)
@click.option(
    "--features", callback=_names, metavar="NAMES", help="Feature columns in the model's order, comma separated."
)
@click.option("--drop", callback=_names, metavar="NAMES", help="Columns to leave out, comma separated.")
@click.option("--loss", metavar="NAME", help="The loss, where the file has none or a custom one: mse, mae, bce.")
@click.option("--sample-weight", metavar="NAME", help="The column that says how much each row counts in the loss.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="error",
    show_default=True,
    help="Exit with 1 at this severity or above.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="How to report.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report to this file instead.")
@click.option("--max-bytes", type=click.IntRange(1), metavar="N", help="Read files of up to N bytes, unpacked.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colour."
)
@click.option("-q", "--quiet", is_flag=True, help="Print the verdict alone.")
@click.option("-v", "--verbose", is_flag=True, help="Also list the checks that did not run, and why.")
@click.option("--no-progress", is_flag=True, help="No progress on standard error.")
def check(
    model: str,
    data: str | None,
    target: tuple[str, ...] | None,
    features: tuple[str, ...] | None,
    drop: tuple[str, ...] | None,
    loss: str | None,
    sample_weight: str | None,
    fail_on: str,
    form: str,
    output: Path | None,
    max_bytes: int | None,
    color: str,
    *,
    quiet: bool,
    verbose: bool,
    no_progress: bool,
) -> None:
    """Explain why the loss of MODEL on DATA is stuck.

    MODEL is a saved Keras model (.keras, .h5). DATA is a CSV or TSV file, gzipped or not, Parquet, Feather, .npz,
    .npy, a folder of them, or - for standard input. Without DATA the architecture alone is looked at.
    """
    from mlpdoctor.diagnose import Question, diagnose

    question = Question(model, data, target, features, drop or (), loss, sample_weight, max_bytes)
    with progress(show=not (no_progress or quiet)) as told:
        report = diagnose(question, stdin=sys.stdin.buffer, progress=told)
    write(report, form, output, color, quiet=quiet, verbose=verbose)
    sys.exit(_status(report, fail_on))


def _status(report: "Report", fail_on: str) -> int:
    from mlpdoctor.finding import Status

    crashed = [outcome for outcome in report.outcomes if outcome.status is Status.CRASHED]
    for outcome in crashed:
        click.echo(f"mlpdoctor: the check {outcome.code} {outcome.name} crashed: {outcome.reason}", err=True)
    if crashed:
        return FAILED
    failing = LEVELS[: LEVELS.index(fail_on) + 1] if fail_on != "never" else ()
    return int(any(finding.severity in failing for finding in report.findings))


@commands.command()
def rules() -> None:
    """List all rules."""
    from rich.table import Table
    from rich.text import Text

    from mlpdoctor.catalogue import rules as all_rules

    table = Table.grid(padding=(0, 2, 0, 0))
    for rule in all_rules():
        table.add_row(rule.code, rule.name, rule.severity.value, Text(rule.summary))
    show(table)


@commands.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Explain RULE, a code such as A101 or a name such as dead-relu."""
    from mlpdoctor.report.page import page

    show(*page(_find(rule)))


def _find(name: str) -> "Rule":
    from mlpdoctor.catalogue import rules as all_rules

    known = {spelling: rule for rule in all_rules() for spelling in (rule.code, rule.name)}
    wanted = name.upper() if name.upper() in known else name.lower().replace("_", "-")
    if wanted not in known:
        near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "'mlpdoctor rules' lists them all"
        raise UsageError(f"there is no rule {name!r}; {hint}")
    return known[wanted]
