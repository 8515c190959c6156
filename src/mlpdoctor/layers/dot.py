"""Dot: products between two tensors, row by row."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.layers.family import LayerFamily
from mlpdoctor.network import Array, Config, Layer, Shape

EPSILON = {2: 1e-12, 3: 1e-14}
"""Keras's floor under the squared norm when ``normalize`` is on, by major version."""


class Dot(LayerFamily):
    """The sum of products along one axis of each tensor, optionally of tensors scaled to norm one."""

    kinds: ClassVar[tuple[str, ...]] = ("Dot",)
    affine: ClassVar[bool] = False

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:
        first, second = shapes
        one, two = _axes(config, len(first) + 1, len(second) + 1)
        if None not in (first[one - 1], second[two - 1]) and first[one - 1] != second[two - 1]:
            raise ValueError(f"it multiplies axes of the lengths {first[one - 1]} and {second[two - 1]}")
        rest = (*first[: one - 1], *first[one:], *second[: two - 1], *second[two:])
        return rest or (1,)

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        axes = _axes(layer.config, inputs[0].ndim, inputs[1].ndim)
        first, second = (np.moveaxis(tensor, axis, -1) for tensor, axis in zip(inputs, axes, strict=True))
        if layer.config.get("normalize"):
            first, second = (_unit(tensor, EPSILON[min(layer.keras, 3)]) for tensor in (first, second))
        rows = len(first)
        left = first.reshape(rows, -1, first.shape[-1])
        right = second.reshape(rows, -1, second.shape[-1])
        product = left @ right.transpose(0, 2, 1)
        rest = (*first.shape[1:-1], *second.shape[1:-1])
        return product.reshape(rows, *(rest or (1,)))


def _axes(config: Config, first: int, second: int) -> tuple[int, int]:
    axes = config["axes"]
    one, two = (axes, axes) if isinstance(axes, int) else axes
    return one % first, two % second


def _unit(tensor: Array, floor: float) -> Array:
    square = np.sum(np.square(tensor), axis=-1, keepdims=True)
    return np.asarray(tensor / np.sqrt(np.maximum(square, floor)))
