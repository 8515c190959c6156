"""Draws with Matplotlib and hands over SVG that belongs in a page: text as text, colours of the page, no foreign ids.

Matplotlib because it is the plotting library that everybody has and that is best kept; it writes plain SVG without any
script or address, which Pygal, Plotly and Bokeh do not, and needs no engine of its own, as Altair does.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any, TypeAlias, cast

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import LogLocator, MaxNLocator
from numpy.typing import ArrayLike

Axes: TypeAlias = Any
"""Those of Matplotlib, which is imported where it is used."""
Colour: TypeAlias = str | tuple[float, ...]
WIDTH = 440
"""Of a figure in pixels: on a telephone its text is still read, and two stand side by side on a screen."""
POINTS = 72.0
INK, MUTED, GRID, MODEL, DATA, LINE, FLOOR, GOOD, SATURATED, DEAD, STRAIGHT, BAND = (
    f"#0000{number:02x}" for number in range(1, 13)
)
"""Colours that stand for those of the page, which has two schemes of them."""
NAMES = dict(
    zip(
        (INK, MUTED, GRID, MODEL, DATA, LINE, FLOOR, GOOD, SATURATED, DEAD, STRAIGHT, BAND),
        ["ink", "muted", "grid", "model", "data", "line", "floor", "good", "saturated", "dead", "straight", "band"],
        strict=True,
    )
)
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mlpdoctor",
    "path.simplify": False,
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "font.size": 12.0,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.labelsize": 12.0,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 12.0,
    "legend.labelcolor": INK,
}
DECADES = 100.0
"""What spans so many times its smallest is drawn on a log axis."""
PLAIN = 1e4
"""From here on, up to its square, a number beside an axis has no exponent."""
FEW = 60
"""Points that are drawn large."""
LONGEST = 28
"""Characters of a name in a figure; the page has it whole."""
PLACE = "\ue001"
"""Stands in ids of a drawing for that of its figure in the page; in no legible text."""
METADATA = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL)
COLOUR = re.compile(r"#0000(0[1-9a-c])\b")
FONT = re.compile(r" font-family: [^;\"]*;?")
DECIMALS = re.compile(r"(-?\d+\.\d\d)\d+")
TAG, SPACE, BETWEEN = re.compile(r"<[^>]*>"), re.compile(r"\s+"), re.compile(r">\s+<")
ID = re.compile(r' id="([^"]*)"')
USED = re.compile(r'(?:url\(#|href="#)([^)"]+)')


@contextmanager
def drawing(height: float, width: float = WIDTH) -> Iterator[Figure]:
    """A figure of so many pixels, in the style of the page, whatever the user's own style of Matplotlib is."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the measuring font lacks is drawn by the browser's
        mpl.rcdefaults()
        mpl.rcParams.update(cast(Any, STYLE))
        yield Figure(figsize=(width / POINTS, height / POINTS))


def as_svg(figure: Figure, label: str) -> str:
    """The figure as an element of a page; what it says to those who do not see it is in ``label``."""
    stream = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(stream, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = stream.getvalue()
    text = METADATA.sub("", text[text.index("<svg") :])
    body = text[text.index(">") + 1 :]
    body = body.replace("xlink:href=", "href=")
    used = set(USED.findall(body))
    body = ID.sub(lambda found: f' id="{PLACE}-{found[1]}"' if found[1] in used else "", body)
    body = re.sub(r"url\(#", f"url(#{PLACE}-", body).replace('href="#', f'href="#{PLACE}-')
    body = COLOUR.sub(lambda found: f"var(--{NAMES[found[0]]})", body)
    body = TAG.sub(_smaller, body)
    body = BETWEEN.sub("> <", body)
    width, height = figure.get_size_inches() * POINTS
    said = f'role="img" aria-label="{escape(label)}"'
    return f'<svg class="figure" viewBox="0 0 {width:.0f} {height:.0f}" {said}>{body}'.rstrip()


def _smaller(tag: re.Match[str]) -> str:
    """A tag without the measuring font, idle blanks and more decimals than a screen has."""
    return DECIMALS.sub(r"\1", FONT.sub("", SPACE.sub(" ", tag[0])))


def axes(figure: Figure, box: tuple[float, float, float, float], **options: Any) -> Axes:  # noqa: ANN401
    """Axes in a box of pixels: left, top, right and bottom, from the figure's upper left corner."""
    width, height = figure.get_size_inches() * POINTS
    left, top, right, bottom = box
    made = figure.add_axes((left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height))
    made.minorticks_off()
    made.set(**options)
    made.tick_params(length=3)
    return made


def dots(
    on: Axes, x: ArrayLike, y: ArrayLike, colour: Colour, size: float | None = None, *, solid: bool = False
) -> None:
    """Points as one path of round ends: a tenth of what a mark for each would take."""
    places = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    places = places[np.isfinite(places).all(axis=1)]
    if not len(places):
        return
    size = size or (9.0 if len(places) <= FEW else 3.5)
    path = Path(np.repeat(places, 2, axis=0), np.tile([Path.MOVETO, Path.LINETO], len(places)))
    faint = 1.0 if solid or len(places) <= FEW else 0.5
    on.add_patch(PathPatch(path, fill=False, edgecolor=colour, linewidth=size, capstyle="round", alpha=faint))


def linear(on: Axes, which: str, low: float, high: float, most: int = 5, room: float = 0.05) -> None:
    """A linear scale of an axis, ``x`` or ``y``, with a few round numbers on it."""
    if not (np.isfinite([low, high]).all() and high > low):
        low, high = (low - 0.5, low + 0.5) if np.isfinite(low) and abs(low) < 1e12 else (0.0, 1.0)  # noqa: PLR2004
    span = high - low
    low, high = low - room * span, high + room * span
    ticks = [one for one in MaxNLocator(most).tick_values(low, high) if low <= one <= high]
    _scale(on, which, (low, high), ticks)


def logarithmic(on: Axes, which: str, low: float, high: float, most: int = 5) -> None:
    """A log scale of an axis, with a few powers of ten on it."""
    low, high = low / 1.5, high * 1.5
    getattr(on, f"set_{which}scale")("log")
    on.minorticks_off()
    ticks = [one for one in LogLocator(numticks=most).tick_values(low, high) if low <= one <= high]
    _scale(on, which, (low, high), ticks)


def _scale(on: Axes, which: str, ends: tuple[float, float], ticks: Sequence[float]) -> None:
    getattr(on, f"set_{which}lim")(*ends)
    getattr(on, f"set_{which}ticks")(ticks, [tick(one) for one in ticks])
    on.minorticks_off()


def tick(value: float) -> str:
    """A number beside an axis."""
    return f"{value:,.0f}" if PLAIN <= abs(value) < PLAIN**2 else f"{value:.4g}"


def spans_decades(values: Sequence[float]) -> bool:
    """Whether positive numbers are best drawn on a log axis."""
    positive = [value for value in values if value > 0]
    return len(positive) > 1 and len(positive) == len(values) and max(positive) > DECADES * min(positive)


def cut(name: str, most: int = LONGEST) -> str:
    """A name as long as there is room for."""
    return name if len(name) <= most else f"{name[: most - 1]}…"
