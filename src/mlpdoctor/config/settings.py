"""Settings of several places put together: a later place beats an earlier one, and each value remembers its own."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from mlpdoctor.check import Rule
from mlpdoctor.config.keys import KEYS
from mlpdoctor.config.section import DEFAULT, Placed, Section
from mlpdoctor.lean import dataclass
from mlpdoctor.selection import Choice, chosen

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
