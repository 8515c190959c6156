"""Training histories as plain data: what each epoch logged, how precisely it was printed, where it was read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from decimal import Decimal, InvalidOperation

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import count, listing

Epochs = npt.NDArray[np.int64]

LOSS, VALIDATION_LOSS, LEARNING_RATE = "loss", "val_loss", "learning_rate"
STATED = "number"
"""The format of a history that is a plateau the user told, and no curve."""


@dataclass(frozen=True, eq=False)
class Column:
    """One logged quantity of one run.

    Attributes:
        name: as Keras names it; ``lr`` is always ``learning_rate``, ``train_loss`` always ``loss``.
        epochs: shape (n,), ascending, counted from 1; epochs that did not log it are left out.
        values: shape (n,), float64; NaN and infinities are values that were logged as such.
        rounding: shape (n,), half a unit of the last digit printed: the true value is within it.
        decimals: digits after the point (of the mantissa, where there is an exponent) where all values were printed
            with equally many, else None.
    """

    name: str
    epochs: Epochs
    values: Array
    rounding: Array
    decimals: int | None = None

    def __len__(self) -> int:
        """Number of values."""
        return len(self.values)


@dataclass(frozen=True)
class Note:
    """Something a callback wrote between the epochs.

    Attributes:
        epoch: after which epoch.
        kind: ``learning rate`` (reduced to ``value``), ``stopped early``, or ``best weights restored`` (of epoch
            ``value``).
        value: the number that goes with it, or None.
    """

    epoch: int
    kind: str
    value: float | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """One training from its first epoch to its last.

    Attributes:
        name: of a run among several, empty where there is one.
        columns: the logged quantities by name.
        planned: epochs that ``fit`` was asked for; None where that is not known.
        calls: calls of ``fit`` that continued each other and are joined here.
        settings: batch size, optimizer and the like, where the log keeps them.
        notes: what callbacks wrote.
    """

    name: str
    columns: Mapping[str, Column]
    planned: int | None = None
    calls: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    @property
    def loss(self) -> Column | None:
        """The training loss: with Keras a mean over the epoch, penalties and dropout included."""
        return self.columns.get(LOSS)

    @property
    def validation_loss(self) -> Column | None:
        """The loss on the validation rows at the end of each epoch."""
        return self.columns.get(VALIDATION_LOSS)

    @property
    def learning_rate(self) -> Column | None:
        """The learning rate of each epoch."""
        return self.columns.get(LEARNING_RATE)

    @property
    def epochs(self) -> int:
        """The last epoch that logged anything, 0 for none."""
        return max((int(column.epochs[-1]) for column in self.columns.values() if len(column)), default=0)


@dataclass(frozen=True)
class Trial:
    """One trial of a search for hyperparameters, of which only the score is known.

    Attributes:
        name: its number or name.
        score: the value of the objective; None where the trial has none.
        objective: the metric that the search looks at, or None.
        hyperparameters: what the trial chose.
        metrics: the best value of each metric.
        status: as the search writes it, such as ``COMPLETED``.
    """

    name: str
    score: float | None
    objective: str | None = None
    hyperparameters: Mapping[str, str | float | bool] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    status: str = ""


@dataclass(frozen=True)
class BadLines:
    """Lines that should have held numbers and did not.

    Attributes:
        count: how many.
        examples: the first few, as ``line 7: what is wrong``.
    """

    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class History:
    """What was logged, wherever it came from.

    Attributes:
        path: as the user gave it.
        format: the kind of log, for people: ``console log of Keras``.
        runs: trainings in the order in which the log holds them; the last is taken for the saved model's.
        trials: of a search for hyperparameters.
        bad: lines that could not be used.
        guesses: what was assumed and not told, one short phrase each.
    """

    path: str
    format: str
    runs: tuple[Run, ...] = ()
    trials: tuple[Trial, ...] = ()
    bad: BadLines = BadLines()
    guesses: tuple[str, ...] = ()

    @property
    def last(self) -> Run | None:
        """The last run, or None where there are only trials."""
        return self.runs[-1] if self.runs else None

    @property
    def stated(self) -> bool:
        """Whether all that is known is one number that the user told, so that nothing can be said of its way."""
        return self.format == STATED

    @staticmethod
    def of_plateau(text: str) -> "History":
        """A history of one value, as precise as its digits: ``0.0057`` is 0.0057 within 0.00005.

        Args:
            text: the number as the user wrote it.

        Raises:
            UsageError: it is no number.
        """
        try:
            written = Decimal(text.strip())
        except InvalidOperation:
            written = None
        if written is None or not written.is_finite() or not math.isfinite(float(written)):
            raise UsageError(f"--plateau {text!r} is no number; give the loss as it was printed, such as 0.0057")
        places = max(-int(written.as_tuple().exponent), 0)
        column = Column(
            LOSS, np.array([1]), np.array([float(written)]), np.array([half_unit(written)]), decimals=places
        )
        return History("--plateau", STATED, (Run("", {LOSS: column}),))


def half_unit(written: Decimal) -> float:
    """Half a unit of the last digit of a number as it was written; 0 for NaN and infinities."""
    exponent = written.as_tuple().exponent
    return float(Decimal((0, (5,), exponent - 1))) if isinstance(exponent, int) else 0.0


MOST_EXAMPLES = 5
"""Bad lines that are shown, of all files together."""


def together(histories: Sequence[History]) -> History | None:
    """All runs in the order given, so that the last run of the last history is taken for the saved model's.

    Args:
        histories: of one model; none gives None.
    """
    if len(histories) < 2:  # noqa: PLR2004
        return histories[0] if histories else None
    runs = tuple(run for history in histories for run in history.runs)
    bad = BadLines(
        sum(history.bad.count for history in histories),
        tuple(f"{h.path}: {example}" for h in histories for example in h.bad.examples)[:MOST_EXAMPLES],
    )
    guesses = list(
        dict.fromkeys(guess for history in histories for guess in history.guesses if "the last is" not in guess)
    )
    if len(runs) > 1:
        guesses.append(f"of {count(len(runs), 'run')} the last is taken for this model's")
    return History(
        path=", ".join(history.path for history in histories),
        format=listing(tuple(dict.fromkeys(history.format for history in histories))),
        runs=runs,
        trials=tuple(trial for history in histories for trial in history.trials),
        bad=bad,
        guesses=tuple(guesses),
    )
