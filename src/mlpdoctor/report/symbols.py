"""What is shown on a screen in an encoding that cannot say every character."""

from functools import partial

from mlpdoctor.core.legible import legible, spelt_out
from mlpdoctor.core.legible_parts import Part, changed_parts

INSTEAD = {"█": "#", "±": "+/-", "…": "...", "²": "^2", "×": "x", "–": "-", "’": "'", "“": '"', "”": '"'}  # noqa: RUF001
INSTEAD |= {"•": "*", "○": "o", "─": "-"}
"""Spelt-out symbols; any other character appears as its number, ``\\u4e2d``, for a name must stay recognisable."""


def plain(text: str, encoding: str = "utf-8") -> str:
    """The text as the encoding can say it: ``0.5 ± 0.1`` in ASCII is ``0.5 +/- 0.1``."""
    text = legible(text)
    if _can(text, encoding):
        return text
    return "".join(one if _can(one, encoding) else INSTEAD.get(one) or spelt_out(one) for one in text)


def spelt(value: Part, encoding: str) -> Part:
    """The same report, ladder or other data with every text in it made plain; code keeps its lines."""
    return changed_parts(value, partial(plain, encoding=encoding))


def _can(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
