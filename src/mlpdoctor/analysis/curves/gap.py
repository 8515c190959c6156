"""The best epoch of a curve, and where the validation loss parts from the training loss."""

import numpy as np

from mlpdoctor.analysis.curves.level import Level, final_level
from mlpdoctor.analysis.curves.noise import finite, inflation, jitter, quantile, running_median, sound, tamed, unbroken
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column
from mlpdoctor.core.network import Array


@dataclass(frozen=True)
class Best:
    """The epoch with the lowest value.

    Attributes:
        epoch: the first with this value.
        value: the value.
        since: epochs after it that brought nothing better.
        margin: by how much the last value is above it.
    """

    epoch: int
    value: float
    since: int
    margin: float


def best_epoch(column: Column) -> Best | None:
    """The epoch with the lowest value, NaN left out; None where no value is finite."""
    curve = finite(column)
    if not len(curve):
        return None
    place = int(np.argmin(curve.values))
    best, last = float(curve.values[place]), float(curve.values[-1])
    return Best(int(curve.epochs[place]), best, int(column.epochs[-1] - curve.epochs[place]), last - best)


def first_broken(column: Column) -> tuple[int, float] | None:
    """The first epoch whose value is NaN, infinite or beyond a float32, with the value; None where there is none."""
    broken = np.flatnonzero(~sound(column.values))
    return (int(column.epochs[broken[0]]), float(column.values[broken[0]])) if len(broken) else None


FEWEST = 10
"""Epochs with a validation loss from which a turn can be told."""
WIDEST = 9
"""Epochs of the running median."""
SINCE = 5
"""Epochs that a rise has to last."""


@dataclass(frozen=True)
class Gap:
    """Training and validation side by side.

    Attributes:
        best: the best validation epoch, on the curve smoothed by a running median.
        training: the level on which the training loss ends.
        validation: the level on which the validation loss ends.
        ratio: ``validation / training``, None where training is not positive.
        rise: by how much the validation loss ends above its best, on a straight line since then, as a share of the
            best.
        error: a rise up to this share may be chance: the lowest of many noisy values is low by chance.
        fall: by how much the training loss fell since that epoch, as a share of what it was then.
        turned: whether the validation loss surely rose since its best while the training loss did not rise.
    """

    best: Best
    training: Level
    validation: Level
    ratio: float | None
    rise: float
    error: float
    fall: float
    turned: bool


def validation_gap(training: Column, validation: Column) -> Gap | None:
    """The two curves side by side.

    The best epoch is that of the smoothed validation curve. A turn has to show in a straight line through the epochs
    since, by more than its error, which allows for neighbours being alike, and by more than the best may be low by
    chance.

    Returns:
        The gap, or None where one curve has too few values, or ends in NaN.
    """
    train, curve = unbroken(training), unbroken(validation)
    ends = final_level(training), final_level(validation)
    if len(train) < FEWEST or len(curve) < FEWEST or ends[0] is None or ends[1] is None:
        return None
    width = min(WIDEST, len(curve) // 8 * 2 + 1)
    smooth = running_median(curve.values, width)
    place = int(np.argmin(smooth[: len(smooth) - width // 2]))
    best = float(smooth[place])
    last, rises, scatter = _since(curve, place)
    scatter = max(scatter, jitter(curve.values)) * float(np.sqrt(np.pi / 2 / width))
    error = scatter * (2 + float(np.sqrt(2 * np.log(len(curve))))) + float(curve.rounding[place] + curve.rounding[-1])
    then = float(np.interp(curve.epochs[place], train.epochs, running_median(train.values, width)))
    fell = then - ends[0].value
    since = int(curve.epochs[-1] - curve.epochs[place])
    unit = abs(best) or 1.0
    return Gap(
        best=Best(int(curve.epochs[place]), best, since, last - best),
        training=ends[0],
        validation=ends[1],
        ratio=ends[1].value / ends[0].value if ends[0].value > 0 else None,
        rise=(last - best) / unit,
        error=error / unit,
        fall=fell / (abs(then) or 1.0),
        turned=rises and last - best > error and fell >= -ends[0].within,
    )


def _since(curve: Column, place: int) -> tuple[float, bool, float]:
    """Where a straight line through the values from a place on ends, whether it surely rises, and their scatter."""
    values: Array = curve.values[place:]
    if len(values) <= SINCE:
        return float(np.median(values)), False, 0.0
    passed = curve.epochs[place:] - curve.epochs[place:].mean()
    power = float(passed @ passed)
    slope = float(passed @ values) / power
    errors = tamed(values - values.mean() - passed * slope)
    freedom = len(values) - 2
    spread = max(float(errors @ errors) / freedom, float(np.mean(curve.rounding[place:] ** 2)) / 3)
    scatter = float(np.sqrt(spread * inflation(errors)))
    rises = slope > quantile(freedom) * scatter / float(np.sqrt(power))
    return float(values.mean() + slope * passed[-1]), rises, scatter
