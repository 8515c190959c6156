"""What ``curve`` found, for people: the verdict, the curve with the ladder, the findings."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from mlpdoctor.core.report_model import Report
from mlpdoctor.report import curve_phrases, phrases
from mlpdoctor.report.phrases import crashed
from mlpdoctor.report.symbols import plain, spelt
from mlpdoctor.report.terminal import curve_chart
from mlpdoctor.report.terminal.ladder_chart import draw
from mlpdoctor.report.terminal.layout import inset, labelled
from mlpdoctor.report.terminal.report import NARROW, finding_lines


class TerminalCurve:
    """A report without a model, as something rich can print."""

    def __init__(self, report: Report) -> None:
        """Hold it."""
        self.report = report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts from top to bottom."""
        report = spelt(self.report, options.encoding)
        yield ""
        yield inset(_files(report))
        yield ""
        yield inset(Text(report.verdict, style="bold"))
        yield ""
        if report.ladder is not None:
            block = plain("█", options.encoding) if console.width >= NARROW else ""
            yield from draw(report.ladder, block, options.encoding)
            yield ""
        elif report.data is not None:
            yield inset(Text(f"no loss ladder: {report.no_ladder}"))
            yield ""
        if report.history is not None:
            yield from curve_chart.section(report.history, report.ladder, console.width, options.encoding)
        for number, finding in enumerate(report.findings, start=1):
            yield ""
            yield from finding_lines(number, finding, report.findings, options.encoding)
        yield ""
        yield from _closing(report)


def _files(report: Report) -> Table:
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(overflow="fold", style="bold")
    grid.add_column(overflow="fold")
    if report.history is not None:
        grid.add_row(Text(curve_phrases.path(report.history)), Text(curve_phrases.history(report.history)))
    if report.data is not None:
        grid.add_row(Text(phrases.data_path(report.data)), Text(phrases.data(report.data)))
    return grid


def _closing(report: Report) -> Iterator[RenderableType]:
    if report.ruled_out:
        yield inset(labelled("ruled out", Text(phrases.suspects(report))))
    for outcome in crashed(report.outcomes):
        yield inset(Text(f"{outcome.code} {outcome.name} crashed: {outcome.reason}", style="bold red"))
    yield inset(labelled("checks   ", Text(phrases.checks(report))))
    if report.findings:
        yield inset(labelled("more     ", Text(f"mlpdoctor explain {report.findings[0].code}")))
    yield ""
