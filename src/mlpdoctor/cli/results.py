"""Where what came of a run goes: the screen, files, GitHub's summary of a step, the browser."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlpdoctor.cli.output import (
    HTML,
    SUMMARY,
    OutputOptions,
    as_text,
    form_of,
    out,
    parts,
    put,
    rendered,
    say,
    show,
    written,
)
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.whole_file import write_text

if TYPE_CHECKING:
    from mlpdoctor.core.report_model import Report, Unread


SUMMARY_BYTES = 1 << 20
"""GitHub refuses a summary of more."""


def write(
    reports: "Sequence[Report]", unread: "Sequence[Unread]", options: OutputOptions, files: Sequence[str]
) -> None:
    """Write what came of a run to standard output and to files; nothing when its only model could not be read.

    Raises:
        UsageError: when a file cannot be written.
    """
    if not reports and len(unread) == 1:
        return
    keep(lambda form: written(form, reports, unread, options), files, options)
    if options.form == "terminal":
        _on_screen(reports, unread, options)
    else:
        put(rendered(options.form, reports, unread, embed=options.embed))
    if options.form == "github" and os.environ.get(SUMMARY):
        _append(rendered("markdown", reports, unread), Path(os.environ[SUMMARY]))


def _on_screen(reports: "Sequence[Report]", unread: "Sequence[Unread]", options: OutputOptions) -> None:
    if options.quiet:
        from mlpdoctor.report.terminal.layout import plain

        alone = len(reports) + len(unread) == 1
        lines = (f"{'' if alone else f'{report.path}: '}{report.verdict}" for report in reports)
        out("".join(f"{plain(line, sys.stdout.encoding)}\n" for line in lines))
        return
    show(*parts(reports, unread, options), color=options.color)


def _append(text: str, file: Path) -> None:
    """Add to the step's summary, as much as it holds."""
    try:
        room = SUMMARY_BYTES - (file.stat().st_size if file.exists() else 0)
        with file.open("ab") as summary:
            summary.write(_within(text, room))
    except OSError as fault:
        raise UsageError(f"{SUMMARY}={file}: cannot be written: {fault.strerror}") from fault


def _within(text: str, room: int) -> bytes:
    content = text.encode()
    if len(content) <= room:
        return content
    return b"".join(content[: max(room, 0)].splitlines(keepends=True)[:-1])


def keep(written_as: Callable[[str], str], files: Sequence[str], options: OutputOptions) -> None:
    """Write what came of a run to its files, and show its page in the browser where that was asked for.

    Args:
        written_as: the result as text in a format.
        files: of ``--output``.
        options: of the run; without a page among the files, one that is to be opened gets a file of its own.

    Raises:
        UsageError: when a file cannot be written.
    """
    page: Path | None = None
    for file in files:
        form = form_of(file, options.form)
        write_text(written_as(form), Path(file), f"--output {file}")
        page = Path(file) if form == HTML and page is None else page
    if not options.opened:
        return
    if page is None:
        import tempfile

        page = Path(tempfile.mkdtemp(prefix="mlpdoctor-"), "report.html")
        write_text(written_as(HTML), page, "--open")
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        say(f"--open: no browser was found; the page is {page}")


def pages_wanted(files: Sequence[str], options: OutputOptions) -> bool:
    """Whether a run is to make a page, so that it gathers what figures show.

    Raises:
        UsageError: it is, and the libraries for it are not installed; or its JSON is to be embedded in no page.
    """
    wanted = options.opened or HTML in (options.form, *(form_of(file, options.form) for file in files))
    if wanted:
        from mlpdoctor.report.html.extra import require

        require()
    elif options.embed:
        raise UsageError("--embed-json puts the JSON into a page: give --format html, -o report.html or --open")
    return wanted


if TYPE_CHECKING:
    from mlpdoctor.core.trial_result import TrialResult

FORMS = ("terminal", "json", "markdown", "html")
"""Formats that trials are written in."""
ENDINGS = ".html, .json, .md or .txt"
"""The suffixes that name them."""


def written_trials(form: str, result: "TrialResult", *, embed: bool = False) -> str:
    """The trials in one of ``FORMS``; ``embed`` puts their JSON into the page.

    Raises:
        UsageError: a library that draws the page is not installed.
    """
    if form == "json":
        from mlpdoctor.report.json import report as trials_json

        return trials_json.render_trials(result)
    if form == "markdown":
        from mlpdoctor.report import markdown as trials_markdown

        return trials_markdown.render_trials(result)
    if form == "html":
        from mlpdoctor.report.html.page import render_trials

        return render_trials(result, embed=embed)
    from mlpdoctor.report.terminal.trials import TerminalTrials

    return as_text(TerminalTrials(result))
