"""A report for people, drawn with rich: verdict, ladder, findings, what is ruled out."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.finding import DataSummary, Finding, ModelSummary, Outcome, Report, Severity, Status
from mlpdoctor.report.ladder_chart import draw
from mlpdoctor.report.layout import inset, labelled
from mlpdoctor.wording import count, listing, percent

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
        report = self.report
        block = "█" if not options.ascii_only else "#"
        yield ""
        yield inset(_files(report.model, report.data))
        yield ""
        yield inset(Text(report.verdict, style="bold"))
        if report.ladder is not None:
            yield ""
            yield from draw(report.ladder, block if console.width >= NARROW else "")
        elif report.no_ladder is not None and report.data is not None:
            yield ""
            yield inset(Text(f"no loss ladder: {report.no_ladder}"))
        if report.model.not_followed is not None:
            yield ""
            yield inset(Text(f"{report.model.not_followed}. What needs the layers' values was left out."))
        for number, finding in enumerate(report.findings, start=1):
            yield ""
            yield from _finding(number, finding, report.findings)
        yield ""
        yield from self._closing()

    def _closing(self) -> Iterator[RenderableType]:
        report = self.report
        if report.ruled_out:
            by_number = {f.code: n for n, f in reversed(list(enumerate(report.findings, start=1)))}
            suspects = [
                f"{suspect.what} (by {by_number[suspect.by]})" if suspect.by in by_number else suspect.what
                for suspect in report.ruled_out
            ]
            yield inset(labelled("ruled out", Text(", ".join(_grouped(suspects)))))
        crashed = [outcome for outcome in report.outcomes if outcome.status is Status.CRASHED]
        for outcome in crashed:
            yield inset(Text(f"{outcome.code} {outcome.name} crashed: {outcome.reason}", style="bold red"))
        if self.verbose:
            for (status, reason), names in _idle(report.outcomes).items():
                yield inset(Text(f"{status.value}: {', '.join(names)} ({reason})", style="dim"))
        yield inset(labelled("checks   ", Text(_tally(report, verbose=self.verbose))))
        if report.findings:
            yield inset(labelled("more     ", Text(f"mlpdoctor explain {report.findings[0].code}")))
        yield ""


def _files(model: ModelSummary, data: DataSummary | None) -> Table:
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(overflow="fold", style="bold")
    grid.add_column(overflow="fold")
    grid.add_row(model.path, _model(model))
    if data is not None:
        grid.add_row("standard input" if data.path == "-" else data.path, _data(data))
    return grid


def _model(model: ModelSummary) -> str:
    parts = [f"{count(model.dense_layers, 'Dense layer')}, {count(model.parameters, 'parameter')}"]
    if model.optimizer:
        rate = "" if model.learning_rate is None else f" at {model.learning_rate:.3g}"
        after = "" if model.iterations is None else f" after {count(model.iterations, 'update')}"
        parts.append(f"{model.optimizer}{rate}{after}")
    parts.append(model.loss or "saved without a loss")
    return ", ".join(parts)


def _data(data: DataSummary) -> str:
    rows = count(data.rows, "row")
    if data.rows_used != data.rows:
        rows += f" ({data.rows_used:,} complete)"
    features = f"{count(len(data.features), 'feature')} ({listing(data.features)})"
    how = next((guess.removeprefix("target: ") for guess in data.guesses if guess.startswith("target: ")), None)
    named = listing(data.targets) + (f", {how}" if how else "")
    kinds = f": {'; '.join(data.target_kinds)}" if data.target_kinds else ""
    targets = f"{count(len(data.targets), 'target')} ({named}){kinds}"
    others = [guess for guess in data.guesses if not guess.startswith("target: ")]
    if data.weight is not None:
        others.insert(0, f"rows weighted by {data.weight}")
    return "; ".join([f"{rows}, {features} -> {targets}", *others])


def _finding(number: int, finding: Finding, findings: tuple[Finding, ...]) -> Iterator[RenderableType]:
    evidence = finding.evidence
    sure = evidence.certainty.value
    if evidence.explains is not None and evidence.explains > 0:
        sure += f", keeps {percent(evidence.explains)} of the loss"
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_column(no_wrap=True)
    head.add_column(no_wrap=True, style=COLOURS[finding.severity])
    head.add_column(no_wrap=True, overflow="ellipsis")
    head.add_column(style="dim")
    head.add_row(str(number), finding.severity.value, f"{finding.code} {finding.name}", sure)
    yield inset(head)
    place = f"{finding.layer}: " if finding.layer else ""
    body = Table.grid(padding=(0, 2, 0, 0))
    body.add_column(no_wrap=True, style="dim")
    body.add_column(overflow="fold")
    body.add_row("", Text(f"{place}{finding.message}."))
    body.add_row("why", Text(evidence.why))
    if finding.because_of is not None:
        cause = next(n for n, other in enumerate(findings, start=1) if other.code == finding.because_of)
        body.add_row("fix", Text(f"a consequence of {cause}: mend that first"))
    elif evidence.remedy is not None:
        body.add_row("fix", Text(evidence.remedy.text))
        if evidence.remedy.code is not None:
            body.add_row("", Text(evidence.remedy.code, style="green"))
    yield Padding(body, (0, 1, 0, 5), expand=False)


def _idle(outcomes: tuple[Outcome, ...]) -> dict[tuple[Status, str], list[str]]:
    """The checks that did not run, by how and why."""
    idle: dict[tuple[Status, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.reason is not None and outcome.status is not Status.CRASHED:
            idle.setdefault((outcome.status, outcome.reason), []).append(f"{outcome.code} {outcome.name}")
    return idle


def _grouped(suspects: list[str]) -> list[str]:
    """``a (by 1), b (by 1)`` as ``a, b (by 1)``."""
    kept = []
    for this, following in zip(suspects, [*suspects[1:], ""], strict=True):
        text, mark, by = this.rpartition(" (by ")
        kept.append(text if mark and following.endswith(f"{mark}{by}") else this)
    return kept


def _tally(report: Report, *, verbose: bool) -> str:
    number = {status: sum(o.status is status for o in report.outcomes) for status in Status}
    quiet = number[Status.NOT_APPLICABLE] + number[Status.SKIPPED]
    text = f"{number[Status.PASSED]} passed, {number[Status.FOUND]} found something, {quiet} did not apply"
    if quiet and not verbose:
        text += " (-v lists them)"
    return text
