"""How the last run went: how it ended, and whether the training loss diverged."""

import math

import numpy as np

from mlpdoctor.analysis.curves.noise import running_median, unbroken
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import History
from mlpdoctor.facts.history.training_curve import TrainingCurve

FEWEST = 3
"""Two epochs are no curve."""
KNOWN = 10
"""Epochs from which the lowest level is that of a running median; before, a single value may be low by chance ..."""
TENFOLD = 10.0
"""... so that a short curve has to end ten times above it, each epoch higher than the one before."""
WIDTH = 5
"""Epochs of the running median, and of the end at least."""
TWICE = 2.0
"""A loss that ends at twice its lowest level, or more, has risen; swings reach that far, but do not stay there."""
STAYED = 1.5
"""At the end every single epoch is so many times above the lowest level."""
END = 0.1
"""The end is the last tenth of the epochs."""
LOST = 0.2
"""And it has lost a fifth of what it had won since the first epoch: on its way to zero a loss doubles for nothing."""


@dataclass(frozen=True)
class Divergence:
    """A loss that ends well above where it has been.

    Attributes:
        lowest: the lowest level.
        epoch: when that was.
        end: the level at the end.
        lost: what the rise took of the way won since the first epoch: 1 is all of it.
    """

    lowest: float
    epoch: int
    end: float
    lost: float

    @property
    def times(self) -> float:
        """How many times its lowest level it ends at."""
        return self.end / self.lowest

    @property
    def numbers(self) -> dict[str, float | None]:
        """All of it, as a report has it."""
        return {
            "epoch": self.epoch,
            "lowest": self.lowest,
            "end": self.end,
            "times": self.times,
            "lost": self.lost if math.isfinite(self.lost) else None,
        }


@fact
def divergence(curve: TrainingCurve) -> Divergence | Absent:
    """Compare the end with the lowest level before it; losses that are not all positive have no such measure."""
    column = unbroken(curve.column)
    values = column.values
    if curve.broken is not None or len(values) < FEWEST or np.any(values <= 0):
        return Absent("the curve is too short, or not a positive number everywhere", applicable=False)
    first = float(values[0])
    if len(values) < KNOWN:
        place = int(np.argmin(values))
        low, end = float(values[place]), float(values[-1])
        risen = len(values) - place >= FEWEST and bool(np.all(np.diff(values[place:]) > 0)) and end >= TENFOLD * low
    else:
        place = int(np.argmin(running_median(values, WIDTH)))
        low = float(running_median(values, WIDTH)[place])
        last = values[-max(WIDTH, round(END * len(values))) :]
        end = float(np.median(last))
        risen = place < len(values) - len(last) and end >= TWICE * low and bool(last.min() >= STAYED * low)
    lost = (end - low) / (first - low) if first > low else np.inf
    if not risen or lost < LOST:
        return Absent("the loss has not risen", applicable=False)
    return Divergence(low, int(column.epochs[place]), end, float(lost))


@dataclass(frozen=True)
class RunEnding:
    """The end of the run that made the saved model.

    Attributes:
        epochs: the last one logged.
        planned: epochs that ``fit`` was asked for; None where the log does not tell.
        stopped: whether a callback wrote that it stopped the training.
        restored: the epoch whose weights were put back at the end; None where the log tells of none.
        resumed: whether the run went on from weights trained before: it begins later than with epoch 1, or other runs
            stand before it in the log.
    """

    epochs: int
    planned: int | None
    stopped: bool
    restored: int | None
    resumed: bool

    @property
    def cut(self) -> bool:
        """Whether the run is known to have ended before the epochs planned."""
        return self.stopped or (self.planned is not None and self.epochs < self.planned)


@fact
def run_ending(history: History) -> RunEnding | Absent:
    """Read the notes of the callbacks and the epochs planned."""
    run = history.last
    if run is None or not run.epochs:
        return Absent("the history holds no curve", applicable=False)
    restored = [note for note in run.notes if note.kind == "best weights restored"]
    first = min((int(column.epochs[0]) for column in run.columns.values() if len(column)), default=1)
    return RunEnding(
        epochs=run.epochs,
        planned=run.planned,
        stopped=any(note.kind == "stopped early" for note in run.notes),
        restored=int(restored[-1].value or run.epochs) if restored else None,
        resumed=first > 1 or len(history.runs) > 1,
    )
