"""LayerNormalization and UnitNormalization: each row is scaled by its own size, so they are not affine."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.layers.configured import axes, number
from mlpdoctor.layers.family import LayerFamily, Variable, weight
from mlpdoctor.network import KERAS_3, Array, Config, Layer, Shape

UNIT_EPSILON = 1e-12
"""Keras's floor under the norm (Keras 2: under its square)."""


class LayerNormalization(LayerFamily):
    """Mean zero and variance one over some axes of each row, then a scale and a shift; or rms alone."""

    kinds: ClassVar[tuple[str, ...]] = ("LayerNormalization",)
    affine: ClassVar[bool] = False

    def variables(self, config: Config, shapes: Sequence[Shape]) -> tuple[Variable, ...]:
        shape = tuple(shapes[0][axis - 1] for axis in _sorted_axes(config, len(shapes[0]) + 1))
        if None in shape:
            raise ValueError("a normalized axis of its input has no known length")
        lengths = tuple(int(length or 0) for length in shape)
        rms = bool(config.get("rms_scaling"))
        named = [
            ("gamma", config.get("scale", True) or rms),
            ("beta", config.get("center", True) and not rms),
        ]
        return tuple(Variable(name, lengths) for name, used in named if used)

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        features, rank = inputs[0], inputs[0].ndim
        over = _sorted_axes(layer.config, rank)
        spread = [features.shape[axis] if axis in over else 1 for axis in range(rank)]
        centered = features - features.mean(axis=over, keepdims=True)
        variance = np.mean(np.square(centered), axis=over, keepdims=True)
        # Keras's rms_scaling leaves the mean in but scales by the variance about it.
        scaled = features if layer.config.get("rms_scaling") else centered
        outputs = np.asarray(scaled / np.sqrt(variance + number(layer.config.get("epsilon"), 1e-3)))
        if "gamma" in layer.weights:
            outputs *= weight(layer, "gamma").reshape(spread)
        if "beta" in layer.weights:
            outputs += weight(layer, "beta").reshape(spread)
        return outputs


class UnitNormalization(LayerFamily):
    """Each row divided by its Euclidean norm."""

    kinds: ClassVar[tuple[str, ...]] = ("UnitNormalization",)
    affine: ClassVar[bool] = False

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        over = axes(layer.config.get("axis", -1), inputs[0].ndim)
        square = np.sum(np.square(inputs[0]), axis=over, keepdims=True)
        floor = UNIT_EPSILON**2 if layer.keras >= KERAS_3 else UNIT_EPSILON
        return np.asarray(inputs[0] / np.sqrt(np.maximum(square, floor)))


def _sorted_axes(config: Config, rank: int) -> tuple[int, ...]:
    return tuple(sorted(axes(config.get("axis", -1), rank)))
