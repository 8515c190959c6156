"""What training logged: the curve drawn in text with the rungs of the ladder across it, and the trials of a search."""

import math
from collections.abc import Callable, Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history_summary import HistorySummary, Search, Trace
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.text import short
from mlpdoctor.report import curve_phrases
from mlpdoctor.report.ladder_rows import says_nothing
from mlpdoctor.report.terminal.layout import MARGIN, label, plain, prose

SHOWN = 10
"""Trials that are shown; JSON has all of them."""
MOST_FOLLOWED = 3
STOPS = {"constant": "predicting the mean", "affine": "best linear model", "noise": "noise", "data": "lowest possible"}


def trial_table(search: Search, width: int, encoding: str) -> Iterator[RenderableType]:
    """A line for each of the best trials, then what the score follows.

    Args:
        search: of one project.
        width: columns of the screen.
        encoding: of the screen.
    """
    names = list(dict.fromkeys(name for row in search.rows for name in row.hyperparameters))
    head = ["trial", search.objective or "score", *names, "stops at" if any(row.rung for row in search.rows) else ""]
    cells = [
        [
            row.name,
            short(row.score),
            *(_value(row.hyperparameters.get(name)) for name in names),
            STOPS.get(row.rung or "", ""),
        ]
        for row in search.rows[:SHOWN]
    ]
    widths = [max(len(plain(line[place], encoding)) for line in (head, *cells)) for place in range(len(head))]
    for number, line in enumerate((head, *cells)):
        told = "  ".join(f"{plain(cell, encoding):{room}}" for cell, room in zip(line, widths, strict=True)).rstrip()
        yield Text(" " * MARGIN + told[: max(width - MARGIN, 20)], style="dim" if number == 0 else "")
    if len(search.rows) > SHOWN:
        yield prose(f"and {len(search.rows) - SHOWN} more (--format json)", width)
    for one in search.follows[:MOST_FOLLOWED]:
        sure = "" if one.sure else ", which may be chance"
        told = f"{one.name}: rank correlation {one.correlation:.2f} ({one.low:.2f} to {one.high:.2f}){sure}"
        yield prose(plain(told, encoding), width, label("follows", LABEL))


def _value(value: str | float | bool | None) -> str:  # noqa: FBT001
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    return f"{value:.3g}"


HEIGHT = 8
WIDEST, NARROWEST = 72, 16
"""Columns of the drawing; where fewer are left the curve is not drawn."""
LOGARITHMIC = 5.0
"""A curve whose largest value is so many times its smallest is drawn on a log scale, where its end shows."""
AROUND = 0.5
"""A rung is drawn where it is at most half the height of the curve above or below it."""
SAME = 1e-9
RUNGS = ("constant", "affine", "architecture", "noise", "data")
MARKS = {"loss": "•", "val_loss": "○"}
COLOURS = {"•": "red", "○": "yellow", "─": "blue"}
INDENT = 4
LABEL = 12


@dataclass(frozen=True)
class Line:
    """A rung across the drawing: where, and what is written beside it."""

    value: float
    label: str


@dataclass(frozen=True)
class Chart:
    """A curve in rows of characters.

    Attributes:
        rows: from the top down; what is drawn in each.
        left: a number for each row, mostly empty.
        right: names of the rungs in each row.
        logarithmic: whether the height is the logarithm of the loss.
    """

    rows: tuple[str, ...]
    left: tuple[str, ...]
    right: tuple[str, ...]
    logarithmic: bool


def plain_text(history: HistorySummary, ladder: Ladder | None, width: int = 96) -> str | None:
    """The heading and the drawing as lines of text, or None where there is nothing to draw."""
    chart = drawn(history.traces, tuple(lines(ladder)) if ladder is not None else (), width)
    if chart is None:
        return None
    return f"{_heading(history, chart)}\n{_text(chart, 'utf-8').plain}"


def section(history: HistorySummary, ladder: Ladder | None, width: int, encoding: str) -> Iterator[RenderableType]:
    """The drawing, and below it where the loss stops and what could not be read."""
    across = tuple(lines(ladder)) if ladder is not None else ()
    chart = drawn(history.traces, across, width - INDENT - 1)
    if chart is not None:
        yield prose(plain(_heading(history, chart), encoding), width, "training curve   ", style="dim")
        yield Padding(_text(chart, encoding), (0, 1, 0, INDENT), expand=False)
    if history.search is not None:
        yield from trial_table(history.search, width, encoding)
    bad = curve_phrases.bad(history)
    yield prose(plain(curve_phrases.plateau(history), encoding), width, label("plateau", LABEL))
    if bad is not None:
        yield prose(plain(bad, encoding), width, label("not read", LABEL))


