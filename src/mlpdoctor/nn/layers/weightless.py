"""Layers that mix nothing: they change no value, move values, or apply a function to each value or row."""
# ruff: noqa: D102 - LayerFamily documents these methods

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.activations import shape_after
from mlpdoctor.nn.layers.activations.named import LAYERS, Activated
from mlpdoctor.nn.layers.activations.piecewise import MOST_LEAK
from mlpdoctor.nn.layers.family import Activation, LayerFamily, Pull, Variable, weight


class InputLayer(LayerFamily):
    """Where features enter; its one input is the features themselves."""

    kinds: ClassVar[tuple[str, ...]] = ("InputLayer",)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:  # noqa: ARG002
        return tuple(config.get("batch_shape") or config["batch_input_shape"])[1:]

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:  # noqa: ARG002
        return inputs[0]

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:  # noqa: ARG002
        return [cotangent], {}


class Quiet(LayerFamily):
    """Layers that act in training only."""

    kinds: ClassVar[tuple[str, ...]] = (
        "ActivityRegularization",
        "AlphaDropout",
        "Dropout",
        "GaussianDropout",
        "GaussianNoise",
        "Identity",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
    )

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:  # noqa: ARG002
        return inputs[0]

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:  # noqa: ARG002
        return [cotangent], {}


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
