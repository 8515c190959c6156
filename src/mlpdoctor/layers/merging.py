"""Layers that join several tensors: sums and the concatenation are affine, products and extremes are not."""
# ruff: noqa: D102 - LayerFamily documents these methods

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import accumulate
from typing import ClassVar

import numpy as np

from mlpdoctor.layers.family import LayerFamily, Pull
from mlpdoctor.layers.reshaping import reduced
from mlpdoctor.network import Array, Config, Layer, Shape


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
        axis = int(config.get("axis", -1)) % (len(shapes[0]) + 1) - 1
        lengths = [shape[axis] for shape in shapes]
        total = None if None in lengths else sum(length or 0 for length in lengths)
        return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        return np.concatenate(inputs, axis=int(layer.config.get("axis", -1)))

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        axis = int(layer.config.get("axis", -1))
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
