"""What came of a run over several models, in a few lines at its end."""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from mlpdoctor.finding import Report, Unread
from mlpdoctor.report.layout import inset
from mlpdoctor.report.tally import Tally, tally
from mlpdoctor.wording import count


class Overview:
    """A line a model, then the totals, as something rich can print."""

    def __init__(self, reports: Sequence[Report], unread: Sequence[Unread]) -> None:
        """Hold what came of the run."""
        self.reports = reports
        self.unread = unread

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        grid = Table.grid(padding=(0, 3, 0, 0))
        grid.add_column(overflow="fold", style="bold")
        grid.add_column(overflow="fold")
        for report in self.reports:
            grid.add_row(report.model.path, Text(found(tally([report])), style=_colour(report)))
        for model in self.unread:
            grid.add_row(model.path, Text("could not be read", style="bold red"))
        yield inset(grid)
        yield ""
        yield inset(self._total())
        yield ""

    def _total(self) -> RenderableType:
        total = tally(self.reports, self.unread)
        missing = f", {total.unread} of them not readable" if total.unread else ""
        return Text(f"{count(total.models, 'model')}{missing}: {found(total)}", style="bold")


def found(number: Tally) -> str:
    """``1 error, 2 warnings; 1 known finding not shown``."""
    kinds = ((number.errors, "error"), (number.warnings, "warning"), (number.notes, "note"))
    text = ", ".join(count(many, kind) for many, kind in kinds if many) or "nothing found"
    if number.suppressed:
        text += f"; {count(number.suppressed, 'known finding')} not shown"
    return f"{text}; {count(number.crashed, 'check')} crashed" if number.crashed else text


def _colour(report: Report) -> str:
    number = tally([report])
    if number.errors or number.crashed:
        return "red"
    return "yellow" if number.warnings else ""
