"""The options that settings may be given by, shared by ``check`` and ``config``, and what they come to."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlpdoctor.cli.commands import completion
from mlpdoctor.cli.config.keys import CERTAINTIES, ENGINES, FORMS, LEVELS

if TYPE_CHECKING:
    pass

F = TypeVar("F", bound=Callable[..., Any])


def _names(_: click.Context, __: click.Parameter, value: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if value is None or value == ():
        return None
    words = [value] if isinstance(value, str) else value
    return tuple(name.strip() for word in words for name in word.split(",") if name.strip())


def _paths(_: click.Context, __: click.Parameter, value: Iterable[str]) -> tuple[str, ...] | None:
    return tuple(value) or None


def _rules(flag: str, text: str) -> Callable[[F], F]:
    return click.option(
        flag, callback=_names, multiple=True, metavar="RULES", help=text, shell_complete=completion.selectors
    )


OPTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "data": click.option(
            "--data", metavar="DATA", help="The data for all models; instead of DATA as the last argument."
        ),
        "validation": click.option(
            "--validation",
            metavar="FILE",
            help="Rows that the model was not trained on: adds their loss, beside those of line and constant, and says "
            "whether the model overfits. DATA are the rows trained on.",
        ),
        "split": click.option(
            "--split",
            metavar="SHARE[:SEED]",
            help="Which rows of DATA the model was not trained on: 0.2 for validation_split=0.2, 0.2:42 for "
            "train_test_split(test_size=0.2, random_state=42), 0.2:42:stratify with stratify=y.",
        ),
        "target": click.option(
            "--target", callback=_names, metavar="NAMES", help="Target columns, by name or position, comma separated."
        ),
        "features": click.option(
            "--features",
            callback=_names,
            metavar="NAMES",
            help="Feature columns in the model's order, comma separated.",
        ),
        "drop": click.option("--drop", callback=_names, metavar="NAMES", help="Columns to leave out, comma separated."),
        "loss": click.option(
            "--loss",
            metavar="NAME",
            help="The loss you trained with, where the file has none or a custom one: mse, mae, huber:delta=0.1.",
        ),
        "sample_weight": click.option(
            "--sample-weight", metavar="NAME", help="The column with the weight of each row in the loss."
        ),
        "history": click.option(
            "--history",
            multiple=True,
            callback=_paths,
            metavar="FILE",
            help="What training logged: a CSVLogger file, a pasted console log, JSON, a folder of TensorBoard, Keras "
            "Tuner or MLflow. May be repeated; the last run is this model's.",
        ),
        "plateau": click.option(
            "--plateau", metavar="NUMBER", help="The loss at which training is stuck, as your log prints it: 0.0057."
        ),
        "select": _rules("--select", "Only these rules: codes, beginnings of codes or names, comma separated, or ALL."),
        "ignore": _rules("--ignore", "Not these rules."),
        "extend_select": _rules("--extend-select", "These rules too."),
        "thresholds": click.option(
            "--set",
            "thresholds",
            multiple=True,
            metavar="RULE.NAME=VALUE",
            help="A rule's threshold, such as U401.tolerated=0.2; 'mlpdoctor explain' lists them.",
            shell_complete=completion.threshold,
        ),
        "certainty": click.option(
            "--certainty",
            type=click.Choice(CERTAINTIES),
            help="Only findings at least this certain.  [default: estimated, that is all]",
        ),
        "fail_on": click.option(
            "--fail-on",
            type=click.Choice(LEVELS),
            help="Exit with 1 when a finding is this severe or worse.  [default: error]",
        ),
        "max_warnings": click.option(
            "--max-warnings", type=click.IntRange(0), metavar="N", help="Exit with 1 at more than N warnings."
        ),
        "baseline": click.option(
            "--baseline", metavar="FILE", help="Report only what is not in this list of known findings."
        ),
        "seed": click.option(
            "--seed", type=click.IntRange(0), metavar="N", help="Use other random numbers.  [default: 0]"
        ),
        "quick": click.option(
            "--quick",
            is_flag=True,
            default=None,
            help="Skip what can take long: refitting the last layer, trial updates, noise, what is learnable.",
        ),
        "engine": click.option(
            "--engine",
            type=click.Choice(ENGINES),
            help="What runs the model: NumPy, or Keras for layers that are not supported in NumPy.  [default: auto]",
        ),
        "custom_objects": click.option(
            "--custom-objects",
            metavar="FILE",
            help="Python file that defines custom layers (beside that of --preprocess the only code mlpdoctor "
            "executes).",
        ),
        "preprocess": click.option(
            "--preprocess",
            metavar="FILE:NAME",
            help="Python file, which mlpdoctor executes, and the function or fitted transformer in it that features go "
            "through first.",
        ),
        "max_bytes": click.option(
            "--max-bytes", type=click.IntRange(1), metavar="N", help="Read files of up to N bytes, unpacked."
        ),
        "config_file": click.option(
            "--config",
            "config_file",
            metavar="FILE",
            help="Configuration file.  [default: the nearest pyproject.toml with [tool.mlpdoctor]]",
        ),
        "isolated": click.option("--no-config", "isolated", is_flag=True, help="Read no configuration."),
    }
)
"""The options that settings may be given by, by the names of their values, in the order that --help lists them."""


EXAMPLES = """\b
Examples:
  mlpdoctor check model.keras data.csv
  mlpdoctor check model.h5 data.parquet --target price
  mlpdoctor check model.keras                  the architecture only
  mlpdoctor check models/*.keras --data data.csv
  mlpdoctor check model.keras - < data.csv     data from standard input
  mlpdoctor check model.keras data.csv --format json | jq .verdict
"""
"""Shown below the help of the command line and of ``check``."""

PAGE: tuple[Callable[..., Any], ...] = (
    click.option("--open", "opened", is_flag=True, help="Show the report as a page in the browser."),
    click.option("--embed-json", "embed", is_flag=True, help="Put the JSON of the report into the page."),
)
"""What to do with a page, for all commands that can write one."""

SCREEN: tuple[Callable[..., Any], ...] = (
    click.option(
        "--format",
        "form",
        type=click.Choice(["terminal", "json", "markdown", "html"]),
        default="terminal",
        show_default=True,
        help="Format of the report.",
    ),
    *PAGE,
    click.option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colour."
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print only the first sentence."),
    click.option("--no-progress", is_flag=True, help="No progress on standard error."),
)


OUTPUT: Callable[..., Any] = click.option(
    "-o",
    "--output",
    multiple=True,
    callback=_paths,
    metavar="FILE",
    help="Also write a report to FILE; its suffix sets the format: .html .json .sarif .xml (JUnit) .md .txt. "
    "May be repeated.",
)

REPORTS: tuple[Callable[..., Any], ...] = (
    click.option(
        "--format",
        type=click.Choice(FORMS),
        help="Format of the report; brief is one line of JSON.  [default: terminal]",
    ),
    OUTPUT,
    *PAGE,
)
"""Where ``check`` puts its reports and in which format."""


def settings_options(function: F) -> F:
    """Give a command all options that settings may be given by."""
    return _with(OPTIONS.values(), function)


def shared_options(*names: str) -> Callable[[F], F]:
    """Give a command some of them, by the names of their values; they mean there what they mean for ``check``."""
    return lambda function: _with([option for name, option in OPTIONS.items() if name in names], function)


def report_options(function: F) -> F:
    """Give a command the options that say where reports go."""
    return _with(REPORTS, function)


def output_option(function: F) -> F:
    """Give a command the option that says into which files its report goes."""
    return _with((OUTPUT,), function)


def page_options(function: F) -> F:
    """Give a command the options that say what to do with a page."""
    return _with(PAGE, function)


def screen_options(function: F) -> F:
    """Give a command that reports to a screen or a pipe alone the options that say how."""
    return _with(SCREEN, function)


def _with(options: Iterable[Callable[..., Any]], function: F) -> F:
    for option in reversed(tuple(options)):
        function = option(function)
    return function
