"""What do the units do? Pre-activations over each activation, the units in a strip, sizes through the layers."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from mlpdoctor.core.pictures import STATES, LayerPicture, LayerSizes, Pictures
from mlpdoctor.core.text import count, short
from mlpdoctor.report.html import svg
from mlpdoctor.report.html.picture import Cell, Picture, Table, name, number

QUESTION = "What do the units do?"
HEIGHT, LEFT, STRIP = 190, 12, 22
MOST_UNITS = 128
"""Units that are drawn one by one; of more the strip shows shares."""
COLOURS = {"working": svg.GOOD, "linear": svg.STRAIGHT, "saturated": svg.SATURATED, "dead": svg.DEAD}
STYLES = {"working": "good", "linear": "straight", "saturated": "saturated", "dead": "dead"}
MEANING = {
    "working": "working",
    "linear": "linear: works as a straight line on these rows",
    "saturated": "saturated: flat on half of the rows or more",
    "dead": "dead: 0 on every row",
}
LIMIT = 1e3
"""G601 and G602 report it where the gradient of a first layer is so many times smaller or larger than the last's."""


def unit_pictures(pictures: Pictures) -> Iterator[Picture]:
    """One for each layer, then the sizes through all of them."""
    for place, layer in enumerate(pictures.layers):
        yield _layer(layer, place)
    if pictures.sizes:
        yield _sizes(pictures)


def states(layer: LayerPicture) -> str:
    """The units counted: ``12 working, 3 dead``."""
    found = Counter(STATES[state] for state in layer.states)
    return ", ".join(f"{found[state]:,} {state}" for state in STATES if found[state])


def _layer(layer: LayerPicture, place: int) -> Picture:
    told = (
        f"{layer.name}: {count(len(layer.states), 'unit')} with {_function(layer)}: {states(layer)} "
        f"(on {count(layer.rows, 'row')}). The bars are the sums that enter the activation, from "
        f"{short(layer.edges[0], 3)} to {short(layer.edges[-1], 3)}."
    )
    with svg.drawing(HEIGHT + STRIP) as figure:
        on = svg.axes(figure, (LEFT, 6, svg.WIDTH - 44, HEIGHT - 38))
        edges, counts = np.array(layer.edges), np.array(layer.counts)
        on.stairs(counts, edges, fill=True, color=svg.DATA, alpha=0.55, linewidth=0)
        svg.linear(on, "x", edges[0], edges[-1], room=0.02)
        on.set_ylim(0, max(int(counts.max()), 1) * 1.08)
        on.set_yticks([])
        on.spines["left"].set_visible(False)
        on.set_xlabel("what enters the activation", labelpad=1)
        if layer.curve:
            beside = on.twinx()
            beside.spines["right"].set_visible(True)
            beside.spines["left"].set_visible(False)
            beside.plot(edges, layer.curve, color=svg.MODEL, linewidth=2.5)
            finite = [value for value in layer.curve if np.isfinite(value)] or [0.0]
            svg.linear(beside, "y", min(finite), max(finite), 3, room=0.08)
        _strip(svg.axes(figure, (LEFT, HEIGHT, svg.WIDTH - 12, HEIGHT + STRIP - 6)), layer.states)
        drawn = svg.as_svg(figure, told)
    here = Counter(STATES[state] for state in layer.states)
    legend = [("data", "what enters the activation"), *([("model", _passes(layer))] if layer.curve else [])]
    legend += [(STYLES[state], f"{here[state]:,} {MEANING[state]}") for state in STATES if here[state]]
    return Picture(f"units-{place}", f"{svg.cut(layer.name)}, {_function(layer)}", drawn, told, tuple(legend))


def _function(layer: LayerPicture) -> str:
    return "no activation" if layer.activation == "linear" else layer.activation


def _passes(layer: LayerPicture) -> str:
    return "what comes out: the same" if layer.activation == "linear" else f"what comes out: {layer.activation}"


def _strip(on: svg.Axes, found: Sequence[int]) -> None:
    """The units side by side, each in the colour of what it does; shares where they are too many."""
    on.axis("off")
    on.set_ylim(0, 1)
    if len(found) > MOST_UNITS:
        on.set_xlim(0, len(found))
        start = 0
        for place, state in enumerate(STATES):
            width = sum(one == place for one in found)
            on.barh(0.5, width, 1.0, start, color=COLOURS[state], linewidth=0)
            start += width
        return
    wide = max(len(found), 24)
    on.set_xlim(0, wide)
    for place, state in enumerate(STATES):
        chosen = [k for k, one in enumerate(found) if one == place]
        if chosen:
            height = {"dead": 0.35, "saturated": 0.65}.get(state, 1.0)  # told apart without colours as well
            on.broken_barh([(k + 0.08, 0.84) for k in chosen], (0, height), color=COLOURS[state], linewidth=0)


