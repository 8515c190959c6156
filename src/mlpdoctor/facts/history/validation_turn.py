"""Whether the validation loss turned up while the training loss went on falling."""

import numpy as np

from mlpdoctor.analysis.curves.gap import WIDEST
from mlpdoctor.analysis.curves.noise import TO_SIGMA, jitter, running_median, unbroken
from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.history.training_curve import ValidationCurve

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
