"""Vectors scaled to length one, and the way back through that: of UnitNormalization, Dot and one regulariser."""

import numpy as np

from mlpdoctor.network import KERAS_3, Array


def to_unit_length(tensor: Array, over: int | tuple[int, ...], floor: float) -> Array:
    """Each vector along the axes divided by its length, or by the root of ``floor`` where that is longer."""
    return np.asarray(tensor / np.sqrt(np.maximum(_square(tensor, over), floor)))


def from_unit_length(
    tensor: Array, over: int | tuple[int, ...], floor: float, cotangent: Array, keras: int = KERAS_3
) -> Array:
    """The gradient with respect to the vectors, from that with respect to the scaled ones.

    Keras 3 takes the root of the bare square (``ops.nn._normalize``), so on TensorFlow the gradient at a vector of
    zeros is no number, and neither are the weights after the next update. Keras 2 puts the floor under the square.
    """
    square = _square(tensor, over)
    length = np.sqrt(np.maximum(square, floor))
    unit = tensor / length
    along = np.where(square > floor, np.sum(cotangent * unit, axis=over, keepdims=True), 0.0)
    pulled = (cotangent - unit * along) / length
    return np.where(square == 0, np.nan, pulled) if keras >= KERAS_3 else np.asarray(pulled)


def _square(tensor: Array, over: int | tuple[int, ...]) -> Array:
    return np.asarray(np.sum(np.square(tensor), axis=over, keepdims=True))