def _heading(history: HistorySummary, chart: Chart) -> str:
    shown = ", ".join(f"{MARKS[trace.name]} {trace.name}" for trace in history.traces)
    first, last = history.traces[0].epochs[0], history.traces[0].epochs[-1]
    return f"{shown}, epochs {first:,} to {last:,}, {'log' if chart.logarithmic else 'linear'} scale"


def drawn(traces: Sequence[Trace], lines: Sequence[Line], width: int) -> Chart | None:
    """The chart of some curves, or None where there is nothing to draw or no room for it.

    Args:
        traces: the curves; the first is drawn on top.
        lines: rungs that may be drawn across them.
        width: columns for all of it, numbers and names included.
    """
    values = [value for trace in traces for value in trace.values]
    if len(values) < 2:  # noqa: PLR2004  one point is no curve
        return None
    logarithmic = min(values) > 0 and max(values) > LOGARITHMIC * min(values)
    scaled: Callable[[float], float] = math.log if logarithmic else float
    low, high = scaled(min(values)), scaled(max(values))
    room = 2 * AROUND * (high / 2 - low / 2) or AROUND * abs(high) or AROUND
    across = [
        line
        for line in lines
        if (line.value > 0 or not logarithmic) and low - room <= scaled(line.value) <= high + room
    ]
    heights = [low, high, *(scaled(line.value) for line in across)]
    bottom, top = min(heights), max(heights)
    right = [""] * HEIGHT
    for line in across:
        row = _row(scaled(line.value), bottom, top)
        right[row] += f", {line.label}" if right[row] else line.label
    ends = [math.exp(end) if logarithmic else end for end in (top, bottom)]
    left = [short(ends[0]), *[""] * (HEIGHT - 2), short(ends[1])]
    taken = max(map(len, left)) + 1 + max((len(name) + 1 for name in right), default=0)
    room_left = min(width - taken, WIDEST)
    if room_left < NARROWEST:
        return None
    epochs = max(trace.epochs[-1] for trace in traces) - min(trace.epochs[0] for trace in traces) + 1
    columns = min(room_left, max(epochs, NARROWEST))
    grid = [["─" if name else " "] * columns for name in right]
    for trace in reversed(traces):
        for column, value in _columns(trace, traces, columns):
            grid[_row(scaled(value), bottom, top)][column] = MARKS.get(trace.name, "•")
    return Chart(tuple("".join(cells) for cells in grid), tuple(left), tuple(right), logarithmic)


def _row(height: float, bottom: float, top: float) -> int:
    # Halves, for the distance between the ends of what a float holds is more than one holds.
    half = top / 2 - bottom / 2
    return round((HEIGHT - 1) * ((top / 2 - height / 2) / half)) if half > 0 else HEIGHT // 2


def _columns(trace: Trace, traces: Sequence[Trace], columns: int) -> Iterator[tuple[int, float]]:
    """The median value in each column that has any."""
    first, last = min(t.epochs[0] for t in traces), max(t.epochs[-1] for t in traces)
    found: dict[int, list[float]] = {}
    for epoch, value in zip(trace.epochs, trace.values, strict=True):
        place = (epoch - first) * columns // (last - first + 1)
        found.setdefault(place, []).append(value)
    for place, values in found.items():
        yield place, sorted(values)[len(values) // 2]


def lines(ladder: Ladder) -> Iterator[Line]:
    """Each height of the ladder once, by its topmost name, where Keras would log it."""
    added = 0.0 if ladder.penalty is None else ladder.penalty.total
    seen: list[float] = []
    for rung in ladder.rungs:
        if rung.name not in RUNGS or says_nothing(ladder, rung):
            continue
        if all(abs(rung.value - other) > SAME * abs(other) for other in seen):
            seen.append(rung.value)
            yield Line(rung.value + added, f"{rung.label} {short(rung.value)}")


def _text(chart: Chart, encoding: str) -> Text:
    """The rows with their numbers and names, coloured."""
    text = Text(no_wrap=True, overflow="crop")
    wide = max(map(len, chart.left))
    for number, (left, row, right) in enumerate(zip(chart.left, chart.rows, chart.right, strict=True)):
        text.append("\n" if number else "")
        text.append(f"{left:>{wide}} ", style="dim")
        body = row if right else row.rstrip()
        for character in body:
            text.append(plain(character, encoding), style=COLOURS.get(character, ""))
        if right:
            text.append(f" {plain(right, encoding)}", style="blue")
    return text
