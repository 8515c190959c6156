"""How far a curve swings about its own trend."""

import numpy as np

from mlpdoctor.analysis.curves.noise import TO_SIGMA, jitter, part, running_median, unbroken
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column

FEWEST = 10
"""Epochs from which a trend and swings about it can be told apart."""
WIDEST = 15
"""Epochs of the running median; fewer on a short curve."""
SPIKE = 5.0
"""A value so many typical swings above the trend is a spike."""
HIDDEN = 3.0
"""Half units of rounding by which a value may seem to stand out: one digit more is two of them."""


@dataclass(frozen=True)
class Swings:
    """Swings about the trend on a log scale, over the second half of the curve.

    Attributes:
        typical: standard deviation of ln(loss) about its running median: 0.1 is swings of ten per cent.
        largest: the largest one upwards, as a factor: 3 is three times the trend.
        epoch: of the largest.
        rises: share of the epochs that are higher than the one before by more than rounding.
        spikes: epochs that stand above the trend by more than five times the typical swing and the rounding.
        first: epoch at which the stretch looked at begins.
    """

    typical: float
    largest: float
    epoch: int
    rises: float
    spikes: tuple[int, ...]
    first: int


def swings(column: Column) -> Swings | None:
    """The swings about the running median of ln(loss).

    Returns:
        The swings of the second half; None for a curve too short, one that ends in NaN, or losses that are not
        positive.
    """
    curve = unbroken(column)
    if len(curve) < FEWEST or np.any(curve.values <= 0):
        return None
    half = slice(len(curve) // 2, None)
    trend = running_median(np.log(curve.values), min(WIDEST, len(curve) // 4 * 2 + 1))[half]
    curve = part(curve, half)
    swung = np.log(curve.values) - trend
    rounding = curve.rounding / curve.values
    spread = max(TO_SIGMA * float(np.median(np.abs(swung))), jitter(np.log(curve.values)))
    typical = float(np.sqrt(max(spread**2 - float(np.mean(rounding**2)) / 3, 0.0)))
    rises = np.diff(curve.values) > curve.rounding[1:] + curve.rounding[:-1]
    high = int(np.argmax(swung))
    spikes = curve.epochs[swung > SPIKE * spread + HIDDEN * rounding]
    return Swings(
        typical,
        float(np.exp(swung[high])),
        int(curve.epochs[high]),
        float(np.mean(rises)),
        tuple(int(epoch) for epoch in spikes),
        int(curve.epochs[0]),
    )
