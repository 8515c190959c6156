"""From what a reader found to a history: Keras's names, epochs counted from 1, calls of ``fit`` joined."""

import re
from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import LEARNING_RATE, LOSS, VALIDATION_LOSS, BadLines, History, Trial
from mlpdoctor.core.text import count, listing
from mlpdoctor.readers.histories.refusals import HistoryFileError
from mlpdoctor.readers.histories.runs import RunDraft, counted_from_one, finished, joined


@dataclass(frozen=True)
class AssembledHistory:
    """What a reader found.

    Attributes:
        format: the kind of log, for people.
        drafts: calls of ``fit`` in order.
        trials: of a search.
        bad: what could not be used.
    """

    format: str
    drafts: Sequence[RunDraft] = ()
    trials: tuple[Trial, ...] = ()
    bad: BadLines = field(default_factory=BadLines)


def history_of(path: str, found: AssembledHistory) -> History:
    """The history, with what was assumed in making it.

    Raises:
        HistoryFileError: there is no loss in it.
    """
    if not found.drafts and not found.trials:
        raise HistoryFileError(f"holds no losses{_examples(found.bad)}")
    guesses = [*_named(found.drafts), *dict.fromkeys(draft.counted for draft in found.drafts if draft.counted)]
    if counted_from_one(found.drafts):
        guesses.append("epochs: counted from 0 in the log, from 1 here")
    runs = finished(joined(found.drafts))
    calls = max((run.calls for run in runs), default=1)
    if calls > 1:
        guesses.append(f"{count(calls, 'call')} of fit joined: each goes on where the one before ended")
    if len(runs) > 1:
        guesses.append(f"of {count(len(runs), 'run')} the last is taken for this model's")
    return History(path, found.format, runs, found.trials, found.bad, tuple(guesses))


def _examples(bad: BadLines) -> str:
    return f"; {bad.examples[0]}" if bad.examples else ""


def _named(drafts: Sequence[RunDraft]) -> list[str]:
    """Call the one column that may be a loss the loss, where none has that name.

    Raises:
        HistoryFileError: there is no such column.
    """
    names = list(dict.fromkeys(name for draft in drafts for row in draft.rows.values() for name in row))
    if not names or LOSS in names or VALIDATION_LOSS in names:
        return []
    losses = [name for name in names if name.lower().endswith(LOSS)] or (names if len(names) == 1 else [])
    if not losses:
        raise HistoryFileError(f"holds {listing(names)} and no loss; log the loss too, in a column named loss")
    chosen = losses[0]
    for draft in drafts:
        for row in draft.rows.values():
            if chosen in row:
                row[LOSS] = row.pop(chosen)
    return [f"loss: the column {chosen!r}"]


_ALIASES = (
    (re.compile(r"(train|training)[ _/.-]?loss(_epoch)?|loss[_/](train|training|epoch)", re.IGNORECASE), LOSS),
    (
        re.compile(
            r"(val|valid|validation|eval)[ _/.-]?loss(_epoch)?|loss[_/](val|valid|validation|eval)", re.IGNORECASE
        ),
        VALIDATION_LOSS,
    ),
    (re.compile(r"loss", re.IGNORECASE), LOSS),
    (re.compile(r"lr|lr-\w+|learning[ _]rate", re.IGNORECASE), LEARNING_RATE),
)


@lru_cache(maxsize=1024)
def canonical(name: str) -> str:
    """The name Keras would give a quantity: ``learning_rate`` for ``lr``, ``val_loss`` for ``Validation loss``."""
    return next((known for pattern, known in _ALIASES if pattern.fullmatch(name)), name)


def canonical_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names Keras would give, each given once: where ``loss`` is there, ``train_loss`` keeps its name."""
    taken = set(names)
    found = []
    for name in names:
        known = canonical(name)
        if known != name and known in taken:
            known = name
        taken.add(known)
        found.append(known)
    return tuple(found)
