"""Reports for people, drawn with rich: one model in full, several at a glance."""

import shlex
from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.report_model import Report, Status, Unread
from mlpdoctor.report import phrases
from mlpdoctor.report.phrases import crashed, live, state, tally
from mlpdoctor.report.symbols import plain, spelt
from mlpdoctor.report.terminal import curve_chart
from mlpdoctor.report.terminal.ladder_chart import draw
from mlpdoctor.report.terminal.layout import cut, inset, labelled

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
NARROW = 60
"""On a terminal narrower than this the bars give way to the numbers."""


class TerminalReport:
    """A report as something rich can print."""

    def __init__(self, report: Report, *, verbose: bool = False) -> None:
        """Hold the report; ``verbose`` lists every check that did not run, and why."""
        self.report = report
        self.verbose = verbose

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts from top to bottom."""
        report = spelt(self.report, options.encoding)
        block = plain("█", options.encoding)
        yield ""
        yield inset(files(phrases.sources(report)))
        yield ""
        yield inset(Text(report.verdict, style="bold"))
        if report.ladder is not None:
            yield ""
            yield from draw(report.ladder, block if console.width >= NARROW else "", options.encoding)
        elif report.no_ladder is not None and report.data is not None:
            yield ""
            yield inset(Text(f"no loss ladder: {report.no_ladder}"))
        if report.history is not None:
            yield ""
            yield from curve_chart.section(report.history, report.ladder, console.width, options.encoding)
        if report.model is not None and report.model.not_followed is not None:
            yield ""
            yield inset(Text(f"{report.model.not_followed}. What needs the layers' values was left out."))
        shown = live(report.findings)
        for number, finding in enumerate(shown, start=1):
            yield ""
            yield from finding_lines(number, finding, shown, options.encoding)
        yield ""
        yield from self._closing(report)

    def _closing(self, report: Report) -> Iterator[RenderableType]:
        if report.ruled_out:
            yield inset(labelled("ruled out", Text(phrases.suspects(report))))
        for outcome in crashed(report.outcomes):
            yield inset(Text(f"{outcome.code} {outcome.name} crashed: {outcome.reason}", style="bold red"))
        if self.verbose:
            for (status, reason), names in phrases.idle(report.outcomes).items():
                yield inset(Text(f"{status.value}: {', '.join(names)} ({reason})", style="dim"))
            for finding in report.findings:
                if finding.suppressed is not None:
                    told = f"suppressed: {finding.code} {finding.name} {finding.layer or ''}".rstrip()
                    yield inset(Text(f"{told} ({finding.suppressed})", style="dim"))
        quiet = any(outcome.status in {Status.NOT_APPLICABLE, Status.SKIPPED} for outcome in report.outcomes)
        lists = " (-v lists them)" if quiet and not self.verbose and report.model is not None else ""
        yield inset(labelled("checks   ", Text(phrases.checks(report) + lists)))
        hidden = phrases.hidden(report)
        if hidden is not None:
            yield inset(labelled("hidden   ", Text(hidden)))
        shown = live(report.findings)
        if shown:
            yield inset(labelled("more     ", Text(f"mlpdoctor explain {shown[0].code}")))
            trials_follow = report.model is not None and shown[0].severity is not Severity.NOTE
            if trials_follow and report.data is not None and report.data.path != "-":
                words = ["mlpdoctor", "treat", report.path, report.data.path]
                yield inset(labelled("try      ", Text(shlex.join(words))))
        yield ""


def files(sources: Sequence[tuple[str, str, str]]) -> Table:
    """The files that a report is about, one below the other."""
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(overflow="fold", style="bold")
    grid.add_column(overflow="fold")
    for _, path, told in sources:
        grid.add_row(Text(path), Text(told))
    return grid


def finding_lines(number: int, finding: Finding, shown: tuple[Finding, ...], encoding: str) -> Iterator[RenderableType]:
    """One finding: what, how sure, where, why, and what to do."""
    evidence, overflow = finding.evidence, cut(encoding)
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_column(no_wrap=True, overflow=overflow)
    head.add_column(no_wrap=True, overflow=overflow, style=COLOURS[finding.severity])
    head.add_column(no_wrap=True, overflow=overflow)
    head.add_column(overflow="fold", style="dim")
    head.add_row(str(number), finding.severity.value, f"{finding.code} {finding.name}", phrases.sure(finding))
    yield inset(head)
    body = Table.grid(padding=(0, 2, 0, 0))
    body.add_column(no_wrap=True, style="dim")
    body.add_column(overflow="fold")
    body.add_row("", Text(phrases.seen(finding)))
    body.add_row("why", Text(evidence.why))
    remedy = phrases.fix(finding, shown)
    if remedy is not None:
        body.add_row("fix", Text(remedy.text))
        if remedy.code is not None:
            body.add_row("", Text(remedy.code, style="green"))
    yield Padding(body, (0, 1, 0, 5), expand=False)


class TerminalSummary:
    """The end of a run over several models as something rich can print."""

    def __init__(self, reports: Sequence[Report], unread: Sequence[Unread] = ()) -> None:
        """Hold the reports, and the models that could not be looked at."""
        self.reports = reports
        self.unread = unread

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts from top to bottom: a line or two for each model, then the sum."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, overflow=cut(options.encoding))
        grid.add_column(overflow="fold")
        for report in (spelt(report, options.encoding) for report in self.reports):
            severity = state(report)
            style = "green" if severity is None else COLOURS[severity]
            word = "ok" if severity is None else severity.value
            _row(grid, Text(word, style=style), report.path, report.verdict)
        for model in (spelt(model, options.encoding) for model in self.unread):
            _row(grid, Text("unread", style="bold red"), model.path, model.reason)
        yield Padding(grid, (0, 1, 0, 2), expand=False)
        yield ""
        yield inset(Text(plain(phrases.total(tally(self.reports, self.unread)), options.encoding), style="bold"))
        yield ""


def _row(grid: Table, word: Text, path: str, said: str) -> None:
    """The verdict has a line of its own below the path, for paths may be long."""
    grid.add_row(word, Text(path, style="bold"))
    grid.add_row("", Text(said))
