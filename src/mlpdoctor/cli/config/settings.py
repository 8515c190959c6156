"""What each place says (a file, a section of it, the command line), on which line, and all of them together."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, TypeAlias

from mlpdoctor.cli.config.keys import KEYS
from mlpdoctor.cli.selection import Choice, chosen
from mlpdoctor.core.check import Rule
from mlpdoctor.core.fast_dataclass import dataclass

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


COMMAND_LINE = "command line"
DEFAULT = "default"


@dataclass(frozen=True)
class Placed:
    """A value and where it came from.

    Attributes:
        value: as the command line would give it.
        origin: ``default``, ``pyproject.toml:12``, ``command line``.
        file: the configuration file that says so; None for the other two.
    """

    value: Any
    origin: str
    file: str | None = None


@dataclass(frozen=True)
class Section:
    """The settings of one place.

    Attributes:
        values: by the setting's name, only those that were given.
        thresholds: by the rule's code and the threshold's name.
    """

    values: Mapping[str, Placed] = field(default_factory=dict)
    thresholds: Mapping[str, Mapping[str, Placed]] = field(default_factory=dict)


Rules: TypeAlias = Callable[[], Sequence[Rule]]
"""All rules; a function, because finding them takes time that not every command has."""


@dataclass(frozen=True)
class Settings:
    """What is in force for one model, or for the run.

    Attributes:
        sections: the places, a later one beats an earlier one.
    """

    sections: tuple[Section, ...]

    def placed(self, name: str) -> Placed:
        """A setting's value, and where it came from."""
        for section in reversed(self.sections):
            if name in section.values:
                return section.values[name]
        return Placed(KEYS[name].default, DEFAULT)

    def value(self, name: str) -> Any:  # noqa: ANN401  as many types as there are settings
        """A setting's value."""
        return self.placed(name).value

    def said(self, name: str) -> tuple[Placed, ...]:
        """What every place says of a setting, for those that add up, the first place first."""
        return tuple(section.values[name] for section in self.sections if name in section.values)

    @property
    def thresholds(self) -> dict[str, dict[str, Placed]]:
        """The numbers that decide, as far as somebody set them, by code and name."""
        merged: dict[str, dict[str, Placed]] = {}
        for section in self.sections:
            for code, values in section.thresholds.items():
                merged.setdefault(code, {}).update(values)
        return merged

    def codes(self, rules: Sequence[Rule]) -> frozenset[str]:
        """The rules that are in force."""
        return chosen(rules, [_choice(section) for section in self.sections])


def _choice(section: Section) -> Choice:
    said = {name.replace("-", "_"): section.values[name].value for name in section.values if KEYS[name].rules}
    return Choice(**said)
