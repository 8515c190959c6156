"""A gradient check, as the template of a page takes it: which arrays are wrong, by how much, and the mistake."""

import math
from typing import Any

from mlpdoctor.core.gradient_report import ArrayGradient, GradientReport, Status
from mlpdoctor.report import gradcheck as words
from mlpdoctor.report.html import svg
from mlpdoctor.report.html.case import placed
from mlpdoctor.report.html.picture import Cell, Picture, Table, name, number

ROW, TOP, BOTTOM = 38, 28, 24
COLOURS = {Status.OK: svg.GOOD, Status.WRONG: svg.MODEL, Status.UNCLEAR: svg.LINE}
STYLES = {Status.OK: "good", Status.WRONG: "model", Status.UNCLEAR: "line"}
MEANING = {Status.OK: "right", Status.WRONG: "wrong", Status.UNCLEAR: "too small to tell"}


def gradient_view(report: GradientReport, file: str) -> dict[str, Any]:
    """What the page shows of a gradient check, in the order and the words of the terminal."""
    notes = list(report.notes)
    if report.alternatives:
        notes.insert(0, f"The same gradient comes out on these data if {report.alternatives[0]}.")
    if not report.right and report.unrecognised:
        notes.append(f"To have the mistake named, the file must define layers, x and y: {report.unrecognised}.")
    return {
        "file": file,
        "scope": words.scope(report),
        "verdict": words.verdict(report),
        "mistakes": [
            {"title": words.sentence(one.title), "numpy": one.numpy, "mathematics": one.mathematics}
            for one in report.mistakes
        ],
        "notes": notes,
        "figures": placed([_picture(report)], "gradient"),
    }


def _picture(report: GradientReport) -> Picture:
    arrays = report.arrays
    told = "Your gradient beside the true one: " + "; ".join(map(_told, arrays)) + "."
    height = TOP + ROW * len(arrays) + BOTTOM
    wide = (svg.WIDTH - 16) / 2
    ratios = [one.ratio for one in arrays if one.ratio is not None and 0 < one.ratio < math.inf]
    with svg.drawing(height) as figure:
        for place, title in enumerate(("direction (cosine)", "length, times the true one")):
            left = 8 + place * wide
            on = svg.axes(figure, (left + 8, TOP, left + wide - 12, height - BOTTOM))
            on.set_title(title, fontsize=12, color=svg.INK, pad=8)
            on.set_ylim(len(arrays), 0)
            on.set_yticks([])
            on.spines["left"].set_visible(False)
            if place == 0:
                svg.linear(on, "x", -1.0, 1.0, 4, room=0.04)
            else:
                svg.logarithmic(on, "x", min([0.1, *ratios]), max([10.0, *ratios]), 3)
            on.axvline(1.0, color=svg.GOOD, linewidth=1.2, dashes=(4, 3))
            for k, one in enumerate(arrays):
                _row(on, k, one, first=place == 0)
        drawn = svg.as_svg(figure, told)
    here = {one.status for one in arrays}
    legend = (("dashes", "1: the true gradient"), *((STYLES[one], MEANING[one]) for one in Status if one in here))
    head = ("array", "gradient", "cosine", "length", "worst entry", "your code", "true")
    table = Table("your gradient beside the true one", head, tuple(_cells(k, one) for k, one in enumerate(arrays)))
    return Picture("arrays", "Which arrays of the gradient are wrong?", drawn, told, legend, (table,))


def _row(on: svg.Axes, place: int, one: ArrayGradient, *, first: bool) -> None:
    at = on.get_yaxis_transform()
    level = place + 0.68
    on.plot([0, 1], [level, level], color=svg.GRID, linewidth=1, transform=at)
    if first:
        on.text(0, place + 0.4, svg.cut(one.name, 22), transform=at, va="baseline")
    value = one.cosine if first else one.ratio
    if value is not None and math.isfinite(value) and (first or value > 0):
        on.plot([value], [level], marker="o", color=COLOURS[one.status], markersize=9, clip_on=False)


def _told(one: ArrayGradient) -> str:
    said = [] if one.cosine is None else [f"cosine {one.cosine:.4f}"]
    said += [] if one.ratio is None else [f"{one.ratio:.3g} times as long"]
    return f"{one.name} {MEANING[one.status]}{', ' if said else ''}{', '.join(said)}"


def _cells(place: int, one: ArrayGradient) -> tuple[Cell, ...]:
    at = f"/arrays/{place}"
    worst = one.worst
    index = "-" if worst is None else f"[{', '.join(map(str, worst.index))}]"
    return (
        name(one.name),
        Cell(MEANING[one.status]),
        number(one.cosine, f"{at}/cosine", None if one.cosine is None else f"{one.cosine:.4f}"),
        number(one.ratio, f"{at}/ratio", None if one.ratio is None else f"{one.ratio:.3g}"),
        Cell(index),
        number(None if worst is None else worst.code, f"{at}/worst/code"),
        number(None if worst is None else worst.true, f"{at}/worst/true"),
    )
