"""Activation functions made of straight pieces: relu and its relatives, the hard and the shrinking ones."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from mlpdoctor.core.network import Array
from mlpdoctor.nn.layers.family import LINEAR, Activation

RELU6_TOP = 6.0
MOST_LEAK = 0.5
"""Slope below zero up to which a leaky relu still drops most of what is negative."""


def relu(
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
    name: str = "relu",
) -> Activation:
    """The relu of Keras: ``slope * (z - threshold)`` up to the threshold, then ``z`` up to ``max_value``.

    Source: ``keras/src/activations/activations.py``, class ReLU. With a positive threshold, or a negative
    one and no cap, the function jumps, so it has no kinks that a proof about continuous functions could count.
    """
    top = np.inf if max_value is None else max_value

    def above(z: Array) -> Array:
        return z if max_value is None else np.clip(z, 0.0, top)

    def function(z: Array) -> Array:
        if threshold == 0 and negative_slope == 0:
            return np.maximum(z, 0.0) if max_value is None else np.clip(z, 0.0, top)
        return np.where(z > threshold, above(z), negative_slope * (z - threshold))

    def derivative(z: Array) -> Array:
        if max_value is None and threshold == 0:
            return np.where(z > 0, 1.0, negative_slope)
        # At a corner TensorFlow takes the slope of the clip, but for its own relu6, and none of the lower line.
        below_top = z < top if threshold == 0 and max_value == RELU6_TOP else z <= top
        rising = below_top if max_value is None else (z >= 0) & below_top
        return np.where(z > threshold, np.where(rising, 1.0, 0.0), np.where(z < threshold, negative_slope, 0.0))

    low, high = (min(threshold, 0.0) if max_value is None else 0.0), max(top, 0.0)
    if negative_slope > 0:
        low = -np.inf
    elif negative_slope < 0:
        high = np.inf
    return Activation(
        name,
        function,
        derivative,
        kinks=_relu_kinks(negative_slope, max_value, threshold),
        bounds=(low, high),
        gated=negative_slope == 0,
        saturating=negative_slope == 0 and max_value is not None and max_value > 0,
        rectified=abs(negative_slope) <= MOST_LEAK and top > 0,
    )


def _relu_kinks(negative_slope: float, max_value: float | None, threshold: float) -> tuple[float, ...] | None:
    # Above a positive threshold the values start at the threshold, below an uncapped negative one they dip
    # under zero; only a capped one is held at zero until z is positive.
    if threshold > 0 or (threshold < 0 and max_value is None):
        return None
    pieces = [(-np.inf, negative_slope), (threshold, 0.0), (0.0, 1.0)]
    if max_value is not None:
        pieces = [*pieces, (max_value, 0.0)] if max_value > 0 else pieces[:2]
    if threshold == 0 and len(pieces) > 2:  # noqa: PLR2004 - the flat piece has no length
        del pieces[1]
    return tuple(start for (_, before), (start, after) in pairwise(pieces) if before != after)


def thresholded_relu(threshold: float, default_value: float = 0.0, name: str = "threshold") -> Activation:
    """``z`` above the threshold, a constant at and below it; a jump unless the two agree."""
    joined = threshold == default_value
    return Activation(
        name,
        lambda z: np.where(z > threshold, z, default_value),
        lambda z: np.where(z > threshold, 1.0, 0.0),
        kinks=(threshold,) if joined else None,
        bounds=(min(threshold, default_value), np.inf),
        gated=default_value == 0,
        rectified=True,
    )


def clipped_line(name: str, slope: float, offset: float, low: float, high: float) -> Activation:
    """``slope * z + offset`` cut off at both ends: hard_tanh, hard_sigmoid, sparse_sigmoid."""
    start, end = (low - offset) / slope, (high - offset) / slope
    return Activation(
        name,
        lambda z: np.clip(slope * z + offset, low, high),
        lambda z: np.where((z > start) & (z < end), slope, 0.0),
        kinks=(start, end),
        bounds=(low, high),
        gated=low == 0,
        saturating=True,
    )


def soft_shrink(threshold: float = 0.5) -> Activation:
    """Shrinks toward zero by the threshold; exactly zero between, on an interval and not on a half line."""
    return Activation(
        "soft_shrink",
        lambda z: np.sign(z) * np.maximum(np.abs(z) - threshold, 0.0),
        lambda z: np.where(np.abs(z) > threshold, 1.0, 0.0),
        kinks=(-threshold, threshold),
    )


def hard_shrink(threshold: float = 0.5) -> Activation:
    """Zero up to the threshold on both sides, the identity beyond: it jumps, so it has no kinks."""
    return Activation(
        "hard_shrink",
        lambda z: np.where(np.abs(z) > threshold, z, 0.0),
        lambda z: np.where(np.abs(z) > threshold, 1.0, 0.0),
    )


RELU = relu()
RELU6 = relu(max_value=RELU6_TOP, name="relu6")
HARD_TANH = replace(
    clipped_line("hard_tanh", 1.0, 0.0, -1.0, 1.0),
    # A clip, with its slope at the ends, where the sigmoids are made of relus.
    derivative=lambda z: np.where(np.abs(z) <= 1, 1.0, 0.0),
)
HARD_SIGMOID = clipped_line("hard_sigmoid", 1.0 / 6.0, 0.5, 0.0, 1.0)
HARD_SIGMOID_KERAS_2 = clipped_line("hard_sigmoid", 0.2, 0.5, 0.0, 1.0)
SPARSE_SIGMOID = clipped_line("sparse_sigmoid", 0.5, 0.5, 0.0, 1.0)

PIECEWISE = (
    LINEAR,
    RELU,
    RELU6,
    relu(negative_slope=0.2, name="leaky_relu"),
    HARD_TANH,
    HARD_SIGMOID,
    SPARSE_SIGMOID,
    soft_shrink(),
    hard_shrink(),
)
