"""Where a curve that still falls is heading: the limit of an exponential approach, with an error bar."""

import math

import numpy as np

from mlpdoctor.analysis.curves.noise import inflation, part, quantile, tamed, unbroken
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column
from mlpdoctor.core.network import Array

FEWEST = 12
"""Epochs needed to fit three numbers and have some left to judge the fit by."""
SHARE = 0.5
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
    length = max(FEWEST, round(SHARE * len(curve)))
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
