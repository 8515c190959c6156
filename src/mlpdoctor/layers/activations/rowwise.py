"""Activation functions that look at a whole row, so that no single slope belongs to a pre-activation."""

from collections.abc import Sequence

import numpy as np

from mlpdoctor.layers.activation import Activation
from mlpdoctor.layers.activations.smooth import sigmoid
from mlpdoctor.network import Array

Axis = int | tuple[int, ...]


def softmax(axis: int | Sequence[int] = -1) -> Activation:
    """Exponentials that sum to one along the axis (several axes: over all of them together)."""
    over = _axes(axis)

    def function(z: Array) -> Array:
        weights = np.exp(z - np.max(z, axis=over, keepdims=True))
        weights /= np.sum(weights, axis=over, keepdims=True)
        return np.asarray(weights)

    return Activation("softmax", function, None, bounds=(0.0, 1.0))


def log_softmax(axis: int = -1) -> Activation:
    """The logarithm of the softmax, computed without ever taking the logarithm of zero."""

    def function(z: Array) -> Array:
        shifted = z - np.max(z, axis=axis, keepdims=True)
        return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True)))

    return Activation("log_softmax", function, None, bounds=(-np.inf, 0.0))


def sparsemax(axis: int = -1) -> Activation:
    """The nearest point of the probability simplex (Martins and Astudillo, 2016)."""

    def function(z: Array) -> Array:
        descending = -np.sort(-z, axis=axis)
        total = np.cumsum(descending, axis=axis)
        count = np.ones_like(z).cumsum(axis=axis)
        support = np.sum(descending * count > total - 1.0, axis=axis, keepdims=True)
        # A row with NaN has an empty support; its result is NaN either way.
        last = np.take_along_axis(total, np.maximum(support, 1) - 1, axis=axis)
        return np.asarray(np.maximum(z - (last - 1.0) / np.maximum(support, 1), 0.0))

    return Activation("sparsemax", function, None, bounds=(0.0, 1.0))


def glu(axis: int = -1) -> Activation:
    """The first half of the axis, gated by the sigmoid of the second half: the axis is halved."""

    def function(z: Array) -> Array:
        value, gate = np.split(z, 2, axis=axis)
        return np.asarray(value * sigmoid(gate))

    return Activation("glu", function, None)


def _axes(axis: int | Sequence[int]) -> Axis:
    return axis if isinstance(axis, int) else tuple(axis)


ROWWISE = (softmax(), log_softmax(), sparsemax(), glu())
