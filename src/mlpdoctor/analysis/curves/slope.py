"""How fast a curve moves at its end and where it is heading: pace, reach and limit, each with an error bar."""

import math

import numpy as np

from mlpdoctor.analysis.curves.noise import inflation, part, quantile, tamed, unbroken
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column
from mlpdoctor.core.network import Array

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


FEWEST_TO_FIT = 12
"""Epochs needed to fit three numbers and have some left to judge the fit by."""
FITTED_SHARE = 0.5
"""Share of the curve, at its end, that is fitted: earlier the approach is seldom exponential."""
SCALES = 40
"""Time scales tried, from one epoch to `LONGEST` times the stretch: beyond, an approach is a straight line."""
LONGEST = 10.0
ENOUGH = 12
"""Scales on the grid that fit about as well as the best, for the ends of the interval to be known well ..."""
ZOOMS = 6
"""... and how often the grid is made finer to have as many."""
POINTS = 4000
"""Points fitted at most; a longer curve is thinned evenly."""


@dataclass(frozen=True)
class Asymptote:
    """The limit L of the fit ``loss = L + A exp(-(epoch - first) / scale)`` to the end of a curve.

    Attributes:
        value: L.
        low: lower end of its 95 % interval; minus infinity where the curve does not bound it.
        high: upper end.
        scale: epochs in which the distance to the limit falls to 1/e.
        first: epoch at which the fit begins.
    """

    value: float
    low: float
    high: float
    scale: float
    first: int


def asymptote(column: Column) -> Asymptote | None:
    """Where the curve is heading if the approach to its end goes on as it is.

    For each time scale on a grid the limit and the amplitude are a straight line's least squares; the interval is that
    of all limits whose fit is not worse than the best one by more than the scatter explains (profile likelihood), with
    rounding in the scatter and neighbours allowed to be alike. A curve that falls ever more slowly than an exponential
    (a power law) ends below the interval: it is a limit of what is seen, not of what is possible.

    Returns:
        The limit, or None for a curve too short, one that ends in NaN, or one that does not approach it from above.
    """
    curve = unbroken(column)
    length = max(FEWEST_TO_FIT, round(FITTED_SHARE * len(curve)))
    if len(curve) < length:
        return None
    curve = part(curve, slice(-length, None))
    if length > POINTS:
        keep = np.zeros(length, dtype=np.bool_)
        keep[np.linspace(0, length - 1, POINTS).astype(int)] = True
        curve = part(curve, keep)
    return _fit(curve)


def _fit(curve: Column) -> Asymptote | None:
    passed = (curve.epochs - curve.epochs[0]).astype(np.float64)
    shift = float(curve.values[-1])
    values = curve.values - shift
    freedom = len(curve) - 3
    rounding = float(np.mean(curve.rounding**2)) / 3  # variance of an even spread over the rounding
    shortest, longest = 1.0, LONGEST * float(passed[-1])
    for _ in range(ZOOMS):
        fits = [_line(passed, values, scale) for scale in np.geomspace(shortest, longest, SCALES).tolist()]
        best = min(fits, key=lambda fit: fit.squares)
        spread = max(best.squares / freedom, rounding) * inflation(best.errors)
        allowed = best.squares + quantile(freedom) ** 2 * spread
        near = [place for place, fit in enumerate(fits) if fit.squares <= allowed]
        if len(near) >= ENOUGH:
            break
        shortest, longest = fits[max(near[0] - 1, 0)].scale, fits[min(near[-1] + 1, SCALES - 1)].scale
    if not math.isfinite(best.squares) or best.amplitude <= 0:
        return None
    width = quantile(freedom) * math.sqrt(spread)
    low = min(fits[place].limit - width * fits[place].error for place in near)
    high = max(fits[place].limit + width * fits[place].error for place in near)
    straight = fits[near[-1]].scale >= LONGEST * float(passed[-1]) * (1 - 1e-9)
    return Asymptote(
        best.limit + shift,
        -math.inf if straight else low + shift,
        high + shift,
        best.scale,
        int(curve.epochs[0]),
    )


@dataclass(frozen=True, eq=False)
class _Line:
    scale: float
    limit: float
    amplitude: float
    squares: float
    error: float
    errors: Array


def _line(passed: Array, values: Array, scale: float) -> _Line:
    """Least squares of ``limit + amplitude * decay``, and the limit's standard error in units of the scatter."""
    decay = np.exp(-passed / scale)
    about = decay - decay.mean()
    power = float(about @ about)
    if power <= 1e-12 * len(decay):  # the decay is over at once, or has not begun
        return _Line(scale, 0.0, 0.0, math.inf, 0.0, values)
    amplitude = float(about @ values) / power
    limit = float(values.mean() - amplitude * decay.mean())
    errors = values - limit - amplitude * decay
    cut = tamed(errors)
    error = math.sqrt(1 / len(decay) + float(decay.mean()) ** 2 / power)
    return _Line(scale, limit, amplitude, float(cut @ cut), error, errors)
