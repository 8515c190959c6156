"""The loss ladder, drawn: a bar for each rung, and the model's place among them."""

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.ladder import Ladder, Rung
from mlpdoctor.report.layout import inset
from mlpdoctor.wording import SHOWN_DIGITS, short

BAR = 16
"""Width of the longest bar: what 80 columns leave beside the longest label, a number and the longest remark."""


def draw(ladder: Ladder, block: str) -> Iterator[RenderableType]:
    """The parts from top to bottom; ``block`` is what bars are made of, nothing for none."""
    yield inset(Text.assemble("loss ladder", ("   " + ladder.loss, "dim")))
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
    for note in _witnesses(ladder):
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
