"""Reports for people, drawn with rich: one model in full, several at a glance.

Every part is a text whose lines end where this package has broken them, so that rich breaks none of them again: code
and commands stay in one piece, however narrow the screen.
"""

import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.report import phrases
from mlpdoctor.report.folding import Arranged, Shown
from mlpdoctor.report.phrases import crashed, state
from mlpdoctor.report.tally import tally, total
from mlpdoctor.report.terminal.ladder_chart import draw
from mlpdoctor.report.terminal.layout import (
    MARGIN,
    code,
    from_the_left,
    label,
    page_width,
    plain,
    plain_parts,
    prose,
    whole,
)

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
NARROW = 60
"""On a terminal narrower than this the bars give way to the numbers."""
TOLD, PATH = 45, 14
"""Columns that what a file holds gets at least, and what is left to its path where the page is too narrow for both."""
BODY = 5
"""Columns in front of what is said of a finding."""
CLOSING = len("ruled out") + 3
"""Columns that the labels at the end of a report take."""


class TerminalReport:
    """A report as something rich can print."""

    def __init__(self, report: Report, *, verbose: bool = False) -> None:
        """Hold the report; ``verbose`` shows all that is folded else, and which checks did not run and why."""
        self.report = report
        self.verbose = verbose

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts from top to bottom, a blank line between them."""
        report = plain_parts(self.report, options.encoding)
        for part in self._parts(report, console.width, options.encoding):
            lines = list(part)
            if lines:
                yield ""
                yield from lines
        yield ""

    def _parts(self, report: Report, screen: int, encoding: str) -> Iterator[Iterator[RenderableType]]:
        """What answers the question first: the verdict, what to do, the ladder; then the evidence."""
        yield files(phrases.sources(report), screen, encoding)
        yield iter([prose(report.verdict, screen, style="bold")])
        yield _do(report, screen)
        yield _ladder(report, screen, encoding)
        if report.history is not None:
            from mlpdoctor.report.terminal import curve_chart

            yield curve_chart.section(report.history, report.ladder, screen, encoding)
        if report.model is not None and report.model.not_followed is not None:
            yield iter([prose(f"{report.model.not_followed}. What needs the layers' values was left out.", screen)])
        findings = phrases.arrange(report, whole=self.verbose)
        for one in findings.shown:
            yield self._finding(one, report, screen, encoding)
        yield _noted(findings, screen, encoding)
        yield self._closing(report, screen)

    def _finding(self, one: Shown, report: Report, screen: int, encoding: str) -> Iterator[RenderableType]:
        """One finding: what, how sure, where, why, what to do, and what follows from it.

        The first is explained. Of the others it is enough to know what they are and what to do, and of what the
        verdict says already, that it is a finding.
        """
        finding, evidence = one.finding, one.finding.evidence
        first, sentence = finding is phrases.leading(report), phrases.seen(finding)
        yield from _head(one, screen)
        said = sentence == report.verdict or (evidence.verdict == report.verdict and not first)
        if self.verbose or not said:
            yield prose(sentence, screen, indent=BODY)
        if self.verbose or first:
            yield prose(evidence.why, screen, label("why", 5), indent=BODY)
        yield from self._fix(one, report, screen)
        if one.folded:
            yield _folded(partial(phrases.also_seen, one), len(one.folded), screen, encoding, BODY)

    def _fix(self, one: Shown, report: Report, screen: int) -> Iterator[RenderableType]:
        """What to do about a finding, without what stands at the top of the report already."""
        remedy = phrases.fix(one)
        on_top = phrases.do(report) if one.finding is phrases.leading(report) and not self.verbose else None
        if remedy is None:
            return
        if on_top is None or on_top.code is not None or on_top.text != remedy.text:
            yield prose(remedy.text, screen, label("fix", 5), indent=BODY)
        if remedy.code is not None and on_top is None:
            yield code(remedy.code, indent=BODY + 5)

    def _closing(self, report: Report, screen: int) -> Iterator[RenderableType]:
        suspects = phrases.suspects(report, whole=self.verbose)
        if suspects:
            yield prose(suspects, screen, label("ruled out", CLOSING))
        for outcome in crashed(report.outcomes):
            yield prose(f"{outcome.code} {outcome.name} crashed: {outcome.reason}", screen, style="bold red")
        if self.verbose:
            for (status, reason), names in phrases.idle(report.outcomes).items():
                yield prose(f"{status.value}: {', '.join(names)} ({reason})", screen, style="dim")
            for finding in report.findings:
                if finding.suppressed is not None:
                    told = f"suppressed: {finding.code} {finding.name} {finding.layer or ''}".rstrip()
                    yield prose(f"{told} ({finding.suppressed})", screen, style="dim")
            yield prose(phrases.checks(report), screen, label("checks", CLOSING))
        for name, said in (("hidden", phrases.hidden(report)), ("new rows", phrases.judged(report))):
            if said is not None:
                yield prose(said, screen, label(name, CLOSING))
        yield from _next(report, screen)


def files(sources: Sequence[tuple[str, str, str]], screen: int, encoding: str) -> Iterator[RenderableType]:
    """The files that a report is about, one below the other, each with what it holds."""
    room = max(page_width(screen) - MARGIN - 3 - TOLD, PATH)
    paths = [from_the_left(path, room, encoding) for _, path, _ in sources]
    width = max((cell_len(path) for path in paths), default=0) + 3
    for path, (_, _, told) in zip(paths, sources, strict=True):
        yield prose(told, screen, Text(path + " " * (width - cell_len(path)), style="bold"))


def _do(report: Report, screen: int) -> Iterator[RenderableType]:
    """The line to change, or what to change in a sentence."""
    remedy = phrases.do(report)
    if remedy is not None:
        first = label("do", 6)
        yield prose(remedy.text, screen, first) if remedy.code is None else code(remedy.code, first)


def _ladder(report: Report, screen: int, encoding: str) -> Iterator[RenderableType]:
    if report.ladder is not None:
        block = plain("█", encoding)
        yield from draw(report.ladder, block if screen >= NARROW else "", screen, encoding)
        if report.unseen is not None:
            told = plain(phrases.unseen(report.unseen), encoding)
            about = "unseen rows", told
            yield from draw(report.unseen.ladder, block if screen >= NARROW else "", screen, encoding, about)
    elif report.no_ladder is not None and report.data is not None:
        yield prose(f"no loss ladder: {report.no_ladder}", screen)


def _head(one: Shown, screen: int) -> Iterator[RenderableType]:
    """Number, severity, rule, and how sure it is: on a line of its own where one line is too short for all."""
    finding, sure = one.finding, phrases.sure(one.finding)
    line = whole("  ").append(f"{one.number}  ").append(finding.severity.value, COLOURS[finding.severity])
    line.append(f"  {finding.code} {finding.name}")
    if line.cell_len + 3 + cell_len(sure) <= page_width(screen):
        yield line.append(f"   {sure}", "dim")
    else:
        yield line
        yield prose(sure, screen, indent=BODY, style="dim")


def _noted(findings: Arranged, screen: int, encoding: str) -> Iterator[RenderableType]:
    if findings.notes:
        yield _folded(partial(phrases.also_noted, findings), len(findings.notes), screen, encoding)


def _folded(said: Callable[..., str], number: int, screen: int, encoding: str, indent: int = MARGIN) -> Text:
    """The line that stands for some findings: with all their names where they fit, else with all their codes."""
    them = "it" if number == 1 else "them"
    full, brief = (plain(f"{said(brief=brief)} (-v shows {them})", encoding) for brief in (False, True))
    text = full if indent + cell_len(full) <= page_width(screen) else brief
    return prose(text, screen, indent=indent, style="dim")


def _next(report: Report, screen: int) -> Iterator[RenderableType]:
    """The commands that lead on, side by side where they fit, never broken."""
    steps = [(name, shlex.join(words)) for name, words in phrases.next_steps(report)]
    side_by_side = f"{' ' * 6}".join(f"{name}   {command}" for name, command in steps)
    if len(steps) > 1 and cell_len(side_by_side) + 2 <= page_width(screen):
        line = whole("  ")
        for place, (name, command) in enumerate(steps):
            line.append_text(label(name, CLOSING if place == 0 else len(name) + 3)).append(command)
            line.append(" " * 6 if place + 1 < len(steps) else "")
        yield line
        return
    for name, command in steps:
        yield code(command, label(name, CLOSING), style="")


class TerminalSummary:
    """The end of a run over several models as something rich can print."""

    def __init__(self, reports: Sequence[Report], unread: Sequence[Unread] = ()) -> None:
        """Hold the reports, and the models that could not be looked at."""
        self.reports = reports
        self.unread = unread

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts from top to bottom: a line or two for each model, then the sum."""
        lines = [_line(plain_parts(report, options.encoding)) for report in self.reports]
        lost = [plain_parts(model, options.encoding) for model in self.unread]
        lines += [("unread", "bold red", model.path, model.reason) for model in lost]
        width = max((len(word) for word, *_ in lines), default=0) + 2
        for word, style, path, said in lines:
            shown = from_the_left(path, page_width(console.width) - width - MARGIN, options.encoding)
            yield whole("  ").append(f"{word:{width}}", style).append(shown, "bold")
            yield prose(said, console.width, " " * width)
        yield ""
        counted = plain(total(tally(self.reports, self.unread)), options.encoding)
        yield prose(counted, console.width, style="bold")
        yield ""


def _line(report: Report) -> tuple[str, str, str, str]:
    """How a model is in a word, with its colour, its path and its verdict."""
    severity = state(report)
    word, style = ("ok", "green") if severity is None else (severity.value, COLOURS[severity])
    return word, style, report.path, report.verdict
