"""Embedding: a row of weights for each id."""
# ruff: noqa: D102 - LayerFamily documents these methods

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mlpdoctor.errors import InputError
from mlpdoctor.layers.family import LayerFamily, Variable, weight
from mlpdoctor.network import Array, Config, Layer, Shape


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
