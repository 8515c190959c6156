"""What training and validation loss did, epoch by epoch, in the last run of the history, and whether they parted."""

import numpy as np

from mlpdoctor.analysis.curves.gap import WIDEST, Best, Gap, best_epoch, first_broken, validation_gap
from mlpdoctor.analysis.curves.level import Level, final_level
from mlpdoctor.analysis.curves.noise import TO_SIGMA, Swings, finite, jitter, running_median, swings, unbroken
from mlpdoctor.analysis.curves.slope import Asymptote, Slope, asymptote, final_slope
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column, History, Run
from mlpdoctor.core.network import Array


@dataclass(frozen=True, eq=False)
class TrainingCurve:
    """The training loss of the run that made the saved model: the last one.

    Attributes:
        run: all that it logged.
        column: its loss; with Keras a mean over the epoch, penalties and dropout included.
        first: the first finite value; None where none is.
        level: where it ends; None where it ends in NaN. Of a plateau that the user told: that number.
        slope: its pace at the end; None for curves too short or losses that are not positive.
        heading: where it is going, if it still falls; None where that cannot be told.
        best: its lowest value; None where no value is finite.
        swings: how far it swings about its trend; None for curves too short.
        broken: the first epoch whose loss is NaN or infinite, with that value; None for none.
        stated: whether all that is known is one number that the user told: then nothing can be said of its way.
        earlier: runs before this one.
    """

    run: Run
    column: Column
    first: float | None
    level: Level | None
    slope: Slope | None
    heading: Asymptote | None
    best: Best | None
    swings: Swings | None
    broken: tuple[int, float] | None
    stated: bool
    earlier: tuple[Run, ...] = ()

    @property
    def epochs(self) -> int:
        """The last epoch that was logged."""
        return int(self.column.epochs[-1])

    @property
    def last(self) -> float:
        """The last value, finite or not."""
        return float(self.column.values[-1])

    def before(self, epoch: int) -> list[float]:
        """The values of the epochs before one."""
        return [float(value) for value in self.column.values[self.column.epochs < epoch]]

    @property
    def settled(self) -> bool:
        """Whether it stands still at the end, as far as scatter and digits let that be told."""
        return self.level is not None and self.level.settled


@fact
def training_curve(history: History) -> TrainingCurve | Absent:
    """Look at the loss of the last run from all sides."""
    run = history.last
    if run is None:
        return Absent("the history holds trials and no curve", applicable=False)
    column = run.loss
    if column is None or not len(column):
        return Absent("the history holds no training loss")
    seen = finite(column)
    # Losses of a run that broke are as large or as small as floats get; that is no warning of NumPy's.
    with np.errstate(all="ignore"):
        return TrainingCurve(
            run=run,
            column=column,
            first=float(seen.values[0]) if len(seen) else None,
            level=_told(column) if history.stated else final_level(column),
            slope=final_slope(column),
            heading=asymptote(column),
            best=best_epoch(column),
            swings=swings(column),
            broken=first_broken(column),
            stated=history.stated,
            earlier=history.runs[:-1],
        )


def _told(column: Column) -> Level:
    """A number the user told is a plateau because they say so."""
    return Level(float(column.values[-1]), 0.0, float(column.rounding[-1]), 1, 1, settled=True)


@dataclass(frozen=True, eq=False)
class ValidationCurve:
    """The validation loss of the last run.

    Attributes:
        column: as logged; without dropout, and at the end of each epoch.
        level: where it ends; None where it ends in NaN.
        slope: its pace at the end; None for curves too short or losses that are not positive.
        best: its lowest value; None where no value is finite.
        swings: how far it swings about its trend; None for curves too short.
        gap: it beside the training loss, and whether it turned; None without a training loss or for curves too short.
        broken: the first epoch whose value is NaN or infinite, with that value; None for none.
    """

    column: Column
    level: Level | None
    slope: Slope | None
    best: Best | None
    swings: Swings | None
    gap: Gap | None
    broken: tuple[int, float] | None


