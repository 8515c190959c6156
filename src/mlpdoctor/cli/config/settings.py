"""What each place says (a file, a section of it, the command line), and all of them put together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, TypeAlias

from mlpdoctor.cli.config.keys import KEYS
from mlpdoctor.cli.selection import Choice, chosen
from mlpdoctor.core.check import Rule
from mlpdoctor.core.fast_dataclass import dataclass

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
