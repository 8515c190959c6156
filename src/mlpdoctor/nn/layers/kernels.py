"""Dense, which mixes features on the last axis of an input of any rank, and Embedding, a row for each id."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.network import Array, Config, Layer, Shape
from mlpdoctor.nn.layers.activations import shape_after
from mlpdoctor.nn.layers.activations.named import Activated
from mlpdoctor.nn.layers.family import LayerFamily, Pull, Variable, weight


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


class Embedding(LayerFamily):
    """The kernel's rows picked by id; Keras cuts fractions off, and so do we."""

    kinds: ClassVar[tuple[str, ...]] = ("Embedding",)
    affine: ClassVar[bool] = False

    def variables(self, config: Config, shapes: Sequence[Shape]) -> tuple[Variable, ...]:  # noqa: ARG002
        return (Variable("embeddings", (int(config["input_dim"]), int(config["output_dim"]))),)

    def output_shape(self, config: Config, shapes: Sequence[Shape]) -> Shape:
        return (*shapes[0], int(config["output_dim"]))

    def forward(self, layer: Layer, inputs: Sequence[Array]) -> Array:
        table = weight(layer, "embeddings")
        cut = np.trunc(inputs[0])
        outside = ~((cut >= 0) & (cut < len(table)))
        if outside.any():
            raise InputError(
                f"layer '{layer.name}' got the id {inputs[0][outside][0]:g}, but its embedding holds the ids "
                f"0 to {len(table) - 1}; check that this column holds the ids the model was trained on"
            )
        return table[cut.astype(np.intp)]

    def backward(self, layer: Layer, inputs: Sequence[Array], cotangent: Array) -> Pull:
        shape = layer.weights["embeddings"].shape
        # Where in the flat table each number of the cotangent belongs: one count is faster than adding row by row.
        places = np.trunc(inputs[0]).astype(np.intp).reshape(-1, 1) * shape[1] + np.arange(shape[1])
        counted = np.bincount(places.ravel(), cotangent.ravel(), minlength=shape[0] * shape[1])
        table = np.asarray(counted, dtype=np.float64)
        return [np.zeros_like(inputs[0])], {"embeddings": table.reshape(shape)}
