"""Preprocessing that is part of the model: Normalization and Rescaling, both fixed affine maps."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.config_values import array, axes
from mlpdoctor.nn.layers.family import LayerFamily, Pull, Variable, weight
from mlpdoctor.nn.layers.reshaping import reduced

EPSILON = 1e-7
"""``keras.config.epsilon()``: the floor under the deviation."""


class Normalization(LayerFamily):
    """``(inputs - mean) / sqrt(variance)`` by moments adapted to data or given in the configuration."""

    kinds: ClassVar[tuple[str, ...]] = ("Normalization",)
    fixed: ClassVar[tuple[str, ...]] = ("mean", "variance", "count")

    def variables(self, config: Config, shapes: Sequence[Shape]) -> tuple[Variable, ...]:
        if config.get("mean") is not None:
            return ()
        lengths = [shapes[0][axis - 1] if axis else None for axis in _kept(config, len(shapes[0]) + 1)]
        if None in lengths:
            raise ValueError("a normalized axis of its input has no known length")
        shape = tuple(int(length or 0) for length in lengths)
        return (
            Variable("mean", shape, trainable=False),
            Variable("variance", shape, trainable=False),
            Variable("count", (), trainable=False),
        )

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        features = inputs[0]
        mean, variance = (_spread(moment, layer, features) for moment in self._moments(layer))
        deviation = np.maximum(np.sqrt(variance), EPSILON)
        if layer.config.get("invert"):
            return np.asarray(features * deviation + mean)
        return np.asarray((features - mean) / deviation)

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        deviation = np.maximum(np.sqrt(_spread(self._moments(layer)[1], layer, inputs[0])), EPSILON)
        pulled = cotangent * deviation if layer.config.get("invert") else cotangent / deviation
        return [reduced(pulled, inputs[0])], {}

    @staticmethod
    def _moments(layer: Layer) -> tuple[Array, Array]:
        if layer.config.get("mean") is not None:
            return array(layer.config["mean"]), array(layer.config["variance"])
        return weight(layer, "mean"), weight(layer, "variance")


class Rescaling(LayerFamily):
    """``inputs * scale + offset``."""

    kinds: ClassVar[tuple[str, ...]] = ("Rescaling",)

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        scale, offset = layer.config.get("scale", 1.0), layer.config.get("offset", 0.0)
        return np.asarray(inputs[0] * array(scale) + array(offset))

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        return [reduced(cotangent * array(layer.config.get("scale", 1.0)), inputs[0])], {}


def _kept(config: Config, rank: int) -> tuple[int, ...]:
    axis = config.get("axis", -1)
    return () if axis is None else tuple(sorted(axes(axis, rank)))


def _spread(moment: Array, layer: Layer, features: Array) -> Array:
    """A moment, shaped to meet the features axis by axis."""
    kept = _kept(layer.config, features.ndim)
    if moment.ndim == 0 or not kept:
        return moment.reshape(())
    shape = [1] * features.ndim
    for axis, length in zip(reversed(kept), reversed(moment.shape), strict=False):
        shape[axis] = length
    return moment.reshape(shape)
