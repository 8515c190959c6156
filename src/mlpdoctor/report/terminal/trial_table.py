"""The trials of a search for hyperparameters as a table, best first, and what their score goes with."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from mlpdoctor.core.history_summary import Search
from mlpdoctor.core.text import short
from mlpdoctor.report.terminal.layout import MARGIN, label, plain, prose

SHOWN = 10
"""Trials that are shown; JSON has all of them."""
LABEL = 12
MOST_FOLLOWED = 3
RUNGS = {"constant": "predicting the mean", "affine": "best linear model", "noise": "noise", "data": "lowest possible"}


def trial_table(search: Search, width: int, encoding: str) -> Iterator[RenderableType]:
    """A line for each of the best trials, then what the score follows.

    Args:
        search: of one project.
        width: columns of the screen.
        encoding: of the screen.
    """
    names = list(dict.fromkeys(name for row in search.rows for name in row.hyperparameters))
    head = ["trial", search.objective or "score", *names, "stops at" if any(row.rung for row in search.rows) else ""]
    cells = [
        [
            row.name,
            short(row.score),
            *(_value(row.hyperparameters.get(name)) for name in names),
            RUNGS.get(row.rung or "", ""),
        ]
        for row in search.rows[:SHOWN]
    ]
    widths = [max(len(plain(line[place], encoding)) for line in (head, *cells)) for place in range(len(head))]
    for number, line in enumerate((head, *cells)):
        told = "  ".join(f"{plain(cell, encoding):{room}}" for cell, room in zip(line, widths, strict=True)).rstrip()
        yield Text(" " * MARGIN + told[: max(width - MARGIN, 20)], style="dim" if number == 0 else "")
    if len(search.rows) > SHOWN:
        yield prose(f"and {len(search.rows) - SHOWN} more (--format json)", width)
    for one in search.follows[:MOST_FOLLOWED]:
        sure = "" if one.sure else ", which may be chance"
        told = f"{one.name}: rank correlation {one.correlation:.2f} ({one.low:.2f} to {one.high:.2f}){sure}"
        yield prose(plain(told, encoding), width, label("follows", LABEL))


def _value(value: str | float | bool | None) -> str:  # noqa: FBT001
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    return f"{value:.3g}"
