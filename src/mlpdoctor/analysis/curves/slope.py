"""How fast a curve moves at its end, on a log scale, with an error bar; and what it reaches at this pace."""

import math

import numpy as np

from mlpdoctor.analysis.curves.noise import inflation, part, quantile, tamed, unbroken
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column

FEWEST = 5
"""Epochs from which a pace and its error can be told."""
SHARE = 0.25
"""Share of the curve, at its end, whose pace is told ..."""
USUAL = 10
"""... but this many epochs where the curve has them."""


@dataclass(frozen=True)
class Slope:
    """The pace at the end of a curve.

    Attributes:
        per_epoch: change of ln(loss) in one epoch: -0.01 is one per cent less each epoch.
        error: half the width of its 95 % interval, scatter and rounding together.
        first: epoch at which the stretch looked at begins.
        last: epoch at which it ends.
        end: the loss at the last epoch on the fitted line.
    """

    per_epoch: float
    error: float
    first: int
    last: int
    end: float

    @property
    def falling(self) -> bool:
        """Whether the loss surely still falls."""
        return self.per_epoch + self.error < 0

    @property
    def rising(self) -> bool:
        """Whether the loss surely rises."""
        return self.per_epoch - self.error > 0


@dataclass(frozen=True)
class Reach:
    """Epochs from the end of the curve to a level, at the pace of its end.

    Attributes:
        epochs: the best guess; infinite where the curve does not fall.
        low: at the quickest pace that the error bar allows.
        high: at the slowest; infinite where it allows standing still.
    """

    epochs: float
    low: float
    high: float


def final_slope(column: Column) -> Slope | None:
    """The pace at the end: a straight line through ln(loss) of the last quarter.

    Least squares with wild values cut; the error allows for neighbours being alike, and where all values lie within
    the rounding, for a move that the rounding would hide.

    Returns:
        The pace, or None for a curve too short, one that ends in NaN, or losses that are not positive.
    """
    curve = unbroken(column)
    length = min(max(round(SHARE * len(curve)), USUAL), len(curve))
    if length < FEWEST:
        return None
    curve = part(curve, slice(-length, None))
    if np.any(curve.values <= 0):
        return None
    logs = np.log(curve.values)
    passed = curve.epochs - curve.epochs.mean()
    power = float(passed @ passed)
    errors = logs - logs.mean() - passed * float(passed @ logs) / power
    cut = tamed(errors)
    fitted = logs - errors + cut
    slope = float(passed @ fitted) / power
    rounding = curve.rounding / curve.values
    spread = max(float(cut @ cut) / (length - 2), float(np.mean(rounding**2)) / 3)
    error = quantile(length - 2) * float(np.sqrt(spread * inflation(cut) / power))
    if np.ptp(curve.values) <= 2 * np.max(curve.rounding):
        error = max(error, 2 * float(np.max(rounding)) / float(np.ptp(curve.epochs)))
    end = float(np.exp(fitted.mean() + slope * passed[-1]))
    return Slope(slope, error, int(curve.epochs[0]), int(curve.epochs[-1]), end)


def epochs_to(slope: Slope, level: float) -> Reach | None:
    """Epochs until the loss is down to ``level`` if it goes on falling by the same share each epoch.

    None where the level is not positive: at this pace it is never reached, however long. 0 where it is reached already.
    Curves slow down as a rule, so this is the least that it takes.
    """
    if level <= 0:
        return None
    way = math.log(slope.end / level)
    if way <= 0:
        return Reach(0.0, 0.0, 0.0)
    paces = (-slope.per_epoch, slope.error - slope.per_epoch, -slope.error - slope.per_epoch)
    return Reach(*(way / pace if pace > 0 else math.inf for pace in paces))
