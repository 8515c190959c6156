"""Runs as they are read, row by row; and how calls of ``fit`` that continue each other become one run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import field

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import LOSS, BadLines, Column, Note, Run
from mlpdoctor.readers.histories.number_with_digits import NumberWithDigits, Precision
from mlpdoctor.readers.histories.refusals import HistoryFileError

MOST_NUMBERS = 1_000_000
"""Numbers kept of one log; each takes some five hundred bytes while it is read."""
MOST_CALLS = 10_000
"""Calls of ``fit`` kept of one log."""
EXAMPLES = 3
"""Bad lines shown."""


class Complaints:
    """Counts bad lines and keeps the first few."""

    def __init__(self) -> None:
        """No complaint yet."""
        self._count = 0
        self._examples: list[str] = []

    def add(self, line: int, words: str) -> None:
        """One more bad line, counted from 1."""
        self._count += 1
        if len(self._examples) < EXAMPLES:
            self._examples.append(f"line {line:,}: {words}")

    def found(self) -> BadLines:
        """All of them."""
        return BadLines(self._count, tuple(self._examples))


@dataclass
class RunDraft:
    """One call of ``fit`` as it is read.

    Attributes:
        name: of the run it belongs to.
        rows: the numbers by name, by epoch.
        planned: epochs asked for.
        notes: what callbacks wrote.
        settings: batch size and the like.
        counted: what stands for an epoch here, where it is something else; empty where it is none.
    """

    name: str = ""
    rows: dict[int, dict[str, NumberWithDigits]] = field(default_factory=dict)
    planned: int | None = None
    notes: list[Note] = field(default_factory=list)
    settings: Mapping[str, str] = field(default_factory=dict)
    counted: str = ""

    @property
    def last_epoch(self) -> int:
        """The latest epoch read, or -1: rows are put in order."""
        return next(reversed(self.rows), -1)

    def ends(self) -> tuple[float, float] | None:
        """The first and the last loss, or None without any."""
        losses = [float(self.rows[epoch][LOSS]) for epoch in sorted(self.rows) if LOSS in self.rows[epoch]]
        return (losses[0], losses[-1]) if losses else None


class RunDrafts:
    """The calls of ``fit`` that one log holds."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self.all = [RunDraft()]
        self._numbers = 0

    @property
    def current(self) -> RunDraft:
        """The call that is read."""
        return self.all[-1]

    def put(self, epoch: int, row: dict[str, NumberWithDigits]) -> RunDraft:
        """Add an epoch; one that is not later than the last begins a new call, which may be that of another run.

        Raises:
            HistoryFileError: there are more numbers than any history has.
        """
        if self.current.rows and epoch <= self.current.last_epoch:
            self.begin()
        self._numbers += len(row)
        if self._numbers > MOST_NUMBERS:
            raise HistoryFileError(f"holds more than {MOST_NUMBERS:,} numbers; a history has one row for each epoch")
        self.current.rows[epoch] = row
        return self.current

    def add(self, epoch: int, row: dict[str, NumberWithDigits]) -> RunDraft:
        """The same for an epoch that a log writes in parts: what is said of it later counts.

        Raises:
            HistoryFileError: there are more numbers than any history has.
        """
        if self.current.rows and epoch == self.current.last_epoch:
            row = self.current.rows.pop(epoch) | row
        return self.put(epoch, row)

    def begin(self, name: str = "") -> None:
        """Begin a new call.

        Raises:
            HistoryFileError: there are more than any history has.
        """
        if self.current.rows:
            if len(self.all) == MOST_CALLS:
                raise HistoryFileError(f"holds more than {MOST_CALLS:,} trainings, as its epochs begin anew so often")
            self.all.append(RunDraft())
        self.current.name = name or self.current.name

    def found(self) -> list[RunDraft]:
        """The calls that hold anything."""
        return [draft for draft in self.all if draft.rows]


def counted_from_one(drafts: Sequence[RunDraft]) -> bool:
    """Count all epochs from 1 where a call counts them from 0; whether that was needed."""
    moved = any(0 in draft.rows for draft in drafts)
    if moved:
        for draft in drafts:
            draft.rows = {epoch + 1: row for epoch, row in draft.rows.items()}
    return moved


def joined(drafts: Sequence[RunDraft]) -> list[tuple[RunDraft, int]]:
    """Calls of ``fit`` that continue each other as one, with their number.

    A call goes on where the one before ended if its first loss is nearer to the last loss before than to the first:
    training again starts from where training started.
    """
    runs: list[tuple[RunDraft, int]] = []
    for draft in drafts:
        if runs and _continues(runs[-1][0], draft):
            before, calls = runs[-1]
            shift = before.last_epoch + 1 - min(draft.rows)
            before.rows.update({epoch + shift: row for epoch, row in draft.rows.items()})
            before.notes += [Note(note.epoch + shift, note.kind, note.value) for note in draft.notes]
            before.planned = None if draft.planned is None else draft.planned + shift
            runs[-1] = (before, calls + 1)
        else:
            runs.append((draft, 1))
    return runs


def _continues(before: RunDraft, after: RunDraft) -> bool:
    ends, start = before.ends(), after.ends()
    if before.name != after.name or ends is None or start is None or not math.isfinite(ends[1]):
        return False
    return abs(start[0] - ends[1]) <= abs(start[0] - ends[0])


def finished(drafts: Sequence[tuple[RunDraft, int]]) -> tuple[Run, ...]:
    """The runs, their numbers in columns; a run without numbers is left out."""
    named = [pair for draft, _ in drafts for row in draft.rows.values() for pair in row.items()]
    losses = [number for name, number in named if LOSS in name]
    precision = Precision(losses or [number for _, number in named])
    return tuple(
        Run(draft.name, _columns(draft, precision), draft.planned, calls, dict(draft.settings), tuple(draft.notes))
        for draft, calls in drafts
        if draft.rows
    )


def _columns(draft: RunDraft, precision: Precision) -> dict[str, Column]:
    epochs: dict[str, list[int]] = {}
    numbers: dict[str, list[NumberWithDigits]] = {}
    for epoch in sorted(draft.rows):
        for name, number in draft.rows[epoch].items():
            epochs.setdefault(name, []).append(epoch)
            numbers.setdefault(name, []).append(number)
    return {
        name: Column(
            name,
            np.array(epochs[name], dtype=np.int64),
            np.array([float(number) for number in column], dtype=np.float64),
            precision.rounding(column),
            precision.decimals(column),
        )
        for name, column in numbers.items()
    }
