"""A figure of a page with all that belongs to it: the question it answers, its numbers as a table, its legend."""

import math

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import short


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: as people read it.
        value: the number behind it, in full; None where it is a word.
        path: where the JSON of the same run has that number, as a JSON pointer, ``/ladder/rungs/0/value``; empty where
            it has not.
        heads: whether the cell names its row.
    """

    text: str
    value: float | None = None
    path: str = ""
    heads: bool = False


@dataclass(frozen=True)
class Table:
    """A table of a page.

    Attributes:
        caption: what it holds.
        head: names of its columns.
        rows: of as many cells.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        name: for links and styles, ``ladder``.
        question: that it answers.
        svg: the drawing, safe to be put in a page as it is.
        told: what is seen on it, in a sentence or two with the numbers.
        legend: the kinds of marks on it, each the name of its style and what it stands for.
        tables: the numbers that are drawn.
    """

    name: str
    question: str
    svg: str
    told: str
    legend: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()


def number(value: float | None, path: str = "", text: str | None = None) -> Cell:
    """A cell with a number."""
    if value is None or not math.isfinite(value):
        return Cell("-" if value is None else str(value))
    return Cell(short(value) if text is None else text, value, path)


def name(text: str) -> Cell:
    """A cell that names its row."""
    return Cell(text, heads=True)
