"""What ``treat`` found, for people: the verdict, a table of trials, the change in code, what to do."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from mlpdoctor.core.trial_result import Trial, TrialResult, Verdict
from mlpdoctor.report import trial_phrases as words
from mlpdoctor.report.folding import live
from mlpdoctor.report.terminal.layout import code, label, plain_parts, prose
from mlpdoctor.report.terminal.report import BODY, files

COLOURS = {Verdict.CONFIRMED: "bold green", Verdict.REFUTED: "bold red", Verdict.UNDECIDED: "bold yellow"}
LABELS = len("findings") + 3
"""Columns that the labels take."""
SIGNS = {"-": "red", "+": "green"}


class TerminalTrials:
    """A course of trials as something rich can print."""

    def __init__(self, result: TrialResult) -> None:
        """Hold it."""
        self.result = result

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the parts from top to bottom."""
        result, screen = plain_parts(self.result, options.encoding), console.width
        yield ""
        yield from files(words.sources(result), screen, options.encoding)
        yield ""
        yield prose(result.verdict, screen, style="bold")
        yield ""
        yield prose(f"{result.judged_by}: {words.control(result)}", screen, label("loss", LABELS))
        yield prose(words.protocol(result.protocol), screen, label("trials", LABELS))
        for number, trial in enumerate(words.shown(result), start=1):
            yield ""
            yield from _trial(number, trial, result, screen)
        yield ""
        yield from _closing(result, screen)
        yield ""


def _trial(number: int, trial: Trial, result: TrialResult, screen: int) -> Iterator[Text]:
    best = " <- the best" if trial == result.best else ""
    head = Text(f"{number}  ").append(trial.verdict.value, COLOURS[trial.verdict]).append("  ")
    yield prose(f"{words.names(trial)}{words.answers(trial)}{best}", screen, head)
    yield prose(f"{trial.text}.", screen, indent=BODY)
    other = "" if trial.judged_by == result.judged_by else f" ({trial.judged_by})"
    for name, told in (
        ("control", f"{words.control_of(trial)}{other}"),
        ("treated", words.group(trial.treated)),
        ("so", f"{words.told(trial)}."),
    ):
        yield prose(told, screen, label(name, len("control") + 2), indent=BODY)
    for sign, line in trial.diff:
        yield code(f"{sign} {line}", indent=BODY, style=SIGNS.get(sign, "dim"))


def _closing(result: TrialResult, screen: int) -> Iterator[Text]:
    if result.memory is not None:
        yield prose(words.memory(result.memory), screen, label("by heart", LABELS))
    for line in words.untried(result):
        yield prose(line, screen, label("untried", LABELS))
    for number, finding in enumerate(live(result.report.findings), start=1):
        text = f"{number}  {finding.severity.value}  {finding.code} {finding.name}  {finding.evidence.certainty.value}"
        yield code(text, label("findings" if number == 1 else "", LABELS), style="")
    follow = words.follow(result)
    if follow is not None:
        yield code(follow, label("do", LABELS))
    if result.written is not None:
        told = f"{result.written}, trained; mlpdoctor check {result.written} goes on"
        yield code(told, label("written", LABELS), style="")
    if result.interrupted:
        yield prose("interrupted; this is what was known by then", screen, label("stopped", LABELS), style="bold red")
