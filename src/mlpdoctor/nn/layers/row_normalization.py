"""LayerNormalization and UnitNormalization: each row is scaled by its own size, so they are not affine."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.core.network import KERAS_3, Array, Config, Layer, Shape
from mlpdoctor.nn.layers.family import LayerFamily, Pull, Variable, axes, number, weight


def standardized(features: Array, over: tuple[int, ...], epsilon: float) -> tuple[Array, Array]:
    """Values less their mean over some axes, divided by their deviation; and that deviation."""
    centered = features - features.mean(axis=over, keepdims=True)
    deviation = np.sqrt(np.mean(np.square(centered), axis=over, keepdims=True) + epsilon)
    return np.asarray(centered / deviation), deviation


def from_standardized(cotangent: Array, normalized: Array, deviation: Array, over: tuple[int, ...]) -> Array:
    """The gradient with respect to the features; mean and deviation depend on them too."""
    mean = cotangent.mean(axis=over, keepdims=True)
    along = np.mean(cotangent * normalized, axis=over, keepdims=True)
    return np.asarray((cotangent - mean - normalized * along) / deviation)


def to_unit_length(tensor: Array, over: int | tuple[int, ...], floor: float) -> Array:
    """Each vector along the axes divided by its length, or by the root of ``floor`` where that is longer."""
    return np.asarray(tensor / np.sqrt(np.maximum(_square(tensor, over), floor)))


def from_unit_length(tensor: Array, over: int | tuple[int, ...], floor: float, cotangent: Array) -> Array:
    """The gradient with respect to the vectors, from that with respect to the scaled ones."""
    square = _square(tensor, over)
    length = np.sqrt(np.maximum(square, floor))
    unit = tensor / length
    along = np.where(square > floor, np.sum(cotangent * unit, axis=over, keepdims=True), 0.0)
    return np.asarray((cotangent - unit * along) / length)


def _square(tensor: Array, over: int | tuple[int, ...]) -> Array:
    return np.asarray(np.sum(np.square(tensor), axis=over, keepdims=True))


UNIT_EPSILON = 1e-12
"""Keras's floor under the norm (Keras 2: under its square)."""


class LayerNormalization(LayerFamily):
    """Mean zero and variance one over some axes of each row, then a scale and a shift; or rms alone."""

    kinds: ClassVar[tuple[str, ...]] = ("LayerNormalization",)
    renormalises: ClassVar[bool] = True
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
        over, spread = _over(layer, inputs[0])
        outputs, deviation = standardized(inputs[0], over, _epsilon(layer))
        if layer.config.get("rms_scaling"):
            # Keras's rms_scaling leaves the mean in but scales by the variance about it.
            outputs = np.asarray(inputs[0] / deviation)
        if "gamma" in layer.weights:
            outputs *= weight(layer, "gamma").reshape(spread)
        if "beta" in layer.weights:
            outputs += weight(layer, "beta").reshape(spread)
        return outputs

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        over, spread = _over(layer, inputs[0])
        normalized, deviation = standardized(inputs[0], over, _epsilon(layer))
        shown = inputs[0] / deviation if layer.config.get("rms_scaling") else normalized
        others = tuple(axis for axis in range(cotangent.ndim) if axis not in over)
        gradients, inner = {}, cotangent
        if "gamma" in layer.weights:
            gamma = weight(layer, "gamma")
            gradients["gamma"] = np.sum(cotangent * shown, axis=others).reshape(gamma.shape)
            inner = cotangent * gamma.reshape(spread)
        if "beta" in layer.weights:
            gradients["beta"] = np.sum(cotangent, axis=others).reshape(layer.weights["beta"].shape)
        if shown is normalized:
            return [from_standardized(inner, normalized, deviation, over)], gradients
        along = np.mean(inner * shown, axis=over, keepdims=True)
        return [(inner - normalized * along) / deviation], gradients


class UnitNormalization(LayerFamily):
    """Each row divided by its Euclidean norm."""

    kinds: ClassVar[tuple[str, ...]] = ("UnitNormalization",)
    renormalises: ClassVar[bool] = True
    affine: ClassVar[bool] = False

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        over = axes(layer.config.get("axis", -1), inputs[0].ndim)
        return to_unit_length(inputs[0], over, _floor(layer))

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        over = axes(layer.config.get("axis", -1), inputs[0].ndim)
        return [from_unit_length(inputs[0], over, _floor(layer), cotangent)], {}


def _floor(layer: Layer) -> float:
    return UNIT_EPSILON**2 if layer.keras >= KERAS_3 else UNIT_EPSILON


def _epsilon(layer: Layer) -> float:
    return number(layer.config.get("epsilon"), 1e-3)


def _over(layer: Layer, features: Array) -> tuple[tuple[int, ...], list[int]]:
    """The axes that moments are taken over, and the shape in which a weight meets the features."""
    over = _sorted_axes(layer.config, features.ndim)
    return over, [features.shape[axis] if axis in over else 1 for axis in range(features.ndim)]


def _sorted_axes(config: Config, rank: int) -> tuple[int, ...]:
    return tuple(sorted(axes(config.get("axis", -1), rank)))
