"""On which line of a TOML file each key stands: ``tomllib`` does not tell, and a message should."""

import re
from collections.abc import Mapping
from typing import TypeAlias

Way: TypeAlias = tuple[str | int, ...]
"""Keys and positions in lists that lead to a value: ``("per-model", 0, "data")``."""

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]\s*(?:#.*)?$")
_LISTED = re.compile(rf"\s*\[\[\s*({_DOTTED})\s*\]\]\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")


def positions(text: str) -> Mapping[Way, int]:
    """The line, from 1, of every key and table that has a line of its own; the first where a file repeats one."""
    found: dict[Way, int] = {}
    table: Way = ()
    listed: dict[Way, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _LISTED.match(line):
            way = _way(heading[1], listed)
            listed[way] = listed.get(way, -1) + 1
            table = (*way, listed[way])
            found.setdefault(table, number)
        elif heading := _TABLE.match(line):
            table = _way(heading[1], listed)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key[1])), number)
    return found


def line_of(way: Way, lines: Mapping[Way, int]) -> int | None:
    """The line of a value, or of the innermost table around it that has one."""
    return next((lines[way[:end]] for end in range(len(way), 0, -1) if way[:end] in lines), None)


def _way(dotted: str, listed: Mapping[Way, int]) -> Way:
    """A heading's keys; below a list of tables it means the latest of them."""
    way: Way = ()
    parts = _parts(dotted)
    for number, part in enumerate(parts, start=1):
        way = (*way, part)
        if way in listed and number < len(parts):
            way = (*way, listed[way])
    return way


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
