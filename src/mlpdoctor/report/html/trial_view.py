"""What ``treat`` found, as the template of a page takes it: did the cure work?"""

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from mlpdoctor.core.text import short
from mlpdoctor.core.trial_result import RunGroup, Trial, TrialResult
from mlpdoctor.report import trial_phrases as words
from mlpdoctor.report.html import svg
from mlpdoctor.report.html.case import placed
from mlpdoctor.report.html.picture import Cell, Picture, Table, name, number

HEIGHT, LEFT, BOTTOM, ROW = 220, 74, 36, 46
SIDES = (("line", svg.LINE, "control"), ("model", svg.MODEL, "treated"))
SIGNS = {"+": "plus", "-": "minus"}
MOST_CURVES = 8
"""Trials whose curves are drawn; the figure above has all of them."""


def trials_view(result: TrialResult) -> dict[str, Any]:
    """What the page shows of trials, in the order and the words of the terminal."""
    shown = words.shown(result)
    facts = [
        ("loss", f"{result.judged_by}: {words.control(result)}"),
        ("trials", words.protocol(result.protocol)),
    ]
    facts += [] if result.memory is None else [("by heart", words.memory(result.memory))]
    facts += [("untried", line) for line in words.untried(result)]
    facts += [] if result.written is None else [("written", f"{result.written}, trained")]
    facts += [("stopped", "interrupted; this is what was known by then")] if result.interrupted else []
    effects = _effects(result, shown)
    best = None if result.best is None else _curves(result.best)
    return {
        "sources": words.sources(result),
        "verdict": result.verdict,
        "follow": words.follow(result),
        "facts": facts,
        "effects": placed([one for one in (effects, best) if one is not None], "trials"),
        "trials": [_trial(place, one, result) for place, one in enumerate(shown)],
    }


def _trial(place: int, trial: Trial, result: TrialResult) -> dict[str, Any]:
    other = "" if trial.judged_by == result.judged_by else f" ({trial.judged_by})"
    curves = _curves(trial) if place < MOST_CURVES and trial != result.best else None  # the best is on top
    best = ", the best" if trial == result.best else ""
    return {
        "id": f"trial-{place + 1}",
        "verdict": trial.verdict.value,
        "names": f"{words.names(trial)}{words.answers(trial)}{best}",
        "text": f"{trial.text}.",
        "facts": [
            ("control", f"{words.control_of(trial)}{other}"),
            ("treated", words.group(trial.treated)),
            ("so", f"{words.told(trial)}."),
        ],
        "figures": [] if curves is None else placed([curves], f"trial-{place + 1}"),
        "diff": [(SIGNS.get(sign, "same"), sign, line) for sign, line in trial.diff],
        "new_code": "\n".join(line for sign, line in trial.diff if sign != "-"),
    }


def _finite(group: RunGroup) -> list[float]:
    return [loss for loss in group.losses if math.isfinite(loss)]


