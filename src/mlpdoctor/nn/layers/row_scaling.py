"""Rows scaled to mean zero and variance one, or to length one, and the way back through that."""

import numpy as np

from mlpdoctor.core.network import Array


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


def to_unit_length(tensor: Array, over: int | tuple[int, ...], floor: float) -> Array:
    """Each vector along the axes divided by its length, or by the root of ``floor`` where that is longer."""
    return np.asarray(tensor / np.sqrt(np.maximum(_square(tensor, over), floor)))


def from_unit_length(tensor: Array, over: int | tuple[int, ...], floor: float, cotangent: Array) -> Array:
    """The gradient with respect to the vectors, from that with respect to the scaled ones."""
    square = _square(tensor, over)
    length = np.sqrt(np.maximum(square, floor))
    unit = tensor / length
    along = np.where(square > floor, np.sum(cotangent * unit, axis=over, keepdims=True), 0.0)
    return np.asarray((cotangent - unit * along) / length)


def _square(tensor: Array, over: int | tuple[int, ...]) -> Array:
    return np.asarray(np.sum(np.square(tensor), axis=over, keepdims=True))