def _sizes(pictures: Pictures) -> Picture:
    """How large gradient, weights and updates are, layer by layer."""
    layers = pictures.sizes
    columns: list[tuple[str, list[float | None]]] = [
        ("gradient that arrives", [one.gradient for one in layers]),
        ("weights", [one.weights for one in layers]),
    ]
    if any(one.moved is not None for one in layers):
        columns.append((f"moved in {pictures.updates}", [one.moved for one in layers]))
    told = f"Sizes through the layers, from the inputs on: {'; '.join(map(_told, layers))}."
    row, top = 34, 26
    height = top + row * len(layers) + 24
    wide = (svg.WIDTH - 16) / len(columns)
    reference = pictures.reference
    with svg.drawing(height) as figure:
        for place, (title, values) in enumerate(columns):
            left = 8 + place * wide
            on = svg.axes(figure, (left + 6, top, left + wide - 10, height - 24))
            on.set_title(title, fontsize=12, color=svg.INK, pad=8)
            on.set_yticks([])
            on.set_ylim(len(layers), 0)
            on.spines["left"].set_visible(False)
            shown = [value for value in values if value is not None and 0 < value < np.inf]
            low, high = (min(shown), max(shown)) if shown else (0.1, 1.0)
            svg.logarithmic(on, "x", min(low, high / 10), max(high, low * 10), 3)
            if place == 0 and reference is not None and reference > 0:
                on.axvspan(reference / LIMIT, reference * LIMIT, color=svg.BAND, linewidth=0)
                on.set_xlim(min(low, high / 10) / 1.5, max(high, low * 10) * 1.5)
            for k, value in enumerate(values):
                _size(on, k, value, layers[k].layer if place == 0 else None)
        drawn = svg.as_svg(figure, told)
    legend = [("model", "size, on a log scale")]
    if reference is not None:
        legend.append(("band", "healthy: within 1,000 times of the last hidden layer's gradient"))
    head = ["layer", "gradient", "weights (root mean square)"]
    rows = [[name(one.layer), number(one.gradient), number(one.weights)] for one in layers]
    if any(one.moved is not None for one in layers):
        head.append(f"moved in {pictures.updates} updates, relative")
        rows = [[*row, number(one.moved)] for row, one in zip(rows, layers, strict=True)]
    table = Table("sizes through the layers", tuple(head), tuple(map(tuple, rows)))
    return Picture("sizes", "Does the gradient get through?", drawn, told, tuple(legend), (table,))


def _size(on: svg.Axes, place: int, value: float | None, layer: str | None) -> None:
    at = on.get_yaxis_transform()
    level = place + 0.7
    on.plot([0, 1], [level, level], color=svg.GRID, linewidth=1, transform=at)
    if layer is not None:
        on.text(0, place + 0.42, svg.cut(layer, 18), transform=at, va="baseline", fontsize=11)
    if value is None:
        return
    if value > 0 and np.isfinite(value):
        on.plot([value], [level], marker="o", color=svg.MODEL, markersize=8, clip_on=False)
    else:
        on.text(0.02, level + 0.1, "0" if value == 0 else str(value), transform=at, color=svg.MODEL, fontweight="bold")


def _told(one: LayerSizes) -> str:
    said = [f"weights {short(one.weights, 2)}"]
    said += [] if one.gradient is None else [f"gradient {short(one.gradient, 2)}"]
    said += [] if one.moved is None else [f"moved by {short(one.moved, 2)} of their size"]
    return f"{one.layer} {', '.join(said)}"


def table_of_units(pictures: Pictures) -> Table:
    """The units of all layers, counted."""
    rows = []
    for layer in pictures.layers:
        found = Counter(STATES[state] for state in layer.states)
        rows.append(
            (name(layer.name), Cell(layer.activation), *(Cell(f"{found[s]:,}", float(found[s])) for s in STATES))
        )
    return Table("what the units do", ("layer", "activation", *STATES), tuple(rows))
