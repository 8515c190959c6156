"""A report for people, drawn with rich: verdict, ladder, findings, what is ruled out."""

import math
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.finding import DataSummary, Finding, ModelSummary, Outcome, Report, Severity, Status
from mlpdoctor.ladder import Ladder, Rung
from mlpdoctor.wording import SHOWN_DIGITS, count, listing, percent, short

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
BAR = 16
"""Width of the longest bar: what 80 columns leave beside the longest label, a number and the longest remark."""
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
        yield _inset(_files(report.model, report.data))
        yield ""
        yield _inset(Text(report.verdict, style="bold"))
        if report.ladder is not None:
            yield ""
            yield from _ladder(report.ladder, block if console.width >= NARROW else "")
        elif report.no_ladder is not None and report.data is not None:
            yield ""
            yield _inset(Text(f"no loss ladder: {report.no_ladder}"))
        if report.model.not_followed is not None:
            yield ""
            yield _inset(Text(f"{report.model.not_followed}. What needs the layers' values was left out."))
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
            yield _inset(_labelled("ruled out", Text(", ".join(_grouped(suspects)))))
        crashed = [outcome for outcome in report.outcomes if outcome.status is Status.CRASHED]
        for outcome in crashed:
            yield _inset(Text(f"{outcome.code} {outcome.name} crashed: {outcome.reason}", style="bold red"))
        if self.verbose:
            for (status, reason), names in _idle(report.outcomes).items():
                yield _inset(Text(f"{status.value}: {', '.join(names)} ({reason})", style="dim"))
        yield _inset(_labelled("checks   ", Text(_tally(report, verbose=self.verbose))))
        if report.findings:
            yield _inset(_labelled("more     ", Text(f"mlpdoctor explain {report.findings[0].code}")))
        yield ""


def _inset(part: RenderableType) -> Padding:
    return Padding(part, (0, 1, 0, 2), expand=False)


def _labelled(label: str, text: Text) -> Table:
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    grid.add_row(label, text)
    return grid


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
    targets = f"{count(len(data.targets), 'target')} ({named})"
    others = [guess for guess in data.guesses if not guess.startswith("target: ")]
    return "; ".join([f"{rows}, {features} -> {targets}", *others])


def _ladder(ladder: Ladder, block: str) -> Iterator[RenderableType]:
    yield _inset(Text.assemble("loss ladder", ("   " + ladder.loss, "dim")))
    finite = [rung.value for rung in ladder.rungs if math.isfinite(rung.value)]
    tops = [ladder.value("constant") or 0.0, ladder.value("affine") or 0.0]
    longest = max([*tops, 1e-300])
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    model = ladder.rung("model")
    mark = _mark(ladder)
    for rung in ladder.rungs:
        if rung.name == "model" and mark is not None:
            continue
        text = Text("proved: no weights go below") if rung.name == "architecture" else Text()
        if rung.name == "model":
            text.append("<- your model", style="bold")
        elif rung is mark and model is not None:
            same = (ladder.digits or 0) >= SHOWN_DIGITS
            close = f", to {ladder.digits} digits" if same else f" {short(model.value)}"
            text = Text(f"<- your model{close}", style="bold")
        grid.add_row(
            Text(rung.label, style="bold" if rung.name == "model" or rung is mark else ""),
            Text(_shown(rung)),
            Text(_bar(rung.value, longest, block) if finite else "", style="red" if rung.name == "model" else "blue"),
            text,
        )
    yield Padding(grid, (0, 1, 0, 4), expand=False)
    for note in (*_witnesses(ladder), *ladder.notes):
        yield Padding(Text(note, style="dim"), (0, 1, 0, 4), expand=False)


def _mark(ladder: Ladder) -> Rung | None:
    """The topmost rung that the model's loss equals: a reader knows the best line sooner than the architecture."""
    on = ladder.rung(ladder.standing) if ladder.standing else None
    if on is None:
        return None
    return next(rung for rung in ladder.rungs if rung.name != "model" and rung.value <= on.value * (1 + 1e-9))


def _witnesses(ladder: Ladder) -> Iterator[str]:
    line, data = ladder.rung("affine"), ladder.rung("data")
    if line is not None and "=" in line.witness:
        yield f"{line.label}: {line.witness}"
    if data is not None and data.value > 0:
        yield f"{data.label}: {data.witness}"


def _shown(rung: Rung) -> str:
    if rung.value - rung.lower > 1e-4 * rung.value:  # beyond the digits shown
        return f"{short(rung.lower)} to {short(rung.value)}"
    return short(rung.value)


def _bar(value: float, longest: float, block: str) -> str:
    if not block or not math.isfinite(value) or value <= 0:
        return ""
    return block * max(1, round(BAR * min(value / longest, 1.0))) + (">" if value > longest else "")


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
    yield _inset(head)
    place = f"{finding.layer}: " if finding.layer else ""
    body = Table.grid(padding=(0, 2, 0, 0))
    body.add_column(no_wrap=True, style="dim")
    body.add_column(overflow="fold")
    body.add_row("", Text(f"{place}{finding.message}."))
    body.add_row("why", Text(evidence.why))
    if evidence.remedy is not None:
        body.add_row("fix", Text(evidence.remedy.text))
        if evidence.remedy.code is not None:
            body.add_row("", Text(evidence.remedy.code, style="green"))
    if finding.because_of is not None:
        cause = next(n for n, other in enumerate(findings, start=1) if other.code == finding.because_of)
        body.add_row("", Text(f"a consequence of {cause}", style="dim"))
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
