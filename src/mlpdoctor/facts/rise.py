"""Whether the training loss rose from its lowest level and stayed up, as it does when training diverges."""

import numpy as np

from mlpdoctor.curves.noise import running_median, unbroken
from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.training_curve import TrainingCurve
from mlpdoctor.lean import dataclass

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
class Rise:
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
def rise(curve: TrainingCurve) -> Rise | Absent:
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
    return Rise(low, int(column.epochs[place]), end, float(lost))
