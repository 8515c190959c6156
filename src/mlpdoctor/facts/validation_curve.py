"""What the validation loss did in the last run of the history, beside the training loss."""

import numpy as np

from mlpdoctor.curves.best import Best, best_epoch, first_broken
from mlpdoctor.curves.gap import Gap, validation_gap
from mlpdoctor.curves.level import Level, final_level
from mlpdoctor.curves.slope import Slope, final_slope
from mlpdoctor.curves.swings import Swings, swings
from mlpdoctor.fact import Absent, fact
from mlpdoctor.history import Column, History
from mlpdoctor.lean import dataclass


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
