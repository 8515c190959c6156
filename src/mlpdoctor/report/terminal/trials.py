"""What ``treat`` found, for people: the verdict, a table of trials, the change in code, what to do."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.core.trial_result import Trial, TrialResult, Verdict
from mlpdoctor.report import trial_phrases as words
from mlpdoctor.report.folding import live
from mlpdoctor.report.symbols import spelt
from mlpdoctor.report.terminal.layout import cut, inset, labelled
from mlpdoctor.report.terminal.report import files

COLOURS = {Verdict.CONFIRMED: "bold green", Verdict.REFUTED: "bold red", Verdict.UNDECIDED: "bold yellow"}
SIGNS = {"-": "red", "+": "green"}


class TerminalTrials:
    """A course of trials as something rich can print."""

    def __init__(self, result: TrialResult) -> None:
        """Hold it."""
        self.result = result

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts from top to bottom."""
        result = spelt(self.result, options.encoding)
        yield ""
        yield from files(words.sources(result), console.width, options.encoding)
        yield ""
        yield inset(Text(result.verdict, style="bold"))
        yield ""
        yield inset(labelled("loss   ", Text(f"{result.judged_by}: {words.control(result)}")))
        yield inset(labelled("trials ", Text(words.protocol(result.protocol))))
        for number, trial in enumerate(words.shown(result), start=1):
            yield ""
            yield from _trial(number, trial, result, options.encoding)
        yield ""
        yield from _closing(result)


def _trial(number: int, trial: Trial, result: TrialResult, encoding: str) -> Iterator[Padding]:
    head = Table.grid(padding=(0, 2, 0, 0))
    overflow = cut(encoding)
    head.add_column(no_wrap=True, overflow=overflow)
    head.add_column(no_wrap=True, overflow=overflow, style=COLOURS[trial.verdict])
    head.add_column(overflow="fold")
    best = "  <- the best" if trial == result.best else ""
    head.add_row(str(number), trial.verdict.value, Text(f"{words.names(trial)}{words.answers(trial)}{best}"))
    yield inset(head)
    body = Table.grid(padding=(0, 2, 0, 0))
    body.add_column(no_wrap=True, style="dim")
    body.add_column(overflow="fold")
    body.add_row("", Text(f"{trial.text}."))
    other = "" if trial.judged_by == result.judged_by else f" ({trial.judged_by})"
    body.add_row("control", Text(f"{words.control_of(trial)}{other}"))
    body.add_row("treated", Text(words.group(trial.treated)))
    body.add_row("so", Text(f"{words.told(trial)}."))
    for sign, line in trial.diff:
        body.add_row("", Text(f"{sign} {line}", style=SIGNS.get(sign, "dim")))
    yield Padding(body, (0, 1, 0, 5), expand=False)


def _closing(result: TrialResult) -> Iterator[Padding]:
    if result.memory is not None:
        yield inset(labelled("by heart", Text(words.memory(result.memory))))
    for line in words.untried(result):
        yield inset(labelled("untried ", Text(line)))
    found = live(result.report.findings)
    for number, finding in enumerate(found, start=1):
        label = "findings" if number == 1 else "        "
        text = f"{number}  {finding.severity.value}  {finding.code} {finding.name}  {finding.evidence.certainty.value}"
        yield inset(labelled(label, Text(text)))
    code = words.follow(result)
    if code is not None:
        yield inset(labelled("do      ", Text(code, style="green")))
    if result.written is not None:
        yield inset(labelled("written ", Text(f"{result.written}, trained; mlpdoctor check {result.written} goes on")))
    if result.interrupted:
        yield inset(labelled("stopped ", Text("interrupted; this is what was known by then", style="bold red")))
