"""``mlpdoctor check``: the one command that reads models and data."""

import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mlpdoctor.cli.commands.options import EXAMPLES, report_options, settings_options
from mlpdoctor.cli.commands.shared import Code, apart, destinations, loaded, question_of, understood
from mlpdoctor.cli.output import OutputOptions, progress, say
from mlpdoctor.cli.results import pages_wanted, write
from mlpdoctor.core.errors import UsageError

if TYPE_CHECKING:
    from mlpdoctor.core.network import ArrayOptions

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
    from mlpdoctor.cli.commands.models import Run
    from mlpdoctor.cli.config.settings import Settings
    from mlpdoctor.cli.config.unnamed import keep_inside, starts_keras
    from mlpdoctor.cli.plan import plan
    from mlpdoctor.cli.selection import idle
    from mlpdoctor.core.memory import give_back
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
    give_back()
    tried = None
    if confirm or budget is not None:
        from mlpdoctor.cli.commands.models import confirmation

        tried = confirmation(budget, asked=confirm)
    with _workers(cluster) as client, progress(show=not (no_progress or quiet)) as notify:
        asked = [(job, dataclasses.replace(question, cluster=client)) for job, question in asked]
        run = Run.over(asked, configuration, checks, baseline, notify, tried, quiet=quiet, pictures=pictures)
    baseline.close(run.reports)
    for one in idle(configuration.suppressions, run.reports, {one.rule.code: one.rule for one in checks}):
        say(f"{one.origin}: the suppression of {one.rule} hid nothing; remove it")
    write(run.reports, run.unread, options, whole.value("output"))
    sys.exit(run.status(whole.value("max-warnings")))


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
