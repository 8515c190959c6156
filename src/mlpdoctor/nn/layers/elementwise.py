"""Layers that are nothing but a function applied to each value or row."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.activation import Activation
from mlpdoctor.nn.layers.activations import shape_after
from mlpdoctor.nn.layers.activations.named import LAYERS, Activated
from mlpdoctor.nn.layers.activations.piecewise import MOST_LEAK
from mlpdoctor.nn.layers.family import LayerFamily, Pull, Variable, weight


class ActivationLayer(Activated):
    """``Activation("tanh")``."""

    kinds: ClassVar[tuple[str, ...]] = ("Activation",)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:
        return shape_after(config.get("activation"), shapes[0])

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:  # noqa: ARG002
        return inputs[0]

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:  # noqa: ARG002
        return [cotangent], {}


class AdvancedActivation(LayerFamily):
    """The activation layers that have a class of their own and no weights."""

    kinds: ClassVar[tuple[str, ...]] = ("ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU")

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:  # noqa: ARG002
        return inputs[0]

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:  # noqa: ARG002
        return [cotangent], {}

    def activation(self, layer: Layer) -> Activation:
        found = LAYERS[layer.kind](layer.config, layer.keras)
        if found is None:
            raise LookupError(f"layer '{layer.name}' has an unknown activation")
        return found


class ParametricRelu(LayerFamily):
    """PReLU: a relu whose slope below zero is a weight of each unit.

    It is piecewise linear with a kink at zero even where a slope is one at the moment, since training moves
    the slopes. For the same reason nothing bounds it from below and no unit is dead for good, whatever the saved
    slopes: with the slope 1 the layer is the identity. Only where the layer is frozen its saved slopes tell.
    """

    kinds: ClassVar[tuple[str, ...]] = ("PReLU",)

    def variables(self, config: Config, shapes: Sequence[Shape]) -> tuple[Variable, ...]:
        lengths = list(shapes[0])
        for axis in config.get("shared_axes") or ():
            lengths[axis - 1] = 1
        if None in lengths:
            raise ValueError("an axis of its input has no known length and is not shared")
        return (Variable("alpha", tuple(int(length or 0) for length in lengths)),)

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:  # noqa: ARG002
        return inputs[0]

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:  # noqa: ARG002
        return [cotangent], {}

    def activation_gradients(self, layer: Layer, z: Array, cotangent: Array) -> Mapping[str, Array]:
        shape = layer.weights["alpha"].shape
        shared = tuple(axis + 1 for axis, length in enumerate(shape) if length != z.shape[axis + 1])
        total = np.sum(cotangent * np.minimum(z, 0.0), axis=(0, *shared))
        return {"alpha": np.reshape(total, shape)}

    def activation(self, layer: Layer) -> Activation:
        alpha = weight(layer, "alpha")
        return Activation(
            "prelu",
            lambda z: np.where(z > 0, z, alpha * z),
            lambda z: np.where(z > 0, 1.0, np.where(z < 0, alpha, 0.0)),
            kinks=(0.0,),
            bounds=(0.0 if not layer.trainable and np.all(alpha <= 0) else -np.inf, np.inf),
            gated=not layer.trainable and not np.any(alpha),
            rectified=bool(np.all(np.abs(alpha) <= MOST_LEAK)),
        )
