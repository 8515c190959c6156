"""Every setting there is: its name, what it takes and how that is checked, and its default."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from mlpdoctor.core.address import protocol_of
from mlpdoctor.core.errors import UsageError, closest
from mlpdoctor.core.fast_dataclass import dataclass

Kind: TypeAlias = Callable[[Any, str, Path], Any]
"""Takes a value in the file, where it stands there, and the file's folder; gives it as the command line would."""


def text(value: Any, where: str, _: Path) -> str:  # noqa: ANN401  JSON
    """A word."""
    if not isinstance(value, str) or not value:
        raise UsageError(f"{where}: expected a string, got {value!r}")
    return value


def printed(value: Any, where: str, _: Path) -> str:  # noqa: ANN401
    """A number, as it was printed where its digits count: in quotes."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{where}: expected a number such as '0.0057', got {value!r}")
    return str(value)


def yes_or_no(value: Any, where: str, _: Path) -> bool:  # noqa: ANN401
    """True or false."""
    if not isinstance(value, bool):
        raise UsageError(f"{where}: expected true or false, got {value!r}")
    return value


def whole(least: int) -> Kind:
    """A whole number from ``least`` on."""

    def check(value: Any, where: str, _: Path) -> int:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise UsageError(f"{where}: expected a whole number from {least} on, got {value!r}")
        return value

    return check


def one_of(*choices: str) -> Kind:
    """One of a few words."""

    def check(value: Any, where: str, _: Path) -> str:  # noqa: ANN401
        if value not in choices:
            hint = closest(value, choices) if isinstance(value, str) else ""
            raise UsageError(f"{where}: expected one of {', '.join(choices)}, got {value!r}{hint}")
        return str(value)

    return check


def names(value: Any, where: str, _: Path) -> tuple[str, ...]:  # noqa: ANN401
    """Names or positions, in a list or in a string with commas."""
    if isinstance(value, str):
        value = value.split(",")
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) or not isinstance(item, str | int) for item in items):
        raise UsageError(f"{where}: expected a list of names such as ['a', 'b'], got {value!r}")
    return tuple(word for item in items if (word := str(item).strip()))


def path(value: Any, where: str, folder: Path) -> str:  # noqa: ANN401
    """A file, named from the folder of the configuration."""
    value = text(value, where, folder)
    if protocol_of(value) is not None:  # whoever unpacks a project gets its file with it
        raise UsageError(f"{where}: {value} is an address, which is read only where the command line gives it")
    return value if value == "-" else from_here(folder, value)


def paths(value: Any, where: str, folder: Path) -> tuple[str, ...]:  # noqa: ANN401
    """One or several files."""
    return tuple(path(item, where, folder) for item in (value if isinstance(value, list) else [value]))


def from_here(folder: Path, written: str) -> str:
    """A path that a file in ``folder`` names, as the working directory would name it."""
    whole_path = folder / written
    try:
        return str(whole_path.relative_to(Path.cwd()))
    except ValueError:
        pass
    import os

    try:
        return os.path.relpath(whole_path)
    except ValueError:  # another drive of Windows
        return str(whole_path)


SEVERITIES = ("error", "warning", "note")
LEVELS = (*SEVERITIES, "never")
CERTAINTIES = ("proved", "tried", "measured", "estimated")
FORMS = ("terminal", "json", "brief", "sarif", "code-scanning", "junit", "github", "markdown", "html")
"""A test holds these against the formats there are."""
ENGINES = ("auto", "numpy", "keras")
"""What may run a network; the same as in ``following``, which a test sees to."""


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
            Key("validation", path),
            Key("split", text),
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
            Key("quick", yes_or_no, default=False),
            Key("seed", whole(0), 0),
            Key("format", one_of(*FORMS), "terminal", of_model=False),
            Key("output", paths, (), of_model=False),
            Key("baseline", path, of_model=False),
        )
    }
)
TABLES = ("rules", "per-model", "models", "suppress")
"""What else ``[tool.mlpdoctor]`` may hold."""
