"""Histories in tables: Keras's CSVLogger, pandas' dumps of ``History.history``, R's ``as.data.frame(history)``."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from mlpdoctor.core.history import LOSS, BadLines
from mlpdoctor.readers.histories.assembled import canonical, canonical_names
from mlpdoctor.readers.histories.number_with_digits import NumberWithDigits, epoch_of, number_with_digits
from mlpdoctor.readers.histories.runs import Complaints, RunDraft, RunDrafts

DELIMITERS = ",;\t| "
"""In the order in which they win; a space stands for any run of spaces."""
LONGEST = 1 << 20
"""Characters of a line; a history of ten thousand quantities still fits."""
TOP = 20
"""Lines looked at to tell a table."""
EPOCH_NAMES = ("epoch", "epochs", "_step", "step", "iteration", "", "unnamed: 0", "index")
"""Names of the column that counts the epochs, the likeliest first; pandas leaves that of its index empty."""
CLOCKS = frozenset(("wall time", "_timestamp", "_runtime", "timestamp", "time"))

_WORD = re.compile(r"[^\W\d][\w ./:()-]{0,99}|")
_MISSING = frozenset(("", "NA", "N/A", "None", "null", "NULL", "-", "?", "<NA>"))


def is_table(lines: Sequence[str]) -> bool:
    """Whether a text begins with a header that names a loss and a row of as many cells."""
    return _layout(lines[:TOP]) is not None


def read_table(lines: Iterable[str]) -> tuple[list[RunDraft], BadLines]:
    """Read a table that `is_table` recognised.

    Returns:
        A draft for each call of ``fit``, and the lines that could not be used.
    """
    lines = iter(lines)
    top = list(itertools.islice(lines, TOP))
    layout = _layout(top)
    if layout is None:
        return [], BadLines()
    delimiter, above = layout
    rows = _split(itertools.chain(top[above:], lines), delimiter)
    _, header = next(rows)
    table = _Long(header) if _is_long(header) else _Wide(header)
    for number, cells in rows:
        if cells != header:  # a run that was appended with its own header
            table.row(number + above, cells)
    return table.found(), table.complaints.found()


def _layout(lines: Sequence[str]) -> tuple[str, int] | None:
    """The delimiter, and the number of lines above the header."""
    filled = [(place, line) for place, line in enumerate(lines) if line.strip()][:2]
    if len(filled) < 2 or max(len(line) for _, line in filled) > LONGEST:  # noqa: PLR2004
        return None
    for delimiter in DELIMITERS:
        names, cells = (row for _, row in _split([line for _, line in filled], delimiter))
        known = any(LOSS in name.lower() for name in names) or _is_long(names) or names[-2:] == ["Step", "Value"]
        words = all(_WORD.fullmatch(name) for name in names) and (len(names) > 1 or delimiter == ",")
        numbers = sum(cell in _MISSING or _number(cell) is not None for cell in cells)
        if known and words and len(cells) - len(names) in {0, 1} and 2 * numbers >= len(cells):
            return delimiter, filled[0][0]
    return None


def _split(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Number, from 1, and cells of each line that is not blank; a quote that is never closed ends with its line."""
    for number, line in enumerate(lines, 1):
        text = line.strip("\n\r\ufeff")
        if text.strip():
            text = " ".join(text.split()) if delimiter == " " else text
            try:
                cells = next(csv.reader([text[:LONGEST]], delimiter=delimiter, skipinitialspace=True), [])
            except csv.Error:
                cells = []
            yield number, [cell.strip() for cell in cells]


def _number(cell: str) -> NumberWithDigits | None:
    """The number in a cell, with a decimal point or a decimal comma."""
    return number_with_digits(cell) or number_with_digits(cell.replace(",", ".", 1))


class _Wide:
    """One row for each epoch, one column for each quantity."""

    def __init__(self, header: Sequence[str]) -> None:
        self.complaints = Complaints()
        self._drafts = RunDrafts()
        lowered = [name.lower() for name in header]
        self._epoch = next((lowered.index(name) for name in EPOCH_NAMES if name in lowered), None)
        self._skip = {place for place, name in enumerate(lowered) if name in EPOCH_NAMES or name in CLOCKS}
        # Lightning writes the parts of an epoch on lines of their own, and what it logs by step beside them.
        self._in_parts = {"epoch", "step"} <= set(lowered)
        if self._in_parts:
            self._skip |= {place for place, name in enumerate(lowered) if name.endswith("_step")}
        renamed = [LOSS if name == "Value" and LOSS not in lowered else name for name in header]
        self._names = canonical_names(renamed)
        self._first = True
        self._named = False

    def row(self, number: int, cells: list[str]) -> None:
        index = cells[0] if cells else ""
        if self._first:
            self._named = len(cells) == len(self._names) + 1  # R and pandas print row names without a name above them
        if self._named and len(cells) == len(self._names) + 1:
            cells = cells[1:]
        elif len(cells) != len(self._names):
            self.complaints.add(number, f"{len(cells)} cells where {len(self._names)} were expected")
            return
        elif self._epoch is None:
            index = ""
        if self._epoch is not None:
            index = cells[self._epoch]
        row = self._row(number, cells)
        if not row:
            return
        if self._epoch is not None and number_with_digits(index) is None:
            self.complaints.add(number, f"no epoch: {index[:20]!r}")
            return
        epoch = epoch_of(number_with_digits(index))
        put = self._drafts.add if self._in_parts else self._drafts.put
        put(max(self._drafts.current.last_epoch, 0) + 1 if epoch is None else epoch, row)

    def _row(self, number: int, cells: Sequence[str]) -> dict[str, NumberWithDigits]:
        row: dict[str, NumberWithDigits] = {}
        for place, (name, cell) in enumerate(zip(self._names, cells, strict=True)):
            if place in self._skip:
                continue
            value = NumberWithDigits("nan") if not cell and name == LOSS else _number(cell)  # pandas leaves NaN empty
            if value is not None:
                row[name] = value
            elif cell not in _MISSING and self._first and name != LOSS:
                self._skip.add(place)  # a column of text
            elif cell not in _MISSING:
                self.complaints.add(number, f"{name} is no number: {cell[:20]!r}")
        self._first = False
        return row

    def found(self) -> list[RunDraft]:
        return self._drafts.found()


def _is_long(header: Sequence[str]) -> bool:
    return {"epoch", "value", "metric"} <= set(header)


class _Long:
    """R's ``as.data.frame(history)``: one row for each epoch and quantity."""

    def __init__(self, header: Sequence[str]) -> None:
        self.complaints = Complaints()
        self._header = header
        self._rows: dict[int, dict[str, NumberWithDigits]] = {}

    def row(self, number: int, cells: list[str]) -> None:
        cell = dict(zip(self._header, cells[-len(self._header) :], strict=False))
        epoch, value, name = (
            epoch_of(number_with_digits(cell.get("epoch", ""))),
            cell.get("value", ""),
            cell.get("metric", ""),
        )
        found = _number(value)
        if epoch is None or not name:
            self.complaints.add(number, "no epoch or no metric")
        elif found is not None:
            prefix = "val_" if cell.get("data") == "validation" and not name.startswith("val_") else ""
            self._rows.setdefault(epoch, {})[canonical(prefix + name)] = found
        elif value not in _MISSING:
            self.complaints.add(number, f"{name} is no number: {value[:20]!r}")

    def found(self) -> list[RunDraft]:
        drafts = RunDrafts()
        for epoch in sorted(self._rows):
            drafts.put(epoch, self._rows[epoch])
        return drafts.found()
