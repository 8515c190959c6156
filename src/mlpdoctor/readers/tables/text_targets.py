"""Targets given as texts, read as 0 and 1 or as class numbers in the order of the alphabet, as encoders number them."""

from dataclasses import replace

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError, legible
from mlpdoctor.readers.tables.column_names import TEXT, listed
from mlpdoctor.readers.tables.columns import Roles
from mlpdoctor.readers.tables.table import WHOLE, Table
from mlpdoctor.readers.tables.text_rows import MISSING

MOST_CLASSES = 1000
"""Different texts in a target; a column with more is no set of classes."""
TWO = 2
LONGEST = 30


def with_classes(path: str, table: Table, roles: Roles, wanted: Wanted) -> Table:
    """The table with its text targets read as numbers, which is said.

    Args:
        path: of the data, as the messages name it.
        table: opened.
        roles: which columns are the targets.
        wanted: how many classes the model tells apart.

    Raises:
        DataFileError: a target holds more texts than the model has classes.
    """
    codes: dict[int, dict[str, float]] = {}
    texts: dict[str, tuple[str, ...]] = {}
    guesses = []
    for place in roles.targets:
        name = table.names[place]
        if table.kinds.get(name) != TEXT or table.cells is None:
            continue
        seen = _texts(path, name, table, place)
        known = wanted.texts.get(name)
        if known is not None:
            seen = _known(path, name, seen, known)
        elif len(seen) < TWO:
            continue  # reading the column says what is wrong with it
        if wanted.classes is not None and len(seen) > max(wanted.classes, TWO):
            raise DataFileError(
                f"{path}: the target {name!r} holds {len(seen)} different texts ({listed(seen, 4)}), and the model has "
                f"{wanted.classes} output{'' if wanted.classes == 1 else 's'}; name the right column with --target"
            )
        texts[name] = tuple(seen)
        codes[place] = {text: float(number) for number, text in enumerate(seen)}
        shown = [f"{legible(text[:LONGEST])} = {number}" for number, text in enumerate(seen)]
        guesses.append(f"{name}: {listed(shown, 6)}, in the order of the alphabet")
    if not codes or table.coded is None:
        return table
    coded = table.coded(codes)
    return replace(
        table,
        blocks=coded,
        sections=lambda: WHOLE,
        section_blocks=None,
        guesses=(*table.guesses, *guesses),
        texts=texts,
    )


def _known(path: str, name: str, seen: list[str], known: tuple[str, ...]) -> list[str]:
    """The texts of the rows trained on, which number those of the others too.

    Raises:
        DataFileError: the others hold one that these do not.
    """
    new = [text for text in seen if text not in known]
    if new:
        raise DataFileError(
            f"{path}: the target {name!r} holds {listed(new, 4)}, and the rows trained on hold {listed(known, 4)}; "
            "leave those rows out"
        )
    return list(known)


def _texts(path: str, name: str, table: Table, place: int) -> list[str]:
    found = set[str]()
    for cell in table.cells(place) if table.cells is not None else ():
        word = cell.strip()
        if word not in MISSING and word not in found:
            found.add(word)
            if len(found) > MOST_CLASSES:
                raise DataFileError(
                    f"{path}: the target {name!r} holds more than {MOST_CLASSES:,} different texts, too many for "
                    "classes; name the right column with --target"
                )
    return sorted(found)
