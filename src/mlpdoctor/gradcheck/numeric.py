"""The true gradient by central differences with step control: each number with an error bar.

Source of the extrapolation: Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering Software
4 (1982); of the noise estimate: More and Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array

FIRST_STEP = -4
"""Binary logarithm of the first step, in units of the size of the array."""
STEPS = {True: 5, False: 12}
"""How many steps are tried, each a quarter of the one before; fewer in float32, where smaller ones are not exact."""
DIGITS = 11
"""Binary digits of the parameters at the points where differences are taken: steps down to 2**-12 of the largest
parameter are then exact in float32 too."""
STANDS_OUT = 32.0
"""Times the rounding that a difference must be over a step."""
STRAIGHT = 0.1
ORDER = 6
"""Differences of this order hold nothing of a smooth loss but its rounding."""


@dataclass(frozen=True)
class Estimate:
    """A derivative.

    Attributes:
        value: the derivative.
        error: how far it may be off: truncation, kinks and rounding together.
    """

    value: float
    error: float


def derivative(
    along: Callable[[float], float], centre: float, first: float, noise: float, *, single: bool, enough: float
) -> Estimate:
    """The derivative at 0 by differences at shrinking steps, extrapolated once; the one with the least error bar.

    Within a bar count: the change from the extrapolation before, far too much for a smooth function; what the slopes
    ahead and behind differ by beyond what a smooth curve bends, which is what a kink within the step adds; and the
    rounding of the loss over the step.

    Args:
        along: the loss on a line.
        centre: the loss at 0.
        first: the first step, a power of two.
        noise: rounding error of the loss.
        single: whether the parameters are float32.
        enough: an error bar with which to stop.
    """
    best = Estimate(0.0, math.inf)
    before = bent = extrapolated = math.nan
    for place in range(STEPS[single]):
        step = first * 4.0**-place
        ahead, behind = along(step), along(-step)
        slope, bend = (ahead - behind) / (2 * step), (ahead + behind - 2 * centre) / (2 * step)
        if place:
            new = (16 * slope - before) / 15
            kink = abs(bend - bent / 4)  # a smooth curve bends in proportion to the step
            error = abs(new - (extrapolated if place > 1 else before)) + kink + 2 * noise / step
            if error < best.error:
                best = Estimate(new, error)
            extrapolated = new
        before, bent = slope, bend
        if best.error <= enough or noise / step > best.error:
            break
    return best


def at_a_tiny_step(
    along: Callable[[float], float], centre: float, size: float, noise: float, smallest: float
) -> Estimate:
    """The derivative at 0 by the smallest step at which a difference of some size still stands out of the rounding.

    What kinks add falls with the step, and what a wrong gradient is off by does not. Here the whole difference between
    the slopes ahead and behind counts as an error: so much can kinks within the step have added.

    Args:
        along: the loss on a line.
        centre: the loss at 0.
        size: the difference that is to be confirmed.
        noise: rounding error of the loss.
        smallest: step below which parameters cannot be moved exactly.
    """
    step = power_of_two(max(STANDS_OUT * noise / size, smallest))
    ahead, behind = along(step), along(-step)
    slope, bend = (ahead - behind) / (2 * step), (ahead + behind - 2 * centre) / (2 * step)
    wider = (along(4 * step) - along(-4 * step)) / (8 * step)
    error = abs(slope - wider) + abs(bend) + 2 * noise / step
    return Estimate(slope, error if math.isfinite(error) else math.inf)


def noise_of(along: Callable[[float], float], steps: Sequence[float]) -> float:
    """The rounding error of a loss, from differences of a high order over tiny steps; at least that of float64.

    A kink within the steps looks like rounding, so a smaller step may lower what was found; but not where the loss no
    longer follows it in a straight line, as one that is computed in float32 does not.

    Args:
        along: the loss on a line.
        steps: the first one large enough for float32, others smaller.
    """
    found = math.inf
    for step in steps:
        values = np.array([along(step * place) for place in range(-ORDER // 2 - 1, ORDER // 2 + 2)])
        least = 4 * float(np.finfo(np.float64).eps) * float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
        if np.isfinite(values).all() and (math.isinf(found) or _straight(values)):
            scale = math.factorial(ORDER) ** 2 / math.factorial(2 * ORDER)
            measured = 2 * math.sqrt(scale * float(np.mean(np.diff(values, ORDER) ** 2)))
            found = min(found, max(measured, least))
    return least if math.isinf(found) else found


def _straight(values: Array) -> bool:
    """Whether values at equal steps lie on a line that rises or falls, but for a tenth of a step."""
    return bool(np.abs(np.diff(values, 2)).max() < STRAIGHT * np.abs(np.diff(values)).min())


def rounded(values: Array) -> Array:
    """The values with few binary digits, so that steps away from them are exact in any arithmetic."""
    mantissa, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.round(mantissa * 2.0**DIGITS) / 2.0**DIGITS, exponent))


def power_of_two(size: float) -> float:
    """The power of two next below a positive size."""
    return float(2.0 ** math.floor(math.log2(size)))
