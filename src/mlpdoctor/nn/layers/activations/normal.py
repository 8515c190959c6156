"""The distribution function of the normal distribution, which GELU multiplies by."""

import math

import numpy as np

from mlpdoctor.core.network import Array

ERFC_TURN = 8.0
"""From where erfc has another approximation."""
NORMAL_END = 39.0
"""So many standard deviations from the mean a tail of the normal distribution is zero in float64."""
IN_CACHE = 1 << 13
"""Numbers at a time, so that what a step leaves is still in the core's cache for the next."""
_ERF = (
    (9.60497373987051638749, 90.0260197203842689217, 2232.00534594684319226, 7003.32514112805075473,
     55592.3013010394962768),
    (1.0, 33.5617141647503099647, 521.357949780152679795, 4594.32382970980127987, 22629.0000613890934246,
     49267.3942608635921086),
)  # fmt: skip
_ERFC = (
    (2.46196981473530512524e-10, 0.564189564831068821977, 7.46321056442269912687, 48.6371970985681366614,
     196.520832956077098242, 526.445194995477358631, 934.528527171957607540, 1027.55188689515710272,
     557.535335369399327526),
    (1.0, 13.2281951154744992508, 86.7072140885989742329, 354.937778887819891062, 975.708501743205489753,
     1823.90916687909736289, 2246.33760818710981792, 1656.66309194161350182, 557.535340817727675546),
)  # fmt: skip
_ERFC_FAR = (
    (0.564189583547755073984, 1.27536670759978104416, 5.01905042251180477414, 6.16021097993053585195,
     7.40974269950448939160, 2.97886665372100240670),
    (1.0, 2.26052863220117276590, 9.39603524938001434673, 12.0489539808096656605, 17.0814450747565897222,
     9.60896809063285878198, 3.36907645100081516050),
)  # fmt: skip


def normal_cdf(z: Array) -> Array:
    """The normal distribution function, to its last digits in both tails: by the rational functions of Cephes.

    Source: Moshier, Methods and Programs for Mathematical Functions, 1989, ``ndtr``; rewritten for arrays.
    """
    values = np.ravel(np.asarray(z, np.float64))
    out = np.empty_like(values)
    with np.errstate(under="ignore", over="ignore"):
        for start in range(0, len(values), IN_CACHE):
            part = slice(start, start + IN_CACHE)
            out[part] = _few(values[part])
    return out.reshape(np.shape(z))


def _few(z: Array) -> Array:
    size = np.minimum(np.abs(z), NORMAL_END)
    scaled = size * math.sqrt(0.5)
    tail = _ratio(scaled, _ERFC)
    far = scaled > ERFC_TURN
    if far.any():
        tail[far] = _ratio(scaled[far], _ERFC_FAR)
    size *= size
    size *= -0.5
    tail *= np.exp(size, out=size)
    tail *= 0.5
    out = np.where(z > 0, 1.0 - tail, tail)
    near = np.flatnonzero(scaled < 1.0)
    inner = z[near] * math.sqrt(0.5)
    out[near] = 0.5 + 0.5 * inner * _ratio(inner * inner, _ERF)
    return out


def _ratio(x: Array, pair: tuple[tuple[float, ...], tuple[float, ...]]) -> Array:
    above, below = (_polynomial(x, coefficients) for coefficients in pair)
    above /= below
    return above


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    """By Horner's rule, from the highest power down."""
    first, second, *rest = coefficients
    out = x * first
    out += second
    for coefficient in rest:
        out *= x
        out += coefficient
    return out
