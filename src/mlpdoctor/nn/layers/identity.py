"""Layers that change nothing at inference: inputs, dropout, noise, penalties."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.family import LayerFamily, Pull


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
