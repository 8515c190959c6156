"""What did training do? The logged losses with the rungs of the ladder across them, and the learning rate below."""

import math
from collections.abc import Iterator, Sequence

from mlpdoctor.core.history_summary import HistorySummary, Trace
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.text import count, short
from mlpdoctor.report import curve_phrases
from mlpdoctor.report.html import svg
from mlpdoctor.report.html.picture import Picture, Table, name, number
from mlpdoctor.report.terminal.curve_chart import AROUND, Line, lines

HEIGHT, RATE_HEIGHT, LEFT, BOTTOM = 260, 70, 66, 36
APART = 15
"""Pixels between the labels of two rungs."""
COLOURS = (("model", svg.MODEL), ("data", svg.DATA), ("saturated", svg.SATURATED))
LOGARITHMIC = 5.0
MOST_ROWS = 60
"""Of the table of a curve; of more points every second, third, … is told."""


def curve_picture(history: HistorySummary, ladder: Ladder | None, rate: Trace | None, at: str) -> Picture | None:
    """The figure; None where there is no curve.

    Args:
        history: as the report has it.
        ladder: whose rungs are drawn across.
        rate: the learning rate at each epoch; None where it was not logged.
        at: where the JSON has the history.
    """
    traces = [trace for trace in history.traces if trace.values]
    if not any(len(trace.values) > 1 for trace in traces):
        return None
    told = _told(history, traces)
    across = list(_across(traces, () if ladder is None else tuple(lines(ladder))))
    drawn = _drawn(history, traces, across, rate, told)
    legend = [(COLOURS[k][0], trace.name) for k, trace in enumerate(traces[: len(COLOURS)])]
    legend += [("line", "rungs of the ladder")] if across else []
    legend += [("band", "plateau, with its error bar")] if history.plateau is not None else []
    legend += [("good", "lowest loss")] if history.best_epoch is not None else []
    return Picture("curve", "What did training do?", drawn, told, tuple(legend), tuple(_tables(history, at)))


def _told(history: HistorySummary, traces: Sequence[Trace]) -> str:
    first, last = traces[0].epochs[0], traces[0].epochs[-1]
    ends = "; ".join(f"{one.name} from {short(one.values[0])} to {short(one.values[-1])}" for one in traces)
    best = "" if history.best is None else f" Lowest loss {short(history.best)} at epoch {history.best_epoch:,}."
    return f"Epochs {first:,} to {last:,}: {ends}.{best} Plateau: {curve_phrases.plateau(history)}."


def _across(traces: Sequence[Trace], known: Sequence[Line]) -> Iterator[Line]:
    """The rungs near enough to the curve to be drawn across it."""
    values = [value for trace in traces for value in trace.values]
    log = _log(values)
    scaled = math.log if log else float
    low, high = scaled(min(values)), scaled(max(values))
    room = 2 * AROUND * (high / 2 - low / 2) or AROUND * abs(high) or AROUND
    for line in known:
        if (line.value > 0 or not log) and low - room <= scaled(line.value) <= high + room:
            yield line


def _log(values: Sequence[float]) -> bool:
    return min(values) > 0 and max(values) > LOGARITHMIC * min(values)


def _drawn(
    history: HistorySummary, traces: Sequence[Trace], across: Sequence[Line], rate: Trace | None, told: str
) -> str:
    height = HEIGHT + (RATE_HEIGHT if rate is not None else 0)
    values = [value for trace in traces for value in trace.values]
    levels = [*values, *(line.value for line in across)]
    ends = traces[0].epochs[0], max(trace.epochs[-1] for trace in traces)
    with svg.drawing(height) as figure:
        on = svg.axes(figure, (LEFT, 8, svg.WIDTH - 18, HEIGHT - BOTTOM))
        scale = svg.logarithmic if _log(values) else svg.linear
        scale(on, "y", min(levels), max(levels))
        svg.linear(on, "x", *ends, room=0.02)
        on.set_ylabel(f"loss{', log' if _log(values) else ''}")
        plateau = history.plateau
        if plateau is not None:
            start = max(plateau.first, ends[0])
            on.fill_between([start, ends[1]], plateau.low, plateau.high, color=svg.BAND, linewidth=0)
            on.plot([start, ends[1]], [plateau.value] * 2, color=svg.BAND, linewidth=7, solid_capstyle="butt")
        _rungs(on, across, ends)
        for (_, colour), trace in reversed(list(zip(COLOURS, traces, strict=False))):
            on.plot(trace.epochs, trace.values, color=colour, linewidth=2)
        if history.best is not None and history.best_epoch is not None:
            on.plot([history.best_epoch], [history.best], marker="o", color=svg.GOOD, markersize=8)
        if rate is None:
            on.set_xlabel("epoch", labelpad=2)
        else:
            below = svg.axes(figure, (LEFT, HEIGHT - BOTTOM + 26, svg.WIDTH - 18, height - BOTTOM))
            scale = svg.logarithmic if min(rate.values) > 0 and _log(rate.values) else svg.linear
            scale(below, "y", min(rate.values), max(rate.values), 2)
            svg.linear(below, "x", *ends, room=0.02)
            below.plot(rate.epochs, rate.values, color=svg.INK, linewidth=1.5)
            below.set_ylabel("rate")
            below.set_xlabel("epoch", labelpad=2)
        return svg.as_svg(figure, told)


def _rungs(on: svg.Axes, across: Sequence[Line], ends: tuple[int, int]) -> None:
    """The lines, and their names where they do not lie on each other."""
    taken: list[float] = []
    low, high = on.transAxes.transform([(0, 0), (0, 1)])[:, 1]
    for line in sorted(across, key=lambda one: one.value):
        on.plot(ends, [line.value] * 2, color=svg.LINE, linewidth=1.2, dashes=(4, 3))
        height = float(on.transData.transform((ends[0], line.value))[1])
        if all(abs(height - other) >= APART for other in taken):
            taken.append(height)
            below = height < (low + high) / 2  # a falling curve leaves room at the lower left and the upper right
            on.annotate(
                svg.cut(line.label, 44), (ends[0] if below else ends[1], line.value), (0, 3),
                textcoords="offset points", ha="left" if below else "right", fontsize=11, color=svg.LINE,
            )  # fmt: skip


def _tables(history: HistorySummary, at: str) -> Iterator[Table]:
    facts = [("first loss", "first"), ("last loss", "last"), ("lowest loss", "best"), ("its epoch", "best_epoch")]
    found = [
        (name(label), number(value, f"{at}/{key}"))
        for label, key in facts
        if (value := getattr(history, key)) is not None
    ]
    plateau = history.plateau
    if plateau is not None:
        found += [
            (name(f"plateau, {key}"), number(getattr(plateau, key), f"{at}/plateau/{key}"))
            for key in ("value", "low", "high", "first", "last")
        ]
    yield Table("the training history in numbers", ("what", "number"), tuple(found))
    for place, trace in enumerate(history.traces):
        step = -(-len(trace.values) // MOST_ROWS)
        rows = tuple(
            (
                number(trace.epochs[k], f"{at}/traces/{place}/epochs/{k}"),
                number(trace.values[k], f"{at}/traces/{place}/values/{k}"),
            )
            for k in range(0, len(trace.values), step)
        )
        some = "" if step == 1 else f", one in {step} of {count(len(trace.values), 'point')}"
        yield Table(f"{trace.name}{some}", ("epoch", trace.name), rows)
