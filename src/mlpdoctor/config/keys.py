"""Every setting there is: what it is called, what it takes, and what holds when nobody says anything."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mlpdoctor.config.kinds import Kind, names, one_of, path, paths, printed, text, whole
from mlpdoctor.config.words import CERTAINTIES, ENGINES, FORMS, LEVELS
from mlpdoctor.lean import dataclass


@dataclass(frozen=True)
class Key:
    """One setting.

    Attributes:
        name: as a file spells it; the option is the same with two dashes in front.
        kind: checks a value that comes out of a file.
        default: what holds otherwise.
        of_model: whether it may differ from model to model.
        rules: whether its words name rules.
    """

    name: str
    kind: Kind
    default: Any = None
    of_model: bool = True
    rules: bool = False


KEYS: Mapping[str, Key] = MappingProxyType(
    {
        key.name: key
        for key in (
            Key("data", path),
            Key("target", names),
            Key("features", names),
            Key("drop", names, ()),
            Key("loss", text),
            Key("sample-weight", text),
            Key("history", paths, ()),
            Key("plateau", printed),
            Key("select", names, rules=True),
            Key("ignore", names, (), rules=True),
            Key("extend-select", names, (), rules=True),
            Key("certainty", one_of(*CERTAINTIES), "estimated"),
            Key("fail-on", one_of(*LEVELS), "error"),
            Key("max-warnings", whole(0), of_model=False),
            Key("max-bytes", whole(1)),
            Key("engine", one_of(*ENGINES), "auto"),
            Key("seed", whole(0), 0),
            Key("format", one_of(*FORMS), "terminal", of_model=False),
            Key("output", paths, (), of_model=False),
            Key("baseline", path, of_model=False),
        )
    }
)
TABLES = ("rules", "per-model", "models", "suppress")
"""What else ``[tool.mlpdoctor]`` may hold."""
