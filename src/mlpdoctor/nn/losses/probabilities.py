"""Entropies and divergences of distributions, and how Keras turns answers into shares."""

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.loss import ALMOST_ONE, EPSILON

ROUNDING = 1e-12
"""A probability this far below zero is zero after rounding."""


def plogp(p: Array) -> Array:
    """``p log p``, zero at zero; same shape."""
    return np.asarray(p * np.log(np.where(p > 0, p, 1.0)), np.float64)


def log_softmax(z: Array) -> Array:
    """Logarithms of the probabilities that logits of shape (rows, classes) stand for."""
    shifted = z - z.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float64)


def divergence(p: Array, z: Array) -> Array:
    """Kullback-Leibler divergence of p from the softmax of z for each row; infinite where p is no distribution.

    Rows of p that add up to S count S times their distribution.
    """
    total = p.sum(axis=1)
    inside = (p >= -ROUNDING).all(axis=1)
    safe = np.maximum(p, 0.0)
    share = safe / np.where(total > 0, total, 1.0)[:, None]
    terms = total * (plogp(share) - share * log_softmax(z)).sum(axis=1)
    return np.where(inside, np.maximum(terms, 0.0), np.inf)


def shares(outputs: Array) -> Array:
    """Each number of a row over their sum; not a number where they add up to zero, as in Keras."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True), np.float64)


def through_shares(slopes: Array, outputs: Array) -> Array:
    """Derivatives with respect to the numbers of a row from those with respect to their shares."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = slopes - (slopes * shares(outputs)).sum(axis=1, keepdims=True)
        return np.asarray(rest / outputs.sum(axis=1, keepdims=True), np.float64)


def clipped(probabilities: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Probabilities as far as Keras lets them go, and where it leaves them as they are."""
    inside = (probabilities >= EPSILON) & (probabilities <= ALMOST_ONE)
    return np.clip(probabilities, EPSILON, ALMOST_ONE), inside


def largest_share(low: float, high: float, units: int) -> float:
    """The largest that one of several numbers between two bounds, none negative, can be of their sum."""
    if low <= 0 or np.isinf(high):
        return 1.0
    return high / (high + (units - 1) * low)


def largest_softmax(low: float, high: float, units: int) -> float:
    """The largest that one number can be of a softmax of logits between two bounds."""
    if np.isinf(low) or np.isinf(high):
        return 1.0
    return float(1.0 / (1.0 + (units - 1) * np.exp(low - high)))
