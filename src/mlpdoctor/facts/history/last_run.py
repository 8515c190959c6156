"""How the last run went: what the learning rate did, how it ended, and whether the training loss diverged."""

import numpy as np

from mlpdoctor.analysis.curves.noise import Rates, finite, jitter, learning_rates, part, running_median, unbroken
from mlpdoctor.analysis.curves.slope import final_slope
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column, History
from mlpdoctor.facts.history.training_curve import TrainingCurve


@dataclass(frozen=True, eq=False)
class RateCurve:
    """The learning rate of the last run.

    Attributes:
        column: as logged.
        rates: its course.
    """

    column: Column
    rates: Rates


@fact
def rate_curve(history: History) -> RateCurve | Absent:
    """Read the learning-rate column."""
    run = history.last
    column = None if run is None else run.learning_rate
    rates = None if column is None or not len(column) else learning_rates(column)
    if column is None or rates is None:
        return Absent("the history holds no learning rate", applicable=False)
    return RateCurve(column, rates)


GONE = 0.01
"""A hundredth of the highest rate moves the weights a hundredth as far: to the loss that is nothing."""
FEWEST_STILL = 5
"""Epochs at such a rate from which a standstill can be told."""
STILL = 0.01
"""The loss moves by less than this share ..."""
SCATTER = 3.0
"""... or by less than so many times the scatter of the medians that it is told from."""
CUT = 0.7
"""The first epoch with less than this share of the highest rate is the first cut; ReduceLROnPlateau divides by 2, by 5
or by 10, and a schedule that glides down has come that far."""
WORTH = 0.05
"""A loss that was falling: as many epochs again at that pace would have brought a twentieth."""


@dataclass(frozen=True)
class FrozenRate:
    """The end of a run at a rate of nothing.

    Attributes:
        since: the first epoch with less than a hundredth of the highest rate.
        epochs: how many are spent there.
        moved: change of the loss since, as a share of it; negative where it rose.
        cut: the first epoch with a rate that was cut.
        before: the highest rate.
        falling: whether the loss surely fell before the first cut; None where too few epochs tell.
        pace: share of the loss that it lost with each epoch then; None as well.
    """

    since: int
    epochs: int
    moved: float
    cut: int
    before: float
    falling: bool | None
    pace: float | None


@fact
def frozen_rate(curve: TrainingCurve, rates: RateCurve) -> FrozenRate | Absent:
    """Find the first cut and the end of the rate, and look at the loss before and after."""
    column, top = finite(rates.column), rates.rates.largest
    if top <= 0:
        return Absent("the learning rate is not positive", applicable=False)
    peak = int(np.flatnonzero(column.values >= top)[-1])
    alive = np.flatnonzero(column.values > GONE * top)
    if alive[-1] + 1 >= len(column):
        return Absent("the learning rate has not come down to nothing", applicable=False)
    since = int(column.epochs[alive[-1] + 1])
    down = np.flatnonzero(column.values[peak:] < CUT * top)
    cut = int(column.epochs[peak + down[0]])
    still = part(curve.column, curve.column.epochs >= since)
    if len(still) < FEWEST_STILL or curve.broken is not None:
        return Absent("too few epochs at a rate of nothing", applicable=False)
    few = max(len(still) // 5, 1)
    start, end = float(np.median(still.values[:few])), float(np.median(still.values[-few:]))
    moved = (start - end) / abs(start) if start else 0.0
    hidden = SCATTER * jitter(still.values) / np.sqrt(few) / abs(start) if start else 0.0
    if abs(moved) > max(STILL, hidden):
        return Absent("the loss still moves at the rate that is left", applicable=False)
    before = part(curve.column, curve.column.epochs < cut)
    slope = final_slope(before)
    falling = pace = None
    if slope is not None:
        pace = -float(np.expm1(slope.per_epoch))
        falling = slope.falling and 1 - np.exp(len(before) * slope.per_epoch) >= WORTH
    return FrozenRate(since, len(still), moved, cut, top, None if falling is None else bool(falling), pace)


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
