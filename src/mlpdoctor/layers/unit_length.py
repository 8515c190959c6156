"""Vectors scaled to length one, and the way back through that: of UnitNormalization, Dot and one regulariser."""

import numpy as np

from mlpdoctor.network import Array


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
