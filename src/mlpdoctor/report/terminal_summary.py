"""Several models at a glance, drawn with rich: what each one's worst finding is, and what they come to."""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.finding import Report, Unread
from mlpdoctor.report import phrases
from mlpdoctor.report.layout import cut, inset
from mlpdoctor.report.symbols import plain, spelt
from mlpdoctor.report.tally import state, tally
from mlpdoctor.report.terminal import COLOURS


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
            _row(grid, Text(word, style=style), report.model.path, report.verdict)
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
