"""What did it learn? The data beside the predictions: as a line, as maps, as residuals, as a table of classes."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from mlpdoctor.core.pictures import Classes, Fit, Pictures, Surface
from mlpdoctor.core.text import count, listing, percent, short
from mlpdoctor.report.html import svg
from mlpdoctor.report.html.picture import Cell, Picture, Table, name, number

QUESTION = "What did it learn?"
HEIGHT, LEFT, BOTTOM = 270, 52, 38
MOST_LISTED = 12
"""Rows of the data in a table: as many as somebody reads."""
LEVELS = 12
MAP_HEIGHT, MAP_GAP = 240, 34
MIDDLE = 0.5


def fit_pictures(pictures: Pictures) -> Iterator[Picture]:
    """A figure for each target, then one for each output that tells classes apart."""
    several = pictures.targets > 1
    for place, fit in enumerate(pictures.fits):
        drawn = _of(fit)
        if drawn is not None:
            question = f"{QUESTION} {svg.cut(fit.target)}" if several else QUESTION
            yield Picture(f"fit-{place}", question, *drawn)
    for place, classes in enumerate(pictures.classes):
        yield _classes(classes, place)


def sampled(pictures: Pictures) -> str:
    """Which rows are shown."""
    if pictures.rows == pictures.of:
        return f"All {count(pictures.rows, 'row')} are shown."
    return f"{pictures.rows:,} of {pictures.of:,} rows are shown, drawn at random with a fixed seed."


Drawn = tuple[str, str, tuple[tuple[str, str], ...], tuple[Table, ...]]


def _of(fit: Fit) -> Drawn | None:
    if fit.surface is not None and not fit.surface.y:
        return None if fit.classes > 2 else _line(fit, fit.surface)  # noqa: PLR2004  a probability
    if fit.surface is not None:
        return _maps(fit, fit.surface)
    return None if fit.classes else _residuals(fit)


def _error(fit: Fit) -> str:
    if fit.classes:
        return ""
    truth, prediction = np.array(fit.truth), np.array(fit.prediction)
    with np.errstate(all="ignore"):
        rms = float(np.sqrt(np.mean(np.square(truth - prediction))))
    return f" On the rows shown predictions are off by {short(rms, 3)} (root mean square)."


def _line(fit: Fit, surface: Surface) -> Drawn:
    """One feature: the whole answer in one picture."""
    x, truth = fit.columns[0], fit.truth
    with svg.drawing(HEIGHT) as figure:
        on = svg.axes(figure, (LEFT, 8, svg.WIDTH - 18, HEIGHT - BOTTOM))
        seen = [value for value in (*truth, *surface.values, *surface.line) if np.isfinite(value)]
        svg.linear(on, "x", surface.x[0], surface.x[-1], room=0.0)
        svg.linear(on, "y", min(seen, default=0.0), max(seen, default=1.0))
        few = len(truth) <= svg.FEW
        if not few:
            svg.dots(on, x, truth, svg.DATA)
        for left, low, right, high in surface.pieces:
            on.plot([left, right], [low, high], color=svg.GOOD, linewidth=2)
        on.plot(surface.x, surface.values, color=svg.MODEL, linewidth=3)
        if surface.line:
            on.plot(surface.x, surface.line, color=svg.INK, linewidth=1.5, dashes=(5, 4))
        if few:
            svg.dots(on, x, truth, svg.DATA)
        on.set_xlabel(svg.cut(fit.features[0]), labelpad=2)
        on.set_ylabel(svg.cut(fit.target) if not fit.classes else f"probability of {svg.cut(fit.target, 12)}")
        best = "the best line" if not fit.classes else "the best line, as a probability"
        told = (
            f"{fit.target} against {fit.features[0]}: the data, what the model predicts"
            f"{f', and {best}' if surface.line else ''}.{_beside(surface)}{_error(fit)}"
        )
        drawn = svg.as_svg(figure, told)
    legend = [("data", "data"), ("model", "your model")]
    legend += [("dashes", best)] if surface.line else []
    if surface.pieces:
        kinks = len(surface.pieces) - 1
        legend.append(
            ("good", f"best {count(kinks + 1, 'separate line')}: with {count(kinks, 'kink')} no fit gets below")
        )
    return drawn, told, tuple(legend), _rows(fit)


def _beside(surface: Surface) -> str:
    """How far the model is from the best line, where both are known."""
    if not surface.line:
        return ""
    values, line = np.array(surface.values), np.array(surface.line)
    span = float(np.ptp(line)) or 1.0
    with np.errstate(all="ignore"):
        apart = float(np.abs(values - line).max())
    if not np.isfinite(apart):
        return ""
    if apart <= 0.01 * span:
        return " The model is the best line: nowhere on the figure do they differ by 1 % of its range."
    return f" Model and best line differ by up to {short(apart, 2)}."


def _rows(fit: Fit) -> tuple[Table, ...]:
    """The rows themselves, where they are few."""
    if len(fit.truth) > MOST_LISTED or len(fit.features) > 2:  # noqa: PLR2004
        return ()
    rows = tuple(
        (*(number(column[k]) for column in fit.columns), number(fit.truth[k]), number(fit.prediction[k]))
        for k in range(len(fit.truth))
    )
    return (Table("the rows", (*fit.features, fit.target, "predicted"), rows),)


def _maps(fit: Fit, surface: Surface) -> Drawn:
    """Two features: the data and the prediction as maps of one scale."""
    from matplotlib import colormaps

    seen = np.array([value for value in (*fit.truth, *surface.values) if np.isfinite(value)])
    if not len(seen):
        seen = np.array([0.0, 1.0])
    if fit.classes:
        levels = np.linspace(0, max(fit.classes - 1, 1), (fit.classes if fit.classes > 2 else 10) + 1)  # noqa: PLR2004
    else:
        low, high = np.percentile(seen, [0.5, 99.5])
        levels = np.linspace(low, high if high > low else low + 1.0, LEVELS + 1)
    shades = [colormaps["viridis"](k / max(len(levels) - 2, 1)) for k in range(len(levels) - 1)]
    told = (
        f"{fit.target} over {fit.features[0]} and {fit.features[1]}: the data on the left, the model's prediction on "
        f"the right, both from {short(float(levels[0]), 3)} (dark) to {short(float(levels[-1]), 3)} (light)."
        f"{_error(fit)}"
    )
    half = (svg.WIDTH - 44 - 8 - MAP_GAP) / 2
    with svg.drawing(MAP_HEIGHT + 36) as figure:
        for place, title in enumerate(("data", "your model")):
            left = 44 + place * (half + MAP_GAP)
            on = svg.axes(figure, (left, 24, left + half, MAP_HEIGHT - BOTTOM))
            svg.linear(on, "x", surface.x[0], surface.x[-1], 3, room=0.0)
            svg.linear(on, "y", surface.y[0], surface.y[-1], 4, room=0.0)
            on.set_title(title, fontsize=12, color=svg.INK, pad=6)
            on.set_xlabel(svg.cut(fit.features[0], 18), labelpad=2)
            if place == 0:
                on.set_ylabel(svg.cut(fit.features[1], 18), labelpad=2)
                bins = np.clip(np.searchsorted(levels, fit.truth, side="right") - 1, 0, len(shades) - 1)
                for shade, colour in enumerate(shades):
                    chosen = [np.array(column)[bins == shade] for column in fit.columns]
                    svg.dots(on, chosen[0], chosen[1], colour, 5.0, solid=True)
            else:
                grid = np.array(surface.values).reshape(len(surface.y), len(surface.x))
                clipped = np.clip(np.nan_to_num(grid), levels[0], levels[-1])
                on.contourf(surface.x, surface.y, clipped, levels=levels, colors=shades)
        _shades(svg.axes(figure, (44, MAP_HEIGHT + 2, svg.WIDTH - 8, MAP_HEIGHT + 12)), levels, shades)
        drawn = svg.as_svg(figure, told)
    return drawn, told, (), _rows(fit)


def _shades(on: svg.Axes, levels: ArrayLike, shades: Sequence[tuple[float, ...]]) -> None:
    """The scale of colours below both maps."""
    ends = np.asarray(levels)
    for place, colour in enumerate(shades):
        on.axvspan(ends[place], ends[place + 1], color=colour, linewidth=0)
    on.set_yticks([])
    on.spines["left"].set_visible(False)
    svg.linear(on, "x", ends[0], ends[-1], room=0.0)


def _residuals(fit: Fit) -> Drawn:
    """More features: prediction against target, and what is left over against prediction and two features."""
    truth, prediction = np.array(fit.truth), np.array(fit.prediction)
    with np.errstate(all="ignore"):
        rest = truth - prediction
    panels = [(truth, prediction, "target", "predicted"), (prediction, rest, "predicted", "target - predicted")]
    panels += [
        (np.array(column), rest, svg.cut(feature, 20), "target - predicted")
        for feature, column in zip(fit.features, fit.columns, strict=True)
    ]
    told = (
        f"{fit.target}: predictions against targets, and what they miss against the prediction and against "
        f"{listing(fit.features)}, the features that tell most of it.{_error(fit)}"
    )
    half, high = svg.WIDTH / 2, 190
    with svg.drawing(2 * high) as figure:
        for place, (x, y, across, up) in enumerate(panels):
            left, top = (place % 2) * half, (place // 2) * high
            on = svg.axes(figure, (left + 50, top + 8, left + half - 8, top + high - 38))
            good = np.isfinite(x) & np.isfinite(y)
            ends = (x[good], y[good]) if good.any() else (np.zeros(1), np.zeros(1))
            if place == 0:
                both = np.concatenate(ends)
                ends = (both, both)
            svg.linear(on, "x", float(ends[0].min()), float(ends[0].max()), 3)
            svg.linear(on, "y", float(ends[1].min()), float(ends[1].max()), 4)
            svg.dots(on, x, y, svg.DATA if place else svg.MODEL, 6.0 if len(x) <= svg.FEW else 2.5)
            if place == 0:
                on.plot(on.get_xlim(), on.get_xlim(), color=svg.LINE, linewidth=1.2, dashes=(4, 3))
            else:
                on.axhline(0, color=svg.LINE, linewidth=1.2, dashes=(4, 3))
            on.set_xlabel(across, labelpad=1)
            on.set_ylabel(up, labelpad=1)
        drawn = svg.as_svg(figure, told)
    legend = (("model", "prediction"), ("data", "what it misses"), ("dashes", "a perfect prediction"))
    return drawn, told, legend, _rows(fit)


def _classes(classes: Classes, place: int) -> Picture:
    """Confusions as a table, and whether probabilities are what they say."""
    right = sum(counts[k] for k, counts in enumerate(classes.counts))
    rows = sum(map(sum, classes.counts))
    share = percent(right / rows) if rows else "none"
    told = (
        f"{classes.output}: {right:,} of {rows:,} answers are right ({share}). The curve compares the probability of "
        "an answer with how often it is right: "
        + "; ".join(
            f"{short(a, 2)} claimed, {short(b, 2)} right" for a, b in zip(classes.claimed, classes.right, strict=True)
        )
        + "."
    )
    with svg.drawing(250) as figure:
        on = svg.axes(figure, (LEFT, 8, svg.WIDTH - 8, 250 - BOTTOM))
        svg.linear(on, "x", 0, 1, room=0.02)
        svg.linear(on, "y", 0, 1, room=0.04)
        on.plot([0, 1], [0, 1], color=svg.LINE, linewidth=1.2, dashes=(4, 3))
        on.plot(classes.claimed, classes.right, color=svg.MODEL, linewidth=2)
        most = max(classes.rows, default=1)
        for claimed, found, number_of in zip(classes.claimed, classes.right, classes.rows, strict=True):
            size = 4 + 9 * (number_of / most) ** MIDDLE
            on.plot([claimed], [found], marker="o", color=svg.MODEL, markersize=size, clip_on=False)
        on.set_xlabel("probability that the model gives its answer", labelpad=2)
        on.set_ylabel("share that is right")
        drawn = svg.as_svg(figure, told)
    table = tuple(
        (name(label), *(Cell(f"{one:,}", float(one)) for one in counts))
        for label, counts in zip(classes.labels, classes.counts, strict=True)
    )
    left_out = f"; {count(classes.left_out, 'rarer class')[:-1]}es left out" if classes.left_out > 1 else ""
    caption = f"{classes.output}: true class by row, predicted class by column{left_out}"
    legend = (("model", "your model; larger where more rows are"), ("dashes", "probabilities that are what they say"))
    head = ("true", *classes.labels)
    return Picture(
        f"classes-{place}", "Which classes does it tell apart?", drawn, told, legend, (Table(caption, head, table),)
    )
