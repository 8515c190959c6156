"""Mean zero and variance one by the values' own moments, and the way back through that."""

import numpy as np

from mlpdoctor.network import Array


def standardized(features: Array, over: tuple[int, ...], epsilon: float) -> tuple[Array, Array]:
    """Values less their mean over some axes, divided by their deviation; and that deviation."""
    centered = features - features.mean(axis=over, keepdims=True)
    deviation = np.sqrt(np.mean(np.square(centered), axis=over, keepdims=True) + epsilon)
    return np.asarray(centered / deviation), deviation


def from_standardized(cotangent: Array, normalized: Array, deviation: Array, over: tuple[int, ...]) -> Array:
    """The gradient with respect to the features; mean and deviation depend on them too."""
    mean = cotangent.mean(axis=over, keepdims=True)
    along = np.mean(cotangent * normalized, axis=over, keepdims=True)
    return np.asarray((cotangent - mean - normalized * along) / deviation)