@fact
def validation_curve(history: History) -> ValidationCurve | Absent:
    """Look at the validation loss of the last run."""
    run = history.last
    column = None if run is None else run.validation_loss
    if run is None or column is None or not len(column):
        return Absent("the history holds no validation loss", applicable=False)
    training = run.loss
    # Losses of a run that broke are as large or as small as floats get; that is no warning of NumPy's.
    with np.errstate(all="ignore"):
        return ValidationCurve(
            column=column,
            level=final_level(column),
            slope=final_slope(column),
            best=best_epoch(column),
            swings=swings(column),
            gap=None if training is None or not len(training) else validation_gap(training, column),
            broken=first_broken(column),
        )


SINCE = 10
"""Epochs after the best from which it can be told that the loss stays up; for fewer a straight line has to do."""
QUARTERS = 4
LAST = 0.25
"""The last quarter of the epochs since the best is where it ends."""
FEWEST = 5
"""Or so many epochs."""
SLOW = 2.0
"""Scatter about a running median is half of what it is where neighbours are alike."""


HALF_AGAIN = 1.5
"""A loss whose last values are all so many times its lowest level has turned, though it may rise no further."""


@dataclass(frozen=True)
class ValidationTurn:
    """A validation loss that rose for good.

    Attributes:
        epoch: of its lowest smoothed value.
        lowest: that value.
        end: the level on which it ends.
        rise: the same as a share of the lowest.
        since: epochs after the lowest.
        fall: by how much the training loss fell since, as a share of what it was.
        training: where the training loss ends.
        sure: whether it climbs to the end and stays up, as slow scatter seldom does.
    """

    epoch: int
    lowest: float
    end: float
    rise: float
    since: int
    fall: float
    training: float
    sure: bool


@fact
def validation_turn(validation: ValidationCurve) -> ValidationTurn | Absent:
    """Hold the end of the curve against its lowest level.

    A line through a rise that is not straight has errors that are no scatter, and would hide a turn that everybody
    sees; and slow scatter makes lines that seem to rise. So it is sure of a turn after which the loss climbs to
    the end, and of whose end every value lies above the lowest level, the middle one by more than that is
    low by chance.
    """
    gap, column = validation.gap, unbroken(validation.column)
    if gap is None or gap.best.value <= 0:
        return Absent("the validation curve is too short, or not a positive number everywhere", applicable=False)
    place = int(np.searchsorted(column.epochs, gap.best.epoch))
    after = column.values[place + 1 :]
    tail = after[-max(round(LAST * len(after)), FEWEST) :]
    stays = len(after) >= SINCE and float(tail.min()) > gap.best.value
    stays = stays and (_climbs(after) or float(tail.min()) > HALF_AGAIN * gap.best.value)
    stays = stays and float(np.median(tail)) > gap.best.value + _chance(column.values)
    if gap.fall < 0 or not (gap.turned or stays) or not len(tail):
        return Absent("the validation loss has not turned up", applicable=False)
    end = float(np.median(tail[-max(len(tail) // 2, FEWEST) :]))
    rise = end / gap.best.value - 1
    return ValidationTurn(
        gap.best.epoch, gap.best.value, end, rise, gap.best.since, gap.fall, gap.training.value, stays
    )


def _climbs(after: Array) -> bool:
    """Whether the last quarter of the epochs since the best is the highest, and the second half above the first."""
    levels = [float(np.median(part)) for part in np.array_split(after, QUARTERS)]
    first, second = (float(np.median(part)) for part in np.array_split(after, 2))
    return levels[-1] == max(levels) and second > first


def _chance(values: Array) -> float:
    """By how much the lowest of so many smoothed values is low by chance, at most."""
    width = min(WIDEST, len(values) // 8 * 2 + 1)
    errors = values - running_median(values, width)
    scatter = SLOW * max(TO_SIGMA * float(np.median(np.abs(errors))), jitter(values))
    return scatter * float(np.sqrt(np.pi / 2 / width)) * (2 + float(np.sqrt(2 * np.log(len(values)))))
