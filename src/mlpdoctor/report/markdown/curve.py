"""Training curves in Markdown: a section of a report, and the report of ``curve``."""

from collections.abc import Iterator

from mlpdoctor.core.history_summary import HistorySummary
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.report_model import Report
from mlpdoctor.report import curve_phrases, phrases
from mlpdoctor.report.markdown.text import block, escape, table
from mlpdoctor.report.symbols import spelt
from mlpdoctor.report.terminal.curve_chart import plain_text


def render(report: Report) -> str:
    """The report of ``curve``, as Markdown text that ends in a newline."""
    return "\n\n".join(_parts(spelt(report))) + "\n"


def _parts(report: Report) -> Iterator[str]:
    from mlpdoctor.report.markdown.report import closing_parts, finding_parts, ladder_parts  # which imports this module

    if report.history is None:
        return
    yield f"## {escape(curve_phrases.path(report.history))}"
    yield f"**{escape(report.verdict)}**"
    files = [("history", escape(curve_phrases.history(report.history)))]
    if report.data is not None:
        files.append((escape(phrases.data_path(report.data)), escape(phrases.data(report.data))))
    yield table(("", ""), files)
    yield from section(report.history, report.ladder)
    if report.ladder is not None:
        yield from ladder_parts(report.ladder)
    elif report.data is not None:
        yield f"No loss ladder: {escape(report.no_ladder or '')}"
    for number, finding in enumerate(report.findings, start=1):
        yield from finding_parts(number, finding, report.findings)
    yield from closing_parts(report)


def section(history: HistorySummary, ladder: Ladder | None) -> Iterator[str]:
    """The drawing in a block of text, the plateau, and what could not be read."""
    told = plain_text(history, ladder)
    if told is not None:
        yield "### Training curve"
        yield block(told, "text")
    yield f"**Plateau:** {escape(curve_phrases.plateau(history))}"
    bad = curve_phrases.bad(history)
    if bad is not None:
        yield f"**Not read:** {escape(bad)}"
