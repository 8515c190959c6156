"""What the dropout layers do in training."""

import math

import numpy as np

from mlpdoctor.core.network import Array, Layer
from mlpdoctor.nn.layers.family import number
from mlpdoctor.nn.layers.properties import obstacle

PLAIN = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
KINDS = (*PLAIN, "AlphaDropout", "GaussianDropout")
ALPHA_FLOOR = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
"""What AlphaDropout puts in place of a dropped value: the least value of selu."""


def rate_of(layer: Layer) -> float:
    """The share that a layer drops in training; 0 for a layer that is no dropout of Keras's own."""
    if layer.kind not in KINDS or obstacle(layer) is not None:
        return 0.0
    return number(layer.config.get("rate"), 0.0)


def dropped(layer: Layer, values: Array, rng: np.random.Generator) -> Array:
    """The layer's output in training, shaped as its input, batch first.

    The masks are drawn from the same law as Keras's, not from the same stream of random numbers.
    """
    rate = rate_of(layer)
    if rate == 0:
        return values
    if layer.kind == "GaussianDropout":
        spread = math.sqrt(rate / (1.0 - rate)) if rate < 1 else math.inf
        return np.asarray(values * rng.normal(1.0, spread, values.shape))
    kept = rng.random(_noise_shape(layer, values)) >= rate
    if layer.kind == "AlphaDropout":
        slope = ((1.0 - rate) * (1.0 + rate * ALPHA_FLOOR**2)) ** -0.5 if rate < 1 else 0.0
        return np.asarray(slope * (np.where(kept, values, ALPHA_FLOOR) - ALPHA_FLOOR * rate))
    return np.asarray(values * kept / (1.0 - rate)) if rate < 1 else np.zeros_like(values)


def _noise_shape(layer: Layer, values: Array) -> tuple[int, ...]:
    if layer.kind.startswith("Spatial"):
        channel = 1 if layer.config.get("data_format") == "channels_first" else values.ndim - 1
        return tuple(length if axis in (0, channel) else 1 for axis, length in enumerate(values.shape))
    noise = layer.config.get("noise_shape")
    if not noise:
        return values.shape
    return tuple(length if own is None else int(own) for own, length in zip(noise, values.shape, strict=True))
