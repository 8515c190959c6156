"""Where things stand on the screen, where a line may break, and what is shown where an encoding lacks a character."""

import re
from functools import partial

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from mlpdoctor.core.errors import legible, spelt_out
from mlpdoctor.core.report_model import Part, changed_parts

INSTEAD = {"█": "#", "±": "+/-", "…": "...", "²": "^2", "×": "x", "–": "-", "’": "'", "“": '"', "”": '"'}  # noqa: RUF001
INSTEAD |= {"•": "*", "○": "o", "─": "-"}
"""Spelt-out symbols; any other character appears as its number, ``\\u4e2d``, for a name must stay recognisable."""


def plain(text: str, encoding: str = "utf-8") -> str:
    """The text as the encoding can say it: ``0.5 ± 0.1`` in ASCII is ``0.5 +/- 0.1``."""
    text = legible(text)
    if _can(text, encoding):
        return text
    return "".join(one if _can(one, encoding) else INSTEAD.get(one) or spelt_out(one) for one in text)


def plain_parts(value: Part, encoding: str) -> Part:
    """The same report, ladder or other data with every text in it made plain; code keeps its lines."""
    return changed_parts(value, partial(plain, encoding=encoding))


def _can(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


WIDEST = 96
"""Columns of prose, whatever the screen: longer lines are hard to follow."""
MARGIN = 2
"""Columns left free at the left edge."""
CODE = re.compile(r"`[^`]+`")
"""Code in a sentence. It may be copied, so it is never broken, even where it is wider than the screen."""
WHOLE = re.compile(
    r"[A-Za-z_][\w.]*\([^()]*\)"  # a call
    r"|\S+ = -?[\d.][\d.e+-]*(?: [A-Za-z_]\w*)?(?: [-+] [\d.][\d.e+-]*(?: [A-Za-z_]\w*)?)*"  # a formula
    r"|(?<!\S)[-+=±] \S+"  # a sign with its number
    r"|(?<!\S)\+/- \S+"
    r"|[\d.,]+ %"  # a number with its unit
    r"|\d\S* (?:± \S+|\+/- \S+)"
    r"|\(-v shows \w+\)"
    r"|[A-Z]\d{3}(?: [a-z-]+)? (?:×|x)\d+"  # noqa: RUF001  a rule with its count
)
"""What stays on one line where the screen is wide enough for it."""
JOINED = "\ue000"
"""Stands for a blank at which no line breaks: as wide as one, and in no legible text."""


def page_width(screen: int) -> int:
    """Columns of prose on a screen; the last column stays free."""
    return min(screen - 1, WIDEST)


def wrapped(text: str, width: int) -> list[str]:
    """Prose in lines of at most so many columns; code stays whole, numbers keep their sign and unit."""
    text = CODE.sub(_joined, text)
    text = WHOLE.sub(lambda found: _joined(found) if cell_len(found[0]) <= width else found[0], text)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if cell_len(longer) <= width:
            lines[-1] = longer
            continue
        pieces = [word] if JOINED in word or "`" in word else _folded(word, width)
        lines += pieces if lines[-1] else []
        lines = lines if lines[-1] else pieces
    return [line.replace(JOINED, " ") for line in lines]


def _joined(found: re.Match[str]) -> str:
    return found[0].replace(" ", JOINED)


def _folded(word: str, width: int) -> list[str]:
    """A word in pieces that fit."""
    pieces = [""]
    for character in word:
        if cell_len(pieces[-1]) + cell_len(character) > max(width, 2):
            pieces.append("")
        pieces[-1] += character
    return pieces


def prose(text: str, screen: int, first: Text | str = "", *, indent: int = MARGIN, style: str = "") -> Text:
    """A paragraph, its lines below each other.

    Args:
        text: what it says.
        screen: columns of the screen.
        first: what stands in front of its first line; the others begin below the text.
        indent: columns to the left of all of it.
        style: of the text.
    """
    head = Text(first) if isinstance(first, str) else first
    left = indent + head.cell_len
    lines = wrapped(text, max(page_width(screen) - left, 20))
    made = whole(" " * indent).append_text(head)
    return made.append(f"\n{' ' * left}".join(lines), style)


def code(text: str, first: Text | str = "", *, indent: int = MARGIN, style: str = "green") -> Text:
    """Lines to be copied and pasted: as they are, however wide; rich is not to crop them either."""
    head = Text(first) if isinstance(first, str) else first
    made = whole(" " * indent).append_text(head)
    return made.append(text.replace("\n", f"\n{' ' * (indent + head.cell_len)}"), style)


def whole(text: str = "", style: str = "") -> Text:
    """A text that breaks where it says so and nowhere else."""
    return Text(text, style=style, no_wrap=True, overflow="ignore", end="\n")


def label(name: str, width: int) -> Text:
    """What stands in front of a paragraph."""
    return Text(f"{name:{width}}", style="dim")


def from_the_left(path: str, room: int, encoding: str) -> str:
    """A path in so many columns: what is cut off is its beginning, for the end tells files apart."""
    if cell_len(path) <= room:
        return path
    dots = plain("…", encoding)
    parts = re.split(r"(?=[/\\])", path)
    while len(parts) > 1 and cell_len(dots + "".join(parts)) > room:
        del parts[0]
    rest = "".join(parts)
    while rest and cell_len(dots + rest) > room:
        rest = rest[1:]
    return dots + rest


def from_the_right(text: str, room: int, encoding: str) -> str:
    """A text in so many columns, its end cut off where it has to be."""
    dots = plain("…", encoding)
    return text if cell_len(text) <= room else set_cell_size(text, max(room - len(dots), 1)).rstrip() + dots
