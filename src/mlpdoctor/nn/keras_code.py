"""The line of Keras code that makes a layer like one that is there, for remedies."""

from mlpdoctor.core.network import Layer
from mlpdoctor.core.text import quoted
from mlpdoctor.nn.layers.unsupported_layers import ACTING, CONVOLUTIONS

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
