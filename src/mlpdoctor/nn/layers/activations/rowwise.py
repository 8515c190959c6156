"""Activation functions that look at a whole row, so that no single slope belongs to a pre-activation."""

from collections.abc import Sequence

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.nn.layers.activation import Activation
from mlpdoctor.nn.layers.activations.smooth import sigmoid

Axis = int | tuple[int, ...]


def softmax(axis: int | Sequence[int] = -1) -> Activation:
    """Exponentials that sum to one along the axis (several axes: over all of them together)."""
    over = _axes(axis)

    def function(z: Array) -> Array:
        weights = np.exp(z - np.max(z, axis=over, keepdims=True))
        weights /= np.sum(weights, axis=over, keepdims=True)
        return np.asarray(weights)

    def pullback(z: Array, cotangent: Array) -> Array:
        shares = function(z)
        return np.asarray(shares * (cotangent - np.sum(cotangent * shares, axis=over, keepdims=True)))

    return Activation("softmax", function, None, bounds=(0.0, 1.0), normalising=True, pullback=pullback)


def log_softmax(axis: int = -1) -> Activation:
    """The logarithm of the softmax, computed without ever taking the logarithm of zero."""

    def function(z: Array) -> Array:
        shifted = z - np.max(z, axis=axis, keepdims=True)
        return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)))

    def pullback(z: Array, cotangent: Array) -> Array:
        return np.asarray(cotangent - np.exp(function(z)) * np.sum(cotangent, axis=axis, keepdims=True))

    return Activation("log_softmax", function, None, bounds=(-np.inf, 0.0), normalising=True, pullback=pullback)


def sparsemax(axis: int = -1) -> Activation:
    """Keras's sparsemax, which is not quite that of Martins and Astudillo (2016).

    The threshold ought to come from the sum of the largest values; Keras (``backend/*/nn.py``) adds up all the
    running sums instead, so a row need not sum to one and values above one occur. We follow what the model runs.
    """

    def function(z: Array) -> Array:
        return np.maximum(z - threshold(z)[0], 0.0)

    def threshold(z: Array) -> tuple[Array, Array]:
        """What is taken off each value, and its slopes by the values in descending order."""
        descending = -np.sort(-z, axis=axis)
        total = np.cumsum(descending, axis=axis)
        count = np.ones_like(z).cumsum(axis=axis)
        support = descending - (total - 1.0) / count > 0
        # Values near 1e300 leave rounding nothing to support.
        size = np.maximum(np.sum(support, axis=axis, keepdims=True), 1)
        # A value is part of the running sum at its own place and of all behind it.
        slopes = np.flip(np.cumsum(np.flip(support, axis), axis=axis), axis) / size
        return (np.sum(np.where(support, total, 0.0), axis=axis, keepdims=True) - 1.0) / size, slopes

    def pullback(z: Array, cotangent: Array) -> Array:
        level, slopes = threshold(z)
        rank = np.argsort(np.argsort(-z, axis=axis, kind="stable"), axis=axis)
        passed = np.where(z > level, cotangent, 0.0)
        moved = np.sum(passed, axis=axis, keepdims=True) * np.take_along_axis(slopes, rank, axis=axis)
        return np.asarray(passed - moved)

    return Activation("sparsemax", function, None, bounds=(0.0, np.inf), normalising=True, pullback=pullback)


def glu(axis: int = -1) -> Activation:
    """The first half of the axis, gated by the sigmoid of the second half: the axis is halved."""

    def function(z: Array) -> Array:
        value, gate = np.split(z, 2, axis=axis)
        return np.asarray(value * sigmoid(gate))

    def pullback(z: Array, cotangent: Array) -> Array:
        value, gate = np.split(z, 2, axis=axis)
        share = sigmoid(gate)
        return np.concatenate([cotangent * share, cotangent * value * share * (1.0 - share)], axis=axis)

    return Activation("glu", function, None, pullback=pullback)


def _axes(axis: int | Sequence[int]) -> Axis:
    return axis if isinstance(axis, int) else tuple(axis)


ROWWISE = (softmax(), log_softmax(), sparsemax(), glu())
