"""BatchNormalization, Normalization and Rescaling: one scale and one shift a feature at inference."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.family import LayerFamily, Pull, Variable, array, axes, number, weight
from mlpdoctor.nn.layers.row_normalization import from_standardized, standardized
from mlpdoctor.nn.layers.weightless import reduced


class BatchNormalization(LayerFamily):
    """``gamma * (inputs - moving_mean) / sqrt(moving_variance + epsilon) + beta`` along an axis."""

    kinds: ClassVar[tuple[str, ...]] = ("BatchNormalization", "SyncBatchNormalization")
    renormalises: ClassVar[bool] = True
    fixed: ClassVar[tuple[str, ...]] = ("moving_mean", "moving_variance")

    def variables(self, config: Config, shapes: Sequence[Shape]) -> tuple[Variable, ...]:
        shape = tuple(_length(shapes[0], axis) for axis in axes(config.get("axis", -1), len(shapes[0]) + 1))
        names = [name for name, used in (("gamma", "scale"), ("beta", "center")) if config.get(used, True)]
        moving = [Variable(name, shape, trainable=False) for name in self.fixed]
        return (*(Variable(name, shape) for name in names), *moving)

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        features = inputs[0]
        _, spread = _over(layer, features)
        deviation = np.sqrt(weight(layer, "moving_variance") + _epsilon(layer))
        scale = (weight(layer, "gamma") if "gamma" in layer.weights else 1.0) / deviation
        shift = -weight(layer, "moving_mean") * scale
        if "beta" in layer.weights:
            shift = shift + weight(layer, "beta")
        outputs = features * np.reshape(scale, spread)
        outputs += np.reshape(shift, spread)
        return outputs

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        features = inputs[0]
        over, spread = _over(layer, features)
        inverse = 1.0 / np.sqrt(weight(layer, "moving_variance") + _epsilon(layer))
        scale = weight(layer, "gamma") * inverse if "gamma" in layer.weights else inverse
        centered = features - np.reshape(weight(layer, "moving_mean"), spread)
        gradients = _of_weights(layer, centered * np.reshape(inverse, spread), cotangent, over)
        return [cotangent * np.reshape(scale, spread)], gradients

    def in_training(self, layer: Layer) -> LayerFamily:
        return BY_THE_BATCH if layer.trainable else self

    def obstacle(self, layer: Layer) -> str | None:
        if layer.config.get("renorm"):
            return "uses batch renormalization"
        if layer.config.get("virtual_batch_size"):
            return "uses virtual batches"
        return super().obstacle(layer)


class ByTheBatch(BatchNormalization):
    """As in training: by the moments of the rows it is given; a frozen layer keeps to its moving ones, as in Keras."""

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        over, spread = _over(layer, inputs[0])
        outputs, _ = standardized(inputs[0], over, _epsilon(layer))
        if "gamma" in layer.weights:
            outputs = outputs * weight(layer, "gamma").reshape(spread)
        return outputs + weight(layer, "beta").reshape(spread) if "beta" in layer.weights else outputs

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        over, spread = _over(layer, inputs[0])
        normalized, deviation = standardized(inputs[0], over, _epsilon(layer))
        gradients = _of_weights(layer, normalized, cotangent, over)
        inner = cotangent * weight(layer, "gamma").reshape(spread) if "gamma" in layer.weights else cotangent
        return [from_standardized(inner, normalized, deviation, over)], gradients


BY_THE_BATCH = ByTheBatch()


def _of_weights(layer: Layer, normalized: Array, cotangent: Array, over: tuple[int, ...]) -> dict[str, Array]:
    found = {}
    if "gamma" in layer.weights:
        found["gamma"] = np.asarray(np.sum(cotangent * normalized, axis=over))
    if "beta" in layer.weights:
        found["beta"] = np.asarray(np.sum(cotangent, axis=over))
    return found


def _over(layer: Layer, features: Array) -> tuple[tuple[int, ...], list[int]]:
    """The axes that moments are taken over, and the shape in which a weight meets the features."""
    kept = axes(layer.config.get("axis", -1), features.ndim)
    over = tuple(axis for axis in range(features.ndim) if axis not in kept)
    return over, [features.shape[axis] if axis in kept else 1 for axis in range(features.ndim)]


def _epsilon(layer: Layer) -> float:
    return number(layer.config.get("epsilon"), 1e-3)


def _length(shape: Shape, axis: int) -> int:
    length = shape[axis - 1]
    if length is None:
        raise ValueError(f"axis {axis} of its input has no known length")
    return length


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
