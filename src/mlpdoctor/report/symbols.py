"""What stands for a character that the screen's encoding cannot say, worked out before lines are broken."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

INSTEAD = {"█": "#", "±": "+/-", "…": "...", "²": "^2", "×": "x", "–": "-", "’": "'", "“": '"', "”": '"'}  # noqa: RUF001
"""Spelt-out symbols; any other character appears as its number, ``\\u4e2d``, for a name must stay recognisable."""
Part = TypeVar("Part")


def plain(text: str, encoding: str) -> str:
    """The text as the encoding can say it: ``0.5 ± 0.1`` in ASCII is ``0.5 +/- 0.1``."""
    if _can(text, encoding):
        return text
    return "".join(one if _can(one, encoding) else INSTEAD.get(one) or _number(one) for one in text)


def spelt(value: Part, encoding: str) -> Part:
    """The same report, ladder or other data with every text in it made plain."""
    return value if encoding.startswith("utf") else _spelt(value, encoding)


def _spelt(value: Any, encoding: str) -> Any:  # noqa: ANN401  whatever a report may hold
    if type(value) is str:
        return plain(value, encoding)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        own = {one.name: _spelt(getattr(value, one.name), encoding) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **own)
    if isinstance(value, tuple):
        return tuple(_spelt(item, encoding) for item in value)
    if isinstance(value, Mapping):
        return {name: _spelt(item, encoding) for name, item in value.items()}
    return value


def _can(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _number(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode()
