"""BatchNormalization, which at inference is one scale and one shift for each feature."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.layers.configured import axes, number
from mlpdoctor.layers.family import LayerFamily, Variable, weight
from mlpdoctor.network import Array, Config, Layer, Shape


class BatchNormalization(LayerFamily):
    """``gamma * (inputs - moving_mean) / sqrt(moving_variance + epsilon) + beta`` along an axis."""

    kinds: ClassVar[tuple[str, ...]] = ("BatchNormalization", "SyncBatchNormalization")
    fixed: ClassVar[tuple[str, ...]] = ("moving_mean", "moving_variance")

    def variables(self, config: Config, shapes: Sequence[Shape]) -> tuple[Variable, ...]:
        shape = tuple(_length(shapes[0], axis) for axis in axes(config.get("axis", -1), len(shapes[0]) + 1))
        names = [name for name, used in (("gamma", "scale"), ("beta", "center")) if config.get(used, True)]
        moving = [Variable(name, shape, trainable=False) for name in self.fixed]
        return (*(Variable(name, shape) for name in names), *moving)

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        features = inputs[0]
        kept = axes(layer.config.get("axis", -1), features.ndim)
        spread = [features.shape[axis] if axis in kept else 1 for axis in range(features.ndim)]
        deviation = np.sqrt(weight(layer, "moving_variance") + number(layer.config.get("epsilon"), 1e-3))
        scale = (weight(layer, "gamma") if "gamma" in layer.weights else 1.0) / deviation
        shift = -weight(layer, "moving_mean") * scale
        if "beta" in layer.weights:
            shift = shift + weight(layer, "beta")
        outputs = features * np.reshape(scale, spread)
        outputs += np.reshape(shift, spread)
        return outputs

    def obstacle(self, layer: Layer) -> str | None:
        if layer.config.get("renorm"):
            return "uses batch renormalization"
        if layer.config.get("virtual_batch_size"):
            return "uses virtual batches"
        return super().obstacle(layer)


def _length(shape: Shape, axis: int) -> int:
    length = shape[axis - 1]
    if length is None:
        raise ValueError(f"axis {axis} of its input has no known length")
    return length
