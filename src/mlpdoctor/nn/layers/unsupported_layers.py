"""What is known of the layers that only Keras can run: enough to name their units and to write their line.

What a layer of such a kind can draw is open, as for any unknown one. One proof rests on these tables: a convolution
without an activation, and what has no weights and only averages or copies, is an affine map.
"""

from types import MappingProxyType

import numpy as np

from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.core.text import quoted
from mlpdoctor.nn.layers.activations.named import activation_of
from mlpdoctor.nn.layers.family import Activation

CONVOLUTIONS = frozenset(
    {
        "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "DepthwiseConv1D",
        "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
    }
)  # fmt: skip
RECURRENT = frozenset({"Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM", "RNN", "SimpleRNN"})
OVER_STEPS = RECURRENT | {"Conv1D", "Embedding", "Masking"}
"""Layers that take their input for a sequence of steps."""
RENORMALISING = frozenset({"GroupNormalization", "RMSNormalization"})
"""Layers behind which numbers are of about size one again."""
ATTENTION = frozenset({"AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"})
ACTING = CONVOLUTIONS | {"EinsumDense"}
"""Layers whose ``activation`` is applied to their sums, as Dense does."""
MIXING = ACTING | RECURRENT | ATTENTION | {"TimeDistributed"}
"""Layers that mix what enters them by trained weights."""
ENTRANCES = CONVOLUTIONS | RECURRENT | {"EinsumDense"}
"""Those of them whose first input is numbers on a scale of the user's."""
ALIKE = frozenset(
    {
        "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "BatchNormalization", "Dropout",
        "ELU", "GaussianDropout", "GaussianNoise", "GroupNormalization", "Identity", "LayerNormalization", "LeakyReLU",
        "Maximum", "Minimum", "Multiply", "PReLU", "ReLU", "Rescaling", "Softmax", "SpatialDropout1D",
        "SpatialDropout2D", "SpatialDropout3D", "Subtract",
        *(f"{kind}{axes}D" for kind in ("AveragePooling", "MaxPooling", "UpSampling", "ZeroPadding", "Cropping")
          for axes in (1, 2, 3)),
    }
)  # fmt: skip
"""Layers that treat all places of a channel alike, and keep channels apart."""
AFFINE = frozenset(
    {
        f"{kind}{axes}D"
        for kind in ("AveragePooling", "Cropping", "GlobalAveragePooling", "UpSampling", "ZeroPadding")
        for axes in (1, 2, 3)
    }
)
"""Layers without weights that are an affine map of what enters: means, copies and zeros."""
FIRST, LAST = 1, -1
AXES = MappingProxyType({"channels_first": FIRST, "channels_last": LAST})


def activation(layer: Layer) -> Activation | None:
    """The function that a layer of Keras's own applies to its sums; None where it is not known or there is none."""
    if layer.registered is not None or layer.kind not in ACTING:
        return None
    return activation_of(layer.config.get("activation"), layer.keras)


def remembers(layer: Layer) -> bool:
    """Whether what a recurrent layer of Keras's own answers lies between -1 and 1, whatever enters it."""
    inner = layer.config.get("layer") if layer.kind == "Bidirectional" else {"config": layer.config}
    own = inner.get("config", {}) if isinstance(inner, dict) else {}
    recurrent = layer.registered is None and layer.kind in RECURRENT - {"RNN"}
    return recurrent and own.get("activation", "tanh") in ("tanh", "sigmoid", "hard_sigmoid", "softsign")


def goes_step_by_step(layer: Layer) -> bool:
    """Whether it is a recurrent layer of Keras's own."""
    return layer.registered is None and layer.kind in RECURRENT


def reads_a_sequence(layer: Layer) -> bool:
    """Whether a layer of Keras's own takes its input for a sequence of steps."""
    return layer.registered is None and layer.kind in OVER_STEPS


def sums(layer: Layer) -> bool:
    """Whether what a layer of Keras's own hands to its activation is an affine map of what enters, by trained weights.

    A convolution is one: each of its sums is a sum of numbers that enter, times weights. So is an einsum of a constant.
    """
    return layer.registered is None and layer.kind in ACTING


def is_affine(layer: Layer) -> bool:
    """Whether such a layer, or one without weights, is an affine map together with its activation."""
    function = activation(layer)
    bare = layer.registered is None and layer.kind in AFFINE
    return bare or (function is not None and function.affine)


def mixes(layer: Layer) -> bool:
    """Whether a layer that NumPy cannot follow mixes features by trained weights. One of the user's own may."""
    return layer.kind in MIXING or layer.registered is not None


def channels(network: Network) -> dict[int, int]:
    """The axis on which the units of a node stand, for nodes whose other axes are places where the same units work.

    A filter of a convolution looks at every place of an image with the same weights: it is one unit, and a place is one
    more row to it. What follows a convolution place by place keeps its channels.
    """
    found: dict[int, int] = {}
    for position, node in enumerate(network.nodes):
        layer, shape = node.layer, node.shape
        if shape is None or len(shape) < 2 or layer.registered is not None:  # noqa: PLR2004  places and units
            continue
        if layer.kind in CONVOLUTIONS:
            found[position] = AXES.get(str(layer.config.get("data_format")), LAST)
        elif layer.kind in RECURRENT or layer.kind in ("Dense", "EinsumDense", "Embedding", *ATTENTION):
            found[position] = LAST
        elif layer.kind in ALIKE and node.sources and all(source in found for source in node.sources):
            axes = {found[source] for source in node.sources}
            if len(axes) == 1:
                found[position] = axes.pop()
    return found


def by_unit(values: Array, axis: int | None) -> Array:
    """Values of some rows in two axes: a column for each unit, and every place where it works as one more row.

    Args:
        values: batch first.
        axis: where the units stand; None where every number of a row is a unit of its own.
    """
    if axis is None:
        return values.reshape(len(values), -1)
    last = np.moveaxis(values, axis, -1)
    return last.reshape(-1, last.shape[-1])


OWN_KERNELS = ("Depthwise", "Separable")
"""Convolutions whose first kernel has a name of its own."""


def layer_code(layer: Layer, units: object, *options: str) -> str:
    """The call that makes a layer of so many units, or filters, with some options: ``Conv2D(8, 3, name="eyes")``.

    Args:
        layer: of any kind; of those without units of their own a Dense layer is made.
        units: how many.
        options: as code, ``activation="relu"``; the layer's name is added.
    """
    kind = layer.kind if layer.kind in ACTING and layer.registered is None else "Dense"
    own = [] if kind.startswith("Depthwise") else [str(units)]
    if kind == "EinsumDense":
        own = [f'"{layer.config.get("equation")}"', f"output_shape={layer.config.get('output_shape')}"]
    if kind in CONVOLUTIONS:
        own.append(_short(layer.config.get("kernel_size")))
        strides, padding = _short(layer.config.get("strides", 1)), layer.config.get("padding", "valid")
        own += [f"strides={strides}"] if strides != "1" else []
        own += [f'padding="{padding}"'] if padding != "valid" else []
    given = list(options)
    if kind.startswith(OWN_KERNELS):
        given = [option.replace("kernel_initializer", "depthwise_initializer") for option in given]
    return f"{kind}({', '.join([*own, *given])}, name={quoted(layer.short_name)})"


def _short(sizes: object) -> str:
    """``3`` for (3, 3)."""
    if isinstance(sizes, list | tuple):
        return str(sizes[0]) if len(set(sizes)) == 1 else str(tuple(sizes))
    return str(sizes)
