"""Dense: the kernel that mixes features, on the last axis of an input of any rank."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.activations import shape_after
from mlpdoctor.nn.layers.activations.named import Activated
from mlpdoctor.nn.layers.family import Pull, Variable, weight


class Dense(Activated):
    """``inputs @ kernel + bias``, then the activation."""

    kinds: ClassVar[tuple[str, ...]] = ("Dense",)
    learned: ClassVar[bool] = True

    def variables(self, config: Config, shapes: Sequence[Shape]) -> tuple[Variable, ...]:
        units, features = int(config["units"]), shapes[0][-1]
        if features is None:
            raise ValueError("the last axis of its input has no known length")
        kernel = Variable("kernel", (features, units))
        return (kernel, Variable("bias", (units,))) if config.get("use_bias", True) else (kernel,)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:
        return shape_after(config.get("activation"), (*shapes[0][:-1], int(config["units"])))

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        outputs = inputs[0] @ weight(layer, "kernel")
        if "bias" in layer.weights:
            outputs += weight(layer, "bias")
        return outputs

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        kernel = weight(layer, "kernel")
        rows = inputs[0].reshape(-1, kernel.shape[0])
        pulled = cotangent.reshape(-1, kernel.shape[1])
        gradients = {"kernel": rows.T @ pulled}
        if "bias" in layer.weights:
            gradients["bias"] = pulled.sum(axis=0)
        return [cotangent @ kernel.T], gradients
