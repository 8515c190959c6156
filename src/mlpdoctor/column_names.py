"""Columns as a user names them: by name, or by position counted from 1, or from -1 at the end."""

from collections.abc import Sequence
from difflib import get_close_matches

from mlpdoctor.errors import DataFileError
from mlpdoctor.lean import dataclass


@dataclass(frozen=True)
class Columns:
    """What is known of a table's columns before a row is read.

    Attributes:
        path: the file, as the messages name it.
        names: column names, each once.
        text: names of columns seen to hold something other than numbers.
        marked: positions of the columns that the file itself marks as targets; empty when it marks none.
    """

    path: str
    names: tuple[str, ...]
    text: frozenset[str] = frozenset()
    marked: tuple[int, ...] = ()


def find_columns(columns: Columns, asked: Sequence[str], option: str) -> tuple[int, ...]:
    """Positions of the columns a user asked for.

    Args:
        columns: the columns there are.
        asked: names, or positions counted from 1, or from -1 at the end. A name wins over a position.
        option: the option that asked, for the message.

    Returns:
        Positions counted from 0, in the order asked for.

    Raises:
        DataFileError: there is no such column, or one is asked for twice.
    """
    found: list[int] = []
    for word in asked:
        place = _place(columns.names, word.strip())
        if place is None:
            near = get_close_matches(word.strip(), columns.names, n=3)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise DataFileError(
                f"{columns.path}: {option} {word!r} is neither the name of a column nor a position from 1 to "
                f"{len(columns.names)}; {hint}the columns are {listed(columns.names)}"
            )
        if place in found:
            raise DataFileError(f"{columns.path}: {option} names the column {columns.names[place]!r} twice")
        found.append(place)
    return tuple(found)


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names with commas between them, the middle left out when there are many."""
    longest = 40
    shown = list(names) if len(names) <= most else [*names[: most - 1], "...", names[-1]]
    shown = [printable(name) for name in shown]
    return ", ".join(name if len(name) <= longest else name[:longest] + "..." for name in shown)


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it has to be."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names that are all different and none empty, made so the way pandas does."""
    taken: set[str] = set()
    copies: dict[str, int] = {}
    out: list[str] = []
    for place, written in enumerate(names):
        base = name = printable(written) or f"Unnamed: {place}"
        while name in taken:
            copies[base] = copies.get(base, 0) + 1
            name = f"{base}.{copies[base]}"
        taken.add(name)
        out.append(name)
    return tuple(out)


def printable(text: str) -> str:
    """A text on one line, with a question mark for each letter that a terminal would act on."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def _place(names: Sequence[str], word: str) -> int | None:
    """Position of the column a word means."""
    if word in names:
        return names.index(word)
    try:
        position = int(word)
    except ValueError:
        return None
    if 1 <= position <= len(names):
        return position - 1
    return position + len(names) if -len(names) <= position <= -1 else None
