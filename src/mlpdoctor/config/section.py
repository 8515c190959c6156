"""What one place says: a file, a section of it for some models, or the command line."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from mlpdoctor.lean import dataclass

COMMAND_LINE = "command line"
DEFAULT = "default"


@dataclass(frozen=True)
class Placed:
    """A value and where it came from: ``default``, ``pyproject.toml:12``, ``command line``."""

    value: Any
    origin: str


@dataclass(frozen=True)
class Section:
    """The settings of one place.

    Attributes:
        values: by the setting's name, only those that were given.
        thresholds: by the rule's code and the threshold's name.
    """

    values: Mapping[str, Placed] = field(default_factory=dict)
    thresholds: Mapping[str, Mapping[str, Placed]] = field(default_factory=dict)