def _effects(result: TrialResult, shown: Sequence[Trial]) -> Picture | None:
    """Each change beside its control: every run, and the middle one."""
    losses = [loss for trial in shown for side in (trial.control, trial.treated) for loss in _finite(side)]
    if not losses:
        return None
    told = "Loss after training, without and with each change: " + "; ".join(
        f"{words.names(trial)} {words.group(trial.control)} without, {words.group(trial.treated)} with"
        for trial in shown
    )
    height = 10 + ROW * len(shown) + BOTTOM
    log = min(losses) > 0 and svg.spans_decades(losses)
    with svg.drawing(height) as figure:
        on = svg.axes(figure, (14, 10, svg.WIDTH - 14, height - BOTTOM))
        (svg.logarithmic if log else svg.linear)(on, "x", min(losses), max(losses))
        on.set_ylim(len(shown), 0)
        on.set_yticks([])
        on.spines["left"].set_visible(False)
        for place, trial in enumerate(shown):
            on.text(0, place + 0.34, svg.cut(words.names(trial), 36), transform=on.get_yaxis_transform(), va="baseline")
            said = "" if trial.gained is None else f"gains {words.gained(trial)}"
            on.text(1, place + 0.34, said, transform=on.get_yaxis_transform(), va="baseline", ha="right")
            for level, (_, colour, _), group in zip((0.55, 0.78), SIDES, (trial.control, trial.treated), strict=True):
                runs = _finite(group)
                if not runs:
                    continue
                on.plot([min(runs), max(runs)], [place + level] * 2, color=colour, linewidth=3, alpha=0.6)
                svg.dots(on, runs, [place + level] * len(runs), colour, 5.0)
                on.plot([median(runs)], [place + level], marker="o", color=colour, markersize=8, clip_on=False)
        on.set_xlabel(f"loss after training{', log scale' if log else ''}", labelpad=2)
        drawn = svg.as_svg(figure, told)
    rows = tuple(row for place, trial in enumerate(shown) for row in _rows(place, trial, result))
    table = Table("loss after training", ("change", "side", "median", "lowest", "highest", "gained"), rows)
    legend = tuple((style, f"{side}: each run, and the middle one") for style, _, side in SIDES)
    return Picture("effects", "Did the cure work?", drawn, told, legend, (table,))


def _rows(place: int, trial: Trial, result: TrialResult) -> list[tuple[Cell, ...]]:
    many, both = len(result.trials), len(result.trials) + len(result.combinations)
    at = f"/trials/{place}" if place < many else f"/combinations/{place - many}" if place < both else "/fresh"
    found = []
    for _, _, side in SIDES:
        group: RunGroup = getattr(trial, side)
        gained = number(trial.gained, f"{at}/gained") if side == "treated" else Cell("")
        numbers = [number(getattr(group, one), f"{at}/{side}/{one}") for one in ("median", "low", "high")]
        found.append((name(words.names(trial)), Cell(side), *numbers, gained))
    return found


def _curves(trial: Trial) -> Picture | None:
    """The loss on its way: each run thin, the middle of them thick; None where the sides' losses are not comparable."""
    sides = [
        (colour, group.curves) for (_, colour, _), group in zip(SIDES, (trial.control, trial.treated), strict=True)
    ]
    points = [point for _, curves in sides for curve in curves for point in curve if math.isfinite(point[1])]
    if not all(curves for _, curves in sides) or len(points) < 2:  # noqa: PLR2004  a curve
        return None
    losses = [loss for _, loss in points]
    told = f"Loss of each run against updates, {words.names(trial)}: "
    told += "; ".join(
        f"{side} from {short(curves[0][0][1])} to {short(curves[0][-1][1])} in the first run"
        for (_, _, side), (_, curves) in zip(SIDES, sides, strict=True)
    )
    log = min(losses) > 0 and max(losses) > 5 * min(losses)
    with svg.drawing(HEIGHT) as figure:
        on = svg.axes(figure, (LEFT, 8, svg.WIDTH - 18, HEIGHT - BOTTOM))
        (svg.logarithmic if log else svg.linear)(on, "y", min(losses), max(losses))
        svg.linear(on, "x", 0, max(update for update, _ in points), room=0.02)
        for colour, curves in sides:
            for curve in curves:
                on.plot([u for u, _ in curve], [loss for _, loss in curve], color=colour, linewidth=1, alpha=0.6)
            svg.dots(on, [curve[-1][0] for curve in curves], [curve[-1][1] for curve in curves], colour, 7.0)
            if len(curves) > 1:
                shared = set.intersection(*({u for u, _ in curve} for curve in curves))
                middle = [(u, median(dict(curve)[u] for curve in curves)) for u in sorted(shared)]
                on.plot([u for u, _ in middle], [loss for _, loss in middle], color=colour, linewidth=3)
        on.set_xlabel("updates", labelpad=2)
        on.set_ylabel(f"loss{', log' if log else ''}")
        drawn = svg.as_svg(figure, told)
    legend = tuple((style, f"{side}: runs thin, the middle thick") for style, _, side in SIDES)
    return Picture("curves", f"Training without and with it: {words.names(trial)}", drawn, told, legend)
