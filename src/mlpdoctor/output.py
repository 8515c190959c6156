"""What reaches standard output or a file, and in which clothes: together with ``cli`` the only place that prints."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlpdoctor.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mlpdoctor.finding import Report

FILE_WIDTH = 100
"""Columns of a report written to a file: wide enough for its tables, narrow enough for a side-by-side diff."""


def write(report: "Report", form: str, output: Path | None, color: str, *, quiet: bool, verbose: bool) -> None:
    """Write a report as ``terminal`` or ``json`` to standard output or a file.

    Raises:
        UsageError: when the file cannot be written.
    """
    if form == "json":
        from mlpdoctor.report.json_report import render

        _put(render([report]), output)
    elif quiet:
        _put(f"{report.verdict}\n", output)
    else:
        from mlpdoctor.report.terminal import TerminalReport

        drawn = TerminalReport(report, verbose=verbose)
        if output is None:
            show(drawn, color=color)
        else:
            _put(_text(console("never", width=FILE_WIDTH), drawn), output)


def show(*parts: "RenderableType", color: str = "auto") -> None:
    """Print to a terminal as it is; to anything else without the blanks that pad lines on a screen."""
    screen = console(color)
    if screen.is_terminal:
        screen.print(*parts, sep="\n")
    else:
        _put(_text(screen, *parts), None)


def _text(plain: "Console", *parts: "RenderableType") -> str:
    with plain.capture() as captured:
        plain.print(*parts, sep="\n")
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _put(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise UsageError(f"--output {output}: cannot be written: {fault.strerror}") from fault


def console(color: str, width: int | None = None) -> "Console":
    """A console on standard output; ``auto`` honours NO_COLOR, FORCE_COLOR and whether it is a terminal."""
    from rich.console import Console

    forced = {"auto": None, "always": True, "never": False}[color]
    plain = color == "never" or (color == "auto" and bool(os.environ.get("NO_COLOR")))
    return Console(
        force_terminal=forced,
        no_color=plain or None,
        color_system=None if plain else "auto",
        highlight=False,
        width=width,
        soft_wrap=False,
        emoji=False,
        markup=False,
    )


@contextlib.contextmanager
def progress(*, show: bool) -> Iterator[Callable[[int], None] | None]:
    """Rows read so far, on standard error, while a person is looking."""
    if not (show and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading the model") as status:
        yield lambda rows: status.update(f"{rows:,} rows read")
