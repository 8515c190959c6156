"""Makes the texts of a report fit to be shown: what the encoding cannot say, and what would steer a terminal.

Names of layers and columns come from files that nobody vouches for, so a control character in one is spelt out.
"""

import dataclasses
import unicodedata
from collections.abc import Mapping
from typing import Any, TypeVar

from mlpdoctor.core.finding import Remedy

INSTEAD = {"█": "#", "±": "+/-", "…": "...", "²": "^2", "×": "x", "–": "-", "’": "'", "“": '"', "”": '"'}  # noqa: RUF001
INSTEAD |= {"•": "*", "○": "o", "─": "-"}
"""Spelt-out symbols; any other character appears as its number, ``\\u4e2d``, for a name must stay recognisable."""
TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing, and so can show one name for another."""
Part = TypeVar("Part")


def plain(text: str, encoding: str = "utf-8") -> str:
    """The text as the encoding can say it: ``0.5 ± 0.1`` in ASCII is ``0.5 +/- 0.1``; a line break is spelt too."""
    if text.isprintable() and _can(text, encoding):
        return text
    return "".join(one if _fits(one, encoding) else INSTEAD.get(one) or _number(one) for one in text)


def spelt(value: Part, encoding: str = "utf-8") -> Part:
    """The same report, ladder or other data with every text in it made plain; code keeps its lines."""
    made: Part = _spelt(value, encoding)
    return made


def _spelt(value: Any, encoding: str) -> Any:  # noqa: ANN401  whatever a report may hold
    if type(value) is str:
        return plain(value, encoding)
    if isinstance(value, Remedy):
        code = None if value.code is None else "\n".join(plain(line, encoding) for line in value.code.split("\n"))
        return Remedy(plain(value.text, encoding), code)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        own = {one.name: _spelt(getattr(value, one.name), encoding) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **own)
    if isinstance(value, tuple):
        return tuple(_spelt(item, encoding) for item in value)
    if isinstance(value, Mapping):
        return {_spelt(name, encoding): _spelt(item, encoding) for name, item in value.items()}
    return value


def _fits(character: str, encoding: str) -> bool:
    steers = unicodedata.category(character) in {"Cc", "Zl", "Zp"} or character in TURNING
    return not steers and _can(character, encoding)


def _can(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _number(character: str) -> str:
    return ascii(character)[1:-1]
