"""Layers that join several tensors: sums and concatenation are affine; products, Dot and extremes are not."""

# ruff: noqa: D102 - LayerFamily documents these methods

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import accumulate
from typing import ClassVar

import numpy as np

from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.family import LayerFamily, Pull, one_axis
from mlpdoctor.nn.layers.row_normalization import from_unit_length, to_unit_length
from mlpdoctor.nn.layers.weightless import reduced

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
    return one_axis(one, first), one_axis(two, second)


class Elementwise(LayerFamily):
    """Tensors combined value by value, with broadcasting."""

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:  # noqa: ARG002
        if not shapes:
            raise ValueError("it merges nothing")
        rank = max(len(shape) for shape in shapes)
        aligned = [(1,) * (rank - len(shape)) + shape for shape in shapes]
        return tuple(_broadcast(lengths) for lengths in zip(*aligned, strict=True))

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        return self.merge(layer.kind, _aligned(inputs))

    @abstractmethod
    def merge(self, kind: str, inputs: Sequence[Array]) -> Array:
        """The combination of tensors of one rank."""


class LinearMerge(Elementwise):
    """Add, Subtract and Average."""

    kinds: ClassVar[tuple[str, ...]] = ("Add", "Subtract", "Average")

    def merge(self, kind: str, inputs: Sequence[Array]) -> Array:
        if kind == "Subtract":
            first, second = inputs
            return np.asarray(first - second)
        total = reduce(np.add, inputs)
        return np.asarray(total / len(inputs)) if kind == "Average" else total

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        if layer.kind == "Subtract":
            return [reduced(cotangent, inputs[0]), -reduced(cotangent, inputs[1])], {}
        share = 1.0 / len(inputs) if layer.kind == "Average" else 1.0
        return [share * reduced(cotangent, tensor) for tensor in inputs], {}


EXTREMES: dict[str, Callable[[Array, Array], Array]] = {
    "Multiply": np.multiply,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
}


class NonlinearMerge(Elementwise):
    """Multiply, Maximum and Minimum."""

    kinds: ClassVar[tuple[str, ...]] = tuple(EXTREMES)
    affine: ClassVar[bool] = False

    def merge(self, kind: str, inputs: Sequence[Array]) -> Array:
        return reduce(EXTREMES[kind], inputs)

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        aligned = _aligned(inputs)
        merged = list(accumulate(aligned, EXTREMES[layer.kind]))
        found = []
        # Keras merges two at a time, from the left.
        for before, tensor in zip(merged[-2::-1], aligned[:0:-1], strict=True):
            if layer.kind == "Multiply":
                kept, given = cotangent * tensor, cotangent * before
            else:
                # TensorFlow hands the whole gradient of a tie to the first of the two.
                first = before >= tensor if layer.kind == "Maximum" else before <= tensor
                kept, given = np.where(first, cotangent, 0.0), np.where(first, 0.0, cotangent)
            found.append(given)
            cotangent = reduced(kept, before)
        return [reduced(part, tensor) for part, tensor in zip([cotangent, *reversed(found)], inputs, strict=True)], {}


class Concatenate(LayerFamily):
    """Tensors side by side along an axis."""

    kinds: ClassVar[tuple[str, ...]] = ("Concatenate",)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:
        axis = one_axis(config.get("axis", -1), len(shapes[0]) + 1) - 1
        lengths = [shape[axis] for shape in shapes]
        total = None if None in lengths else sum(length or 0 for length in lengths)
        return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        return np.concatenate(inputs, axis=one_axis(layer.config.get("axis", -1), inputs[0].ndim))

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        axis = one_axis(layer.config.get("axis", -1), cotangent.ndim)
        ends = np.cumsum([tensor.shape[axis] for tensor in inputs])[:-1]
        return np.split(cotangent, ends, axis=axis), {}

    def obstacle(self, layer: Layer) -> str | None:
        if layer.config.get("axis", -1) == 0:
            return "joins tensors along the batch"
        return super().obstacle(layer)


def _aligned(inputs: Sequence[Array]) -> list[Array]:
    """The tensors, all of one rank: new axes come behind the batch."""
    rank = max(tensor.ndim for tensor in inputs)
    return [tensor.reshape(len(tensor), *[1] * (rank - tensor.ndim), *tensor.shape[1:]) for tensor in inputs]


def _broadcast(lengths: Sequence[int | None]) -> int | None:
    known = {length for length in lengths if length not in (1, None)}
    if len(known) > 1:
        raise ValueError(f"it merges axes of the lengths {sorted(known, key=str)}")
    if known:
        return known.pop()
    return None if None in lengths else 1
