"""How much a curve jitters from epoch to epoch, how far it swings about its trend, and which learning rates it saw."""

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column
from mlpdoctor.core.network import Array

FLOAT32_MAX = float(np.finfo(np.float32).max)
FEWEST = 5
"""Values from which a scatter can be told."""
TO_SIGMA = 1.4826
"""Median absolute deviation to standard deviation, for normal errors."""
WILD = 4.0
"""Standard deviations beyond which an error is cut: a spike then counts, but not for its height."""
MOST_CORRELATION = 0.9
"""Correlation of neighbours that is believed; what is closer to 1 is a trend."""


def finite(column: Column) -> Column:
    """The column without its NaN and infinite values, and those that overflow a float32."""
    keep = sound(column.values)
    return column if keep.all() else part(column, keep)


def unbroken(column: Column) -> Column:
    """The column after its last value that `finite` would leave out; empty where it ends in one."""
    broken = np.flatnonzero(~sound(column.values))
    return part(column, slice(int(broken[-1]) + 1, None)) if len(broken) else column


def sound(values: Array) -> npt.NDArray[np.bool_]:
    """Which values are numbers that a float32 can hold: a loss beyond is infinite to Keras."""
    return np.less_equal(np.abs(values), FLOAT32_MAX)


def part(column: Column, keep: slice | npt.NDArray[np.bool_]) -> Column:
    """Some of the values of a column."""
    return Column(column.name, column.epochs[keep], column.values[keep], column.rounding[keep], column.decimals)


def jitter(values: Array) -> float:
    """Standard deviation of one value about a smooth trend, from the second differences; robust, and 0 for none.

    A straight trend leaves no second difference, a bent one little. The median of the absolute ones ignores up to
    half of the epochs, so that a few spikes count for nothing.

    Args:
        values: shape (n,), finite.
    """
    if len(values) < FEWEST:
        return 0.0
    return float(TO_SIGMA * np.median(np.abs(np.diff(values, 2))) / np.sqrt(6.0))


def tamed(errors: Array) -> Array:
    """Errors about a fit, the wild ones cut to `WILD` robust standard deviations."""
    most = WILD * TO_SIGMA * float(np.median(np.abs(errors)))
    return np.clip(errors, -most, most) if most > 0 else errors


def inflation(errors: Array) -> float:
    """By how much the variance of a mean grows as neighbours are alike: (1 + r) / (1 - r) of a first-order process.

    Args:
        errors: shape (n,), about a fit.
    """
    power = float(errors @ errors)
    if len(errors) < FEWEST or power == 0:
        return 1.0
    found = float(errors[1:] @ errors[:-1]) / power
    found += (2 + 4 * max(found, 0.0)) / len(errors)  # about a straight line neighbours look less alike than they are
    alike = min(max(found, 0.0), MOST_CORRELATION)
    return (1 + alike) / (1 - alike)


def quantile(freedom: int) -> float:
    """Half the width of a 95 % interval in standard errors, for so many degrees of freedom (Student's t).

    The first terms of the expansion of Cornish and Fisher; within 1 % from five degrees on, wider below.
    """
    normal = 1.959964
    cube, fifth = normal**3 + normal, 5 * normal**5 + 16 * normal**3 + 3 * normal
    few = max(freedom, 1)
    return normal + cube / (4 * few) + fifth / (96 * few**2)


def running_median(values: Array, width: int) -> Array:
    """The median of the ``width`` (odd) values around each; near the ends of as many as there are on both sides.

    Args:
        values: shape (n,), finite.
        width: an odd number.

    Returns:
        Shape (n,).
    """
    half = width // 2
    found = values.copy()
    if len(values) >= width:
        found[half : len(values) - half] = np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)
    for reach in range(1, min(half, (len(values) + 1) // 2)):
        found[reach] = np.median(values[: 2 * reach + 1])
        found[-reach - 1] = np.median(values[-2 * reach - 1 :])
    return found


FEWEST_TO_SWING = 10
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
    if len(curve) < FEWEST_TO_SWING or np.any(curve.values <= 0):
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


FALL = 0.1
"""A smaller fall from one epoch to the next is the course of a smooth schedule, and no step of it."""


@dataclass(frozen=True)
class Drop:
    """One fall of the learning rate.

    Attributes:
        epoch: the first with the lower rate.
        before: the rate before.
        after: the rate after.
    """

    epoch: int
    before: float
    after: float


@dataclass(frozen=True)
class Rates:
    """The learning rate over the epochs.

    Attributes:
        first: at the first epoch.
        largest: of all epochs.
        last: at the last epoch.
        drops: falls by more than a tenth from one epoch to the next.
    """

    first: float
    largest: float
    last: float
    drops: tuple[Drop, ...]


def learning_rates(column: Column) -> Rates | None:
    """The course of the learning rate; None for a column without finite values."""
    curve = finite(column)
    if not len(curve):
        return None
    rates = curve.values
    fell = np.flatnonzero(rates[1:] < (1 - FALL) * rates[:-1]) + 1
    return Rates(
        float(rates[0]),
        float(rates.max()),
        float(rates[-1]),
        tuple(Drop(int(curve.epochs[place]), float(rates[place - 1]), float(rates[place])) for place in fell),
    )
