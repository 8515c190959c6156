"""The loss ladder, drawn: a bar for each rung, and the model's place among them."""

import math
from collections.abc import Iterator, Sequence
from typing import Self

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import Ladder, Rung
from mlpdoctor.report.ladder_rows import Row, rows, witnesses
from mlpdoctor.report.terminal.layout import from_the_right, plain, plain_parts, prose, whole

TOPS = ("constant", "affine")
"""The rungs that set the scale: a model far above them would leave them no bars."""
LONGEST, SHORTEST = 17, 6
"""Columns of the longest bar with its arrow: as many as the screen leaves, and none where these are too few."""
LEFT, GAP = 4, 2


def draw(
    ladder: Ladder, block: str, screen: int, encoding: str = "utf-8", about: tuple[str, str] | None = None
) -> Iterator[RenderableType]:
    """The parts from top to bottom.

    Args:
        ladder: to be drawn.
        block: what bars are made of, nothing for none.
        screen: columns of the screen.
        encoding: of the screen.
        about: the heading and what stands behind it; None for the name of the loss.
    """
    heading, text = about or ("loss ladder", ladder.loss)
    yield prose(text, screen, f"{heading}   ", style="dim")
    told = [plain_parts(row, encoding) for row in rows(ladder)]
    widths = _Widths.of(told, screen)
    bars = _bars(ladder, told, block, min(screen - 1 - widths.taken - widths.remark - 2 * GAP, LONGEST))
    for row, bar in zip(told, bars, strict=True):
        name = from_the_right(row.label, widths.label, encoding)
        line = whole(" " * LEFT).append(_padded(name, widths.label), "bold" if row.here else "")
        line.append(" " * (GAP + widths.value - cell_len(row.value)) + row.value)
        line.append(" " * GAP + bar if bars[0] else "", _colour(row.rung))
        yield from _with_remarks(line, row, screen)
    for note in witnesses(ladder):
        yield prose(plain(note, encoding), screen, indent=LEFT, style="dim")


@dataclass(frozen=True)
class _Widths:
    """Columns of the labels, the numbers and the remarks."""

    label: int
    value: int
    remark: int

    @property
    def taken(self) -> int:
        """Columns in front of the bars."""
        return LEFT + self.label + GAP + self.value

    @classmethod
    def of(cls, told: Sequence[Row], screen: int) -> Self:
        """What these rows need; labels give way to numbers where the screen is too narrow for both."""
        value = max((cell_len(row.value) for row in told), default=0)
        label = max((cell_len(row.label) for row in told), default=0)
        room = max(screen - 1 - LEFT - GAP - value, 8)
        return cls(min(label, room), value, max((cell_len(row.remark) for row in told), default=0))


def _with_remarks(line: Text, row: Row, screen: int) -> Iterator[Text]:
    """A row with its remark, or the first words of it, and its formula; what does not fit stands below."""
    below = []
    remark = row.remark if _fits(line, row.remark, screen) else row.remark.partition(",")[0]
    for text, style in ((remark, "bold" if row.here else ""), (row.equation, "dim")):
        if not _fits(line, text, screen):
            below.append(prose(text, screen, indent=LEFT + GAP, style=style))
        elif text:
            line.append(" " * GAP + text, style)
    line.rstrip()
    yield line
    yield from below


def _fits(line: Text, text: str, screen: int) -> bool:
    return not text or line.cell_len + GAP + cell_len(text) < screen


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _colour(rung: Rung) -> str:
    return {"model": "red", "noise": "dim"}.get(rung.name, "blue")


def _bars(ladder: Ladder, told: Sequence[Row], block: str, longest: int) -> list[str]:
    """A bar for each row, all as wide as the widest; nothing where there is no room to compare them."""
    if not block or longest < SHORTEST:
        return [""] * len(told)
    top = max([*(value - ladder.perfect for name in TOPS if (value := ladder.value(name)) is not None), 1e-300])
    drawn = [_bar(row.rung.value - ladder.perfect, top, block, longest - 1) for row in told]
    return [_padded(bar, max(map(len, drawn))) for bar in drawn]


def _bar(value: float, top: float, block: str, longest: int) -> str:
    """One bar; an arrow at its end where it would go on."""
    if not math.isfinite(value) or value <= 0:
        return ""
    return block * max(1, round(longest * min(value / top, 1.0))) + (">" if value > top else "")
