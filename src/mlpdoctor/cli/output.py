"""What reaches standard output or a file, and in which clothes: together with ``cli`` the only place that prints."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mlpdoctor.cli.streams import to_stderr, to_stdout
from mlpdoctor.core.errors import UsageError, legible
from mlpdoctor.core.fast_dataclass import dataclass

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mlpdoctor.core.report_model import Report, Unread

FILE_WIDTH = 100
"""Columns of a report written to a file: wide enough for its tables, narrow enough for a side-by-side diff."""
HTML = "html"
"""The name of the format that is a page."""
TEXT = ".txt"
"""Suffix of files that hold what the terminal would show."""
SUMMARY = "GITHUB_STEP_SUMMARY"
"""Where GitHub Actions takes a step's summary from."""

ProgressCallback: TypeAlias = Callable[[str, float | None], None]
"""Shows what is being done in place of the last line, and a bar for the share done, from 0 to 1, where it is known."""


@dataclass(frozen=True)
class OutputOptions:
    """How to report on standard output.

    Attributes:
        form: a name of ``--format``.
        color: ``auto``, ``always`` or ``never``.
        quiet: whether to print the verdict alone.
        verbose: whether to list what did not run.
        embed: whether pages carry the JSON of the run.
        opened: whether to show the page in the browser.
    """

    form: str
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    embed: bool = False
    opened: bool = False


def written(
    form: str, reports: "Sequence[Report]", unread: "Sequence[Unread]" = (), options: OutputOptions | None = None
) -> str:
    """The reports as a file of that format holds them; ``terminal`` is what a wide screen shows, without colours."""
    if form != "terminal":
        return rendered(form, reports, unread, embed=options is not None and options.embed)
    return as_text(*parts(reports, unread, options or OutputOptions(form)))


def as_text(*parts: "RenderableType") -> str:
    """What a wide screen without colours shows of some parts."""
    return _text(console("never", width=FILE_WIDTH), *parts)


def rendered(form: str, reports: "Sequence[Report]", unread: "Sequence[Unread]", *, embed: bool = False) -> str:
    """The reports in a format for programs; ``embed`` puts their JSON into a page."""
    from mlpdoctor.report.formats import FORMATS

    if form == HTML and embed:
        from mlpdoctor.report.html.page import render

        return render(reports, unread, embed=True)
    return FORMATS[form].render(reports, unread)


def parts(
    reports: "Sequence[Report]", unread: "Sequence[Unread]", options: OutputOptions
) -> "Iterator[RenderableType]":
    """What the terminal shows of a run, part by part."""
    from mlpdoctor.report.terminal.report import TerminalReport

    yield from (TerminalReport(report, verbose=options.verbose) for report in reports)
    if len(reports) + len(unread) > 1:
        from mlpdoctor.report.terminal.report import TerminalSummary

        yield TerminalSummary(reports, unread)


def form_of(file: str, form: str, option: str = "--output") -> str:
    """The format that a file's name asks for; without a suffix, that of standard output.

    Raises:
        UsageError: nothing is written with that suffix.
    """
    from mlpdoctor.report.formats import FORMATS, of_suffix

    found = of_suffix(file)
    if found is not None:
        return found.name
    suffix = Path(file).suffix.lower()
    if suffix not in ("", TEXT):
        known = " ".join([*(end for one in FORMATS.values() for end in one.suffixes), TEXT])
        raise UsageError(f"{option} {file}: the suffix tells the format, and {suffix} is none of {known}")
    return "terminal" if suffix == TEXT else form


def show(*parts: "RenderableType", color: str = "auto") -> None:
    """Print to a terminal as it is; to anything else without the blanks that pad lines on a screen."""
    screen = console(color)
    if screen.is_terminal:
        screen.print(*parts, sep="\n", crop=False)  # commands and code stay whole, to be copied
    else:
        out(_text(screen, *parts))


def out(text: str) -> None:
    """Text for people, in the encoding they asked for; what it cannot say is written with a backslash, not refused."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _text(plain: "Console", *parts: "RenderableType") -> str:
    with plain.capture() as captured:
        plain.print(*parts, sep="\n", crop=False)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def put(text: str) -> None:
    """Write to standard output, in UTF-8, as programs expect."""
    sys.stdout.flush()
    with to_stdout():
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()


def say(text: str) -> None:
    """A line on standard error."""
    to_stderr(f"mlpdoctor: {legible(text)}\n")


def traceback(fault: BaseException) -> None:
    """Where an exception came from, on standard error, for whoever fixes mlpdoctor."""
    from traceback import format_exception

    lines = "".join(format_exception(fault)).rstrip("\n").split("\n")
    to_stderr("".join(f"{legible(line)}\n" for line in lines))


def console(color: str, width: int | None = None) -> "Console":
    """A console on standard output; ``auto`` honours NO_COLOR, FORCE_COLOR and whether it is a terminal."""
    from rich.console import Console

    forced = {"auto": None, "always": True, "never": False}[color]
    plain = color == "never" or (color == "auto" and bool(os.environ.get("NO_COLOR")))
    return Console(
        force_terminal=forced,
        force_jupyter=False,  # where a notebook is, the text is still a text
        no_color=plain or None,
        color_system=None if plain else "auto",
        highlight=False,
        width=width,
        soft_wrap=False,
        emoji=False,
        markup=False,
    )


@contextlib.contextmanager
def progress(*, show: bool) -> Iterator[ProgressCallback | None]:
    """What is being done, on standard error, while a person is looking."""
    if not (show and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the model", total=None)

        def told(text: str, share: float | None) -> None:
            bar.update(task, description=legible(text), total=None if share is None else 1.0, completed=share or 0.0)

        yield told
