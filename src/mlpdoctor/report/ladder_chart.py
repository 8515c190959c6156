"""The loss ladder, drawn: a bar for each rung, and the model's place among them."""

import math
from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mlpdoctor.ladder import Ladder, Penalty, Rung
from mlpdoctor.report.layout import inset
from mlpdoctor.wording import SHOWN_DIGITS, listing, short

TOPS = ("constant", "affine")
"""The rungs that set the scale: a model far above them would leave them no bars."""
SAME = 1e-9
"""Rungs this close, relative to each other, are one."""
SEEN = 2.0
"""Standard errors above zero from which an estimate is worth a line."""
DOUBT = 1e-4
"""An interval narrower than this share of its value shows in no digit that is printed."""
REMARKS = {"architecture": "proved: no weights go below", "noise": "an estimate"}
BAR = 16
"""Width of the longest bar: what 80 columns leave beside the longest label, a number and the longest remark."""


def draw(ladder: Ladder, block: str) -> Iterator[RenderableType]:
    """The parts from top to bottom; ``block`` is what bars are made of, nothing for none."""
    yield inset(Text.assemble("loss ladder", ("   " + ladder.loss, "dim")))
    finite = [rung.value for rung in ladder.rungs if math.isfinite(rung.value)]
    longest = max([*(value - ladder.perfect for name in TOPS if (value := ladder.value(name)) is not None), 1e-300])
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    model = ladder.rung("model")
    mark = _mark(ladder)
    for rung in ladder.rungs:
        if (rung.name == "model" and mark is not None) or _says_nothing(ladder, rung):
            continue
        text = Text(REMARKS.get(rung.name, ""))
        if rung.name == "model":
            text.append("<- your model", style="bold")
        elif rung is mark and model is not None:
            same = (ladder.digits or 0) >= SHOWN_DIGITS
            close = f", to {ladder.digits} digits" if same else f" {short(model.value)}"
            text = Text(f"<- your model{close}", style="bold")
        grid.add_row(
            Text(rung.label, style="bold" if rung.name == "model" or rung is mark else ""),
            Text(_shown(rung)),
            Text(_bar(rung.value - ladder.perfect, longest, block) if finite else "", style=_colour(rung)),
            text,
        )
    yield Padding(grid, (0, 1, 0, 4), expand=False)
    for note in _witnesses(ladder):
        yield Padding(Text(note, style="dim"), (0, 1, 0, 4), expand=False)


def _says_nothing(ladder: Ladder, rung: Rung) -> bool:
    """Whether a rung would only be clutter.

    That is the best last layer of a network whose floor is as high, and noise that may as well be none.
    """
    if rung.error is not None:
        return rung.value <= SEEN * rung.error
    floor = ladder.value("architecture")
    return rung.name == "readout" and floor is not None and rung.value - floor <= DOUBT * abs(floor)


def _mark(ladder: Ladder) -> Rung | None:
    """The topmost rung that the model's loss equals: a reader knows the best line sooner than the architecture."""
    on = ladder.rung(ladder.standing) if ladder.standing else None
    if on is None:
        return None
    near = SAME * abs(on.value)
    return next(rung for rung in ladder.rungs if rung.name != "model" and abs(rung.value - on.value) <= near)


def _witnesses(ladder: Ladder) -> Iterator[str]:
    for name, telling in (
        ("affine", ("=", "approached")),
        ("architecture", ("weights",)),
        ("data", ("groups", "perfect")),
    ):
        rung = ladder.rung(name)
        if rung is not None and any(word in rung.witness for word in telling):
            yield f"{rung.label}: {rung.witness}"
    if ladder.penalty is not None:
        yield _with_penalties(ladder.value("model"), ladder.penalty)


def _with_penalties(model: float | None, penalty: Penalty) -> str:
    """How the number in the user's log comes about: every rung is without penalties, Keras's log is not."""
    said = "Keras adds penalties to the loss it logs"
    if penalty.parts and model is not None:
        total = short(model + penalty.total)
        said = f"Keras logs the loss with penalties: {short(model)} + {short(penalty.total)} = {total}"
    elif penalty.parts:
        said += f": {short(penalty.total)}"
    parts = f" ({listing(penalty.parts)})" if penalty.parts else ""
    unknown = f"; not counted: {listing(penalty.unknown)}" if penalty.unknown else ""
    return said + parts + unknown


def _colour(rung: Rung) -> str:
    return {"model": "red", "noise": "dim"}.get(rung.name, "blue")


def _shown(rung: Rung) -> str:
    if rung.error is not None:
        return f"{short(rung.value, 2)} ± {short(rung.error, 2)}"
    if rung.value - rung.lower > DOUBT * abs(rung.value):
        return f"{short(rung.lower)} to {short(rung.value)}" if rung.lower > 0 else f"at most {short(rung.value)}"
    return short(rung.value)


def _bar(value: float, longest: float, block: str) -> str:
    if not block or not math.isfinite(value) or value <= 0:
        return ""
    return block * max(1, round(BAR * min(value / longest, 1.0))) + (">" if value > longest else "")
