"""Where things stand on the screen."""

from rich.console import OverflowMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.report.symbols import plain


def inset(part: RenderableType) -> Padding:
    """A part two columns from the left, without blanks at the ends of its lines."""
    return Padding(part, (0, 1, 0, 2), expand=False)


def labelled(label: str, text: Text) -> Table:
    """A text beside its label."""
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    grid.add_row(label, text)
    return grid


def cut(encoding: str) -> OverflowMethod:
    """How to shorten what does not fit: with an ellipsis, where the encoding has one."""
    return "ellipsis" if plain("…", encoding) == "…" else "crop"
