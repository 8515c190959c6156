"""What kinds of value a setting takes, and how each is checked when it comes out of a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from mlpdoctor.errors import UsageError
from mlpdoctor.near import meant

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
            hint = meant(value, choices) if isinstance(value, str) else ""
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
