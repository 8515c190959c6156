"""Layers that move values without changing them."""
# ruff: noqa: D102 - LayerFamily documents these methods

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.family import LayerFamily, Pull


class Flatten(LayerFamily):
    """All axes but the batch become one; with channels first, the channel axis goes last before."""

    kinds: ClassVar[tuple[str, ...]] = ("Flatten",)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:  # noqa: ARG002
        return (None,) if None in shapes[0] else (math.prod(length or 0 for length in shapes[0]),)

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        features = inputs[0]
        if layer.config.get("data_format") == "channels_first" and features.ndim > 1:
            features = np.moveaxis(features, 1, -1)
        return features.reshape(len(features), math.prod(features.shape[1:]))

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        shape = inputs[0].shape
        if layer.config.get("data_format") == "channels_first" and len(shape) > 1:
            return [np.moveaxis(cotangent.reshape(shape[0], *shape[2:], shape[1]), -1, 1)], {}
        return [cotangent.reshape(shape)], {}


class Reshape(LayerFamily):
    """The same values under another shape, one length of which may be left open as -1."""

    kinds: ClassVar[tuple[str, ...]] = ("Reshape",)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:
        target = tuple(int(length) for length in config["target_shape"])
        if None in shapes[0]:
            return tuple(None if length == -1 else length for length in target)
        size = math.prod(length or 0 for length in shapes[0])
        fixed = math.prod(length for length in target if length != -1)
        if -1 in target and fixed:
            target = tuple(size // fixed if length == -1 else length for length in target)
        if math.prod(target) != size:
            raise ValueError(f"cannot reshape {shapes[0]} to {tuple(config['target_shape'])}")
        return target

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        shape = self.output_shape(layer.config, [inputs[0].shape[1:]])
        return inputs[0].reshape(len(inputs[0]), *(length or 0 for length in shape))

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:  # noqa: ARG002
        return [cotangent.reshape(inputs[0].shape)], {}


class Permute(LayerFamily):
    """Axes in another order; ``dims`` counts from 1, the first axis after the batch."""

    kinds: ClassVar[tuple[str, ...]] = ("Permute",)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:
        return tuple(shapes[0][axis - 1] for axis in config["dims"])

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        return inputs[0].transpose(0, *layer.config["dims"])

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:  # noqa: ARG002
        return [cotangent.transpose(np.argsort([0, *layer.config["dims"]]))], {}


class RepeatVector(LayerFamily):
    """A row of features, repeated along a new axis."""

    kinds: ClassVar[tuple[str, ...]] = ("RepeatVector",)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:
        return (int(config["n"]), *shapes[0])

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        features = inputs[0]
        shape = (len(features), int(layer.config["n"]), *features.shape[1:])
        return np.broadcast_to(features[:, None], shape)

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:  # noqa: ARG002
        return [cotangent.sum(axis=1)], {}


def reduced(cotangent: Array, tensor: Array) -> Array:
    """A cotangent summed over the axes along which a tensor was broadcast, in the tensor's shape."""
    shape = (len(tensor), *[1] * (cotangent.ndim - tensor.ndim), *tensor.shape[1:])
    spread = tuple(axis for axis, length in enumerate(shape) if length != cotangent.shape[axis])
    return np.asarray(cotangent.sum(axis=spread, keepdims=True).reshape(tensor.shape))
