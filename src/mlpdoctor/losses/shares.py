"""Shares of a sum, into which Keras turns the answers of a row before it reads them as probabilities."""

import numpy as np
import numpy.typing as npt

from mlpdoctor.losses.loss import ALMOST_ONE, EPSILON
from mlpdoctor.network import Array


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
