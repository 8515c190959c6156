"""Where does the loss stand? The ladder, with the model on it and the losses that its weights cannot reach."""

import math
from collections.abc import Sequence

from mlpdoctor.core.ladder import Ladder, Rung
from mlpdoctor.report.html import svg
from mlpdoctor.report.html.picture import Cell, Picture, Table, name, number
from mlpdoctor.report.ladder_rows import DOUBT, Row, rows, witnesses

ROW, TOP, BOTTOM = 42, 10, 34
MODEL_TAG, PROVED = "your model", "proved"
QUESTION = "Where does the loss stand?"
SIDE = 14
ABOVE, BELOW = 0.48, 0.84
"""Of a row's height: where its bar has room, below its text."""


def ladder_picture(ladder: Ladder, at: str, about: tuple[str, str] = ("ladder", QUESTION)) -> Picture | None:
    """The figure; None where no rung is a number.

    Args:
        ladder: with at least one rung.
        at: where the JSON has the ladder.
        about: the name of the figure, and the question that it answers.
    """
    shown = [row for row in rows(ladder, "") if math.isfinite(row.rung.value)]
    if not shown:
        return None
    model = ladder.value("model")
    told = _told(shown, ladder)
    drawn = _drawn(shown, model if model is not None and math.isfinite(model) else None, ladder, told)
    legend = [("model", MODEL_TAG)] if model is not None else []
    legend += [("line", "what this loss could be")]
    floor = ladder.value("architecture")
    if floor is not None and floor > 0:
        legend.append(("floor", "out of reach of this network, proved"))
    return Picture(*about, drawn, told, tuple(legend), (_table(ladder, at),))


def _told(shown: Sequence[Row], ladder: Ladder) -> str:
    parts = [f"{row.label} {row.value}{f' ({row.remark})' if row.remark else ''}" for row in shown]
    return f"Loss ladder, {ladder.loss}: {'; '.join(parts)}."


def _drawn(shown: Sequence[Row], model: float | None, ladder: Ladder, told: str) -> str:
    values = [row.rung.value for row in shown] + ([] if model is None else [model])
    positive = [value for value in values if value > 0]
    log = bool(positive) and min(values) >= 0 and svg.spans_decades(positive)
    height = TOP + ROW * len(shown) + BOTTOM
    with svg.drawing(height) as figure:
        on = svg.axes(figure, (SIDE, TOP, svg.WIDTH - SIDE, height - BOTTOM))
        on.spines["left"].set_visible(False)
        on.set_ylim(len(shown), 0)
        on.set_yticks([])
        if log:
            svg.logarithmic(on, "x", min(positive) / 1.5, max(positive) * 1.2)
        else:
            svg.linear(on, "x", min(0.0, *values), max(values), room=0.0)
            on.set_xlim(on.get_xlim()[0], max(values) * 1.02 or 1.0)
        left = on.get_xlim()[0]
        floor = ladder.value("architecture")
        for place, row in enumerate(shown):
            if floor is not None and floor > max(left, 0.0):
                on.fill_between([left, floor], place + ABOVE, place + BELOW, color=svg.FLOOR, linewidth=0)
            _row(on, place, row, left, log=log)
            if model is not None and (model > 0 or not log):
                on.plot([model] * 2, [place + ABOVE, place + BELOW], color=svg.MODEL, linewidth=1.5)
        on.set_xlabel(f"loss{', log scale' if log else ''}", labelpad=2)
        return svg.as_svg(figure, told)


def _row(axes: svg.Axes, place: int, row: Row, left: float, *, log: bool) -> None:
    rung, colour = row.rung, svg.MODEL if row.here else svg.LINE
    weight = "bold" if row.here else "normal"
    at = axes.get_yaxis_transform()
    sure = f", {row.remark}" if row.remark == PROVED else ""
    axes.text(0, place + 0.36, svg.cut(f"{row.label}{sure}", 42), transform=at, va="baseline", fontweight=weight)
    said = f"{row.value}{_remark(row)}"
    axes.text(1, place + 0.36, said, transform=at, va="baseline", ha="right", fontweight=weight, color=colour)
    level = place + 0.66
    axes.plot([0, 1], [level, level], color=svg.GRID, linewidth=1, transform=at)
    value = rung.value
    if log and value <= 0:
        axes.plot([0.004], [level], marker="<", color=colour, markersize=8, transform=at, clip_on=False)
        return
    if not log:
        axes.plot([max(left, 0.0), value], [level, level], color=colour, linewidth=9, solid_capstyle="butt")
    _interval(axes, rung, level, left, colour, log=log)
    axes.plot([value], [level], marker="o", color=colour, markersize=9, clip_on=False)


def _remark(row: Row) -> str:
    if row.rung.name == "model":
        return ""
    return f"  {row.remark}" if row.remark and row.remark != PROVED else ""


def _interval(axes: svg.Axes, rung: Rung, level: float, left: float, colour: str, *, log: bool) -> None:
    """The bracket of a rung that is known as an interval, or as an estimate with its error."""
    low, high = rung.lower, rung.value
    if rung.error is not None:
        low, high = rung.value - rung.error, rung.value + rung.error
    elif rung.value - rung.lower <= DOUBT * abs(rung.value):
        return
    low = max(low, left) if log or low < left else low
    axes.plot([low, high], [level, level], color=colour, linewidth=3, alpha=0.6)
    axes.plot([low, low], [level - 0.14, level + 0.14], color=colour, linewidth=2)


def _table(ladder: Ladder, at: str) -> Table:
    found = []
    for place, rung in enumerate(ladder.rungs):
        path = f"{at}/rungs/{place}"
        found.append(
            (
                name(rung.label),
                number(rung.value, f"{path}/value"),
                number(rung.lower, f"{path}/lower"),
                number(rung.error, f"{path}/error") if rung.error is not None else Cell("-"),
                Cell(rung.certainty),
                Cell(rung.witness),
            )
        )
    head = ("rung", "loss", "at least", "error bar", "how sure", "what reaches it")
    return Table(f"loss ladder, {ladder.loss}", head, tuple(found))


def remarks(ladder: Ladder) -> tuple[str, ...]:
    """What is to be known beside the figure: formulas, and penalties that Keras adds."""
    return tuple(witnesses(ladder, whole=True))
