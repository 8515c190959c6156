"""Dot: products between two tensors, row by row."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.layers.family import LayerFamily, Pull
from mlpdoctor.layers.unit_length import from_unit_length, to_unit_length
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
            first, second = (to_unit_length(tensor, -1, EPSILON[min(layer.keras, 3)]) for tensor in (first, second))
        rows = len(first)
        left = first.reshape(rows, -1, first.shape[-1])
        right = second.reshape(rows, -1, second.shape[-1])
        product = left @ right.transpose(0, 2, 1)
        rest = (*first.shape[1:-1], *second.shape[1:-1])
        return product.reshape(rows, *(rest or (1,)))

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        axes = _axes(layer.config, inputs[0].ndim, inputs[1].ndim)
        moved = [np.moveaxis(tensor, axis, -1) for tensor, axis in zip(inputs, axes, strict=True)]
        normalize, floor = layer.config.get("normalize"), EPSILON[min(layer.keras, 3)]
        units = [to_unit_length(tensor, -1, floor) for tensor in moved] if normalize else moved
        rows = len(cotangent)
        left, right = (tensor.reshape(rows, -1, tensor.shape[-1]) for tensor in units)
        pulled = cotangent.reshape(rows, left.shape[1], right.shape[1])
        found = []
        for tensor, product, axis in zip(moved, (pulled @ right, pulled.transpose(0, 2, 1) @ left), axes, strict=True):
            shaped = product.reshape(tensor.shape)
            if normalize:
                shaped = from_unit_length(tensor, -1, floor, shaped)
            found.append(np.moveaxis(shaped, -1, axis))
        return found, {}


def _axes(config: Config, first: int, second: int) -> tuple[int, int]:
    axes = config["axes"]
    one, two = (axes, axes) if isinstance(axes, int) else axes
    return one % first, two % second
