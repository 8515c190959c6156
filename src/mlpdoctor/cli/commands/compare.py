"""``mlpdoctor compare``: two models, or two training histories, side by side."""

import sys
from typing import TYPE_CHECKING, Any

import click

from mlpdoctor.cli.commands.options import shared_options
from mlpdoctor.cli.commands.shared import apart, require_folder, rows_read
from mlpdoctor.cli.config.keys import LEVELS, SEVERITIES
from mlpdoctor.cli.output import progress, put, show
from mlpdoctor.cli.streams import stdin
from mlpdoctor.core.errors import UsageError

if TYPE_CHECKING:
    from mlpdoctor.core.report_model import Comparison
    from mlpdoctor.diagnosis.question import Question

EPILOG = """\b
Examples:
  mlpdoctor compare before.keras after.keras data.csv
  mlpdoctor compare monday.csv tuesday.csv        two training histories
  mlpdoctor compare a.keras b.keras data.csv --format json | jq .verdict

\b
Exit status:
  0  AFTER has no finding at or above --fail-on that BEFORE has not
  1  it has one
  2  mlpdoctor could not run: bad file, bad option
"""


@click.command(epilog=EPILOG)
@click.argument("before", type=click.Path())
@click.argument("after", type=click.Path())
@click.argument("data", required=False, type=click.Path())
@shared_options("target", "features", "drop", "loss", "sample_weight", "seed", "quick", "max_bytes")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="error",
    show_default=True,
    help="Exit with 1 when a new finding is this severe or worse.",
)
@click.option(
    "--format", "form", type=click.Choice(["terminal", "json"]), default="terminal", show_default=True, help="Format."
)
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colour."
)
@click.option("-q", "--quiet", is_flag=True, help="Print only the first sentence.")
@click.option("--no-progress", is_flag=True, help="No progress on standard error.")
def compare(
    before: str,
    after: str,
    data: str | None,
    fail_on: str,
    form: str,
    color: str,
    *,
    quiet: bool,
    no_progress: bool,
    **given: Any,  # noqa: ANN401  the shared options
) -> None:
    """Say what changed from BEFORE to AFTER: two models on the same DATA, or two training histories.

    Without DATA, two models are compared by their layers, their weights and what the file alone tells.
    """
    require_folder()
    from mlpdoctor.diagnosis.compare import compare as compared
    from mlpdoctor.report.comparison import TerminalComparison, as_json, sentence

    first, second = _questions(before, after, data, given)
    apart((), (first, second))
    with progress(show=not (no_progress or quiet)) as notify:
        found = compared(first, second, stdin=stdin(), progress=rows_read(notify))
    if form == "json":
        put(as_json(found))
    elif quiet:
        put(f"{sentence(found, 'utf-8')}\n")
    else:
        show(TerminalComparison(found), color=color)
    sys.exit(int(_worse(found, fail_on)))


def _questions(before: str, after: str, data: str | None, given: dict[str, Any]) -> "tuple[Question, Question]":
    """What is asked of each.

    Raises:
        UsageError: one is a model and the other is none, or data would be read twice from standard input.
    """
    from mlpdoctor.cli.plan import is_model
    from mlpdoctor.diagnosis.question import Question

    models = [is_model(path) for path in (before, after)]
    if models[0] != models[1]:
        one, other = (before, after) if models[0] else (after, before)
        raise UsageError(f"{one} is a model and {other} is none; give two models, or two training histories")
    if "-" in (before, after, data) and (data == "-" or before == after):
        raise UsageError("standard input can be read only once: give the data as a file")
    common = {
        "data": data,
        "target": given["target"],
        "features": given["features"],
        "drop": given["drop"] or (),
        "loss": given["loss"],
        "sample_weight": given["sample_weight"],
        "max_bytes": given["max_bytes"],
        "seed": given["seed"] or 0,
        "quick": bool(given["quick"]),
    }
    if models[0]:
        return Question(model=before, **common), Question(model=after, **common)
    return Question(history=(before,), **common), Question(history=(after,), **common)


def _worse(found: "Comparison", fail_on: str) -> bool:
    if fail_on == "never":
        return False
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return any(finding.severity in failing for finding in found.new)
