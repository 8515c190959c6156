"""What ``treat`` found, as a file of each format holds it: for the command line and for Python."""

from typing import TYPE_CHECKING

from mlpdoctor.cli.output import as_text

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
        from mlpdoctor.report.json import trials as trials_json

        return trials_json.render(result)
    if form == "markdown":
        from mlpdoctor.report.markdown import trials as trials_markdown

        return trials_markdown.render(result)
    if form == "html":
        from mlpdoctor.report.html.page import render_trials

        return render_trials(result, embed=embed)
    from mlpdoctor.report.terminal.trials import TerminalTrials

    return as_text(TerminalTrials(result))
