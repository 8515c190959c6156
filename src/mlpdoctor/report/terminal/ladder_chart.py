"""The loss ladder, drawn: a bar for each rung, and the model's place among them."""

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.core.ladder import Ladder, Rung
from mlpdoctor.report.ladder_rows import rows, witnesses
from mlpdoctor.report.symbols import plain
from mlpdoctor.report.terminal.layout import cut, inset

TOPS = ("constant", "affine")
"""The rungs that set the scale: a model far above them would leave them no bars."""
BAR = 16
"""Width of the longest bar: what 80 columns leave beside the longest label, a number and the longest remark."""


def draw(ladder: Ladder, block: str, encoding: str = "utf-8") -> Iterator[RenderableType]:
    """The parts from top to bottom; ``block`` is what bars are made of, nothing for none."""
    yield inset(Text.assemble("loss ladder", ("   " + ladder.loss, "dim")))
    finite = [rung.value for rung in ladder.rungs if math.isfinite(rung.value)]
    longest = max([*(value - ladder.perfect for name in TOPS if (value := ladder.value(name)) is not None), 1e-300])
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, overflow=cut(encoding))
    grid.add_column(justify="right", no_wrap=True, overflow=cut(encoding))
    grid.add_column(no_wrap=True, overflow=cut(encoding))
    grid.add_column(overflow="fold")
    for row in rows(ladder):
        bold = "bold" if row.here else ""
        bar = _bar(row.rung.value - ladder.perfect, longest, block) if finite else ""
        grid.add_row(
            Text(row.label, style=bold),
            Text(plain(row.value, encoding)),
            Text(bar, style=_colour(row.rung)),
            Text(row.remark, style=bold),
        )
    yield Padding(grid, (0, 1, 0, 4), expand=False)
    for note in witnesses(ladder):
        yield Padding(Text(note, style="dim"), (0, 1, 0, 4), expand=False)


def _colour(rung: Rung) -> str:
    return {"model": "red", "noise": "dim"}.get(rung.name, "blue")


def _bar(value: float, longest: float, block: str) -> str:
    if not block or not math.isfinite(value) or value <= 0:
        return ""
    return block * max(1, round(BAR * min(value / longest, 1.0))) + (">" if value > longest else "")
