"""The focal surprise of a class, and the distribution for which a sum of them is least."""

import numpy as np

from mlpdoctor.losses.loss import EPSILON
from mlpdoctor.network import Array

LOGITS = np.linspace(-40.0, 40.0, 1 << 16)
"""Where the inverse of the steepness is tabulated: at all probabilities that are not 0 or 1 to all digits."""
HALVINGS = 60
"""Of the multiplier's bracket, on a logarithmic scale; its error enters the bound squared."""

CLIP = np.array(EPSILON)


def surprise(p: Array, gamma: float) -> Array:
    """``(1 - p)^gamma (-log p)``, convex and falling in p from 0 to 1 for every gamma from 0 up.

    The second derivative times ``p (1 - p)^(1 - gamma)`` is at least ``gamma (gamma + 1)``, as ``-log p`` is at most
    ``(1 - p) / p``.
    """
    return np.asarray(np.power(1 - p, gamma) * -np.log(p), np.float64)


def steepness(p: Array, gamma: float) -> Array:
    """Minus the derivative of the surprise."""
    return _steepness(p, 1 - p, gamma)


def _steepness(p: Array, q: Array, gamma: float) -> Array:
    """The same from both probabilities, so that neither loses its digits near one."""
    logarithm = np.where(p < q, np.log(p), np.log1p(-np.minimum(q, 0.5)))
    return np.asarray(np.power(q, gamma) / p - gamma * np.power(q, gamma - 1) * logarithm, np.float64)


def least(weights: Array, gamma: float) -> Array:
    """The least weighted sum of the surprises of a distribution, each row by itself: shape (rows, 1).

    By a multiplier for the sum of the distribution: whatever it is, the least sum of the surprises and the multiplied
    probabilities, less the multiplier, is a lower bound (weak duality), and at the best multiplier it is reached. Where
    a class is so rare that its best probability is below Keras's clip, leaving it at the clip is free.

    Args:
        weights: of the classes, shape (rows, classes), none negative.
        gamma: zero or more.
    """
    p, q = 1 / (1 + np.exp(-LOGITS)), 1 / (1 + np.exp(LOGITS))
    table = np.log(_steepness(p, q, gamma))[::-1]
    with np.errstate(divide="ignore"):
        logarithm = np.log(weights)
    most = logarithm.max(axis=1, keepdims=True, initial=-np.inf)
    some = np.isfinite(most)
    logarithm = np.where(some, logarithm - np.where(some, most, 0.0), 0.0)  # in units of the largest weight

    def logits(multiplier: Array) -> Array:
        return np.interp(multiplier - logarithm, table, LOGITS[::-1])

    low, high = np.full_like(most, table[0]), np.full_like(most, table[-1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = (1 / (1 + np.exp(-logits(middle)))).sum(axis=1, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    multiplier = np.where(some, np.exp(high + most), 0.0)
    probability = 1 / (1 + np.exp(-logits(high)))
    paid = weights * surprise(probability, gamma) + multiplier * probability
    return np.asarray(np.minimum(paid, weights * surprise(CLIP, gamma)).sum(axis=1, keepdims=True) - multiplier)
