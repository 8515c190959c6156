"""What training and validation loss did, epoch by epoch, in the last run of the history."""

import numpy as np

from mlpdoctor.analysis.curves.asymptote import Asymptote, asymptote
from mlpdoctor.analysis.curves.gap import Best, Gap, best_epoch, first_broken, validation_gap
from mlpdoctor.analysis.curves.level import Level, final_level
from mlpdoctor.analysis.curves.noise import finite
from mlpdoctor.analysis.curves.slope import Slope, final_slope
from mlpdoctor.analysis.curves.swings import Swings, swings
from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column, History, Run


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
