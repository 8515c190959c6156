"""In which floating point numbers a network computes and its loss is taken, as far as its file tells."""

from collections.abc import Mapping

from mlpdoctor.core.network import KERAS_3, Layer, Network
from mlpdoctor.nn.layers.properties import family_of

SINGLE, DOUBLE = "float32", "float64"
HALVES = ("float16", "bfloat16")
"""Three digits and fewer: what such layers make of affine maps is affine up to steps that training can lean on."""


def policy(layer: Layer) -> str | None:
    """The layer's dtype policy, ``mixed_float16``; None where the file names none."""
    found = layer.config.get("dtype")
    if isinstance(found, Mapping):
        inner = found.get("config")
        found = inner.get("name") if isinstance(inner, Mapping) else None
    return found if isinstance(found, str) else None


def computes_in(layer: Layer) -> str:
    """The number type of what a layer puts out."""
    return (policy(layer) or SINGLE).removeprefix("mixed_")


def half(network: Network) -> str | None:
    """The policy of the first layer that computes in half precision; None where none does."""
    made = (node.layer for node in network.nodes if node.sources)
    return next((policy(layer) for layer in made if computes_in(layer) in HALVES), None)


def floatx(network: Network) -> str | None:
    """Keras's default number type where the model was trained: data and losses are cast to it.

    The rate of a saved optimizer is a variable of that type. Without one it is float32, unless layers compute in
    float64: then ``keras.config.set_floatx("float64")`` or a dtype policy alone may have been set, and None says so.
    """
    told = None if network.optimizer is None else network.optimizer.floatx
    if told is not None:
        return told
    known = (node.layer for node in network.nodes if family_of(node.layer) is not None and node.sources)
    return None if any(computes_in(layer) == DOUBLE for layer in known) else SINGLE


def loss_sees(network: Network, layer: Layer) -> bool:
    """Whether the loss gets the very tensor that a layer made, with all that Keras keeps beside it.

    In Keras 3 a layer that computes in another type than the loss is cast first, and the cast forgets what was kept.
    Where the file leaves open which type that is, the one in which nothing is forgotten is taken.
    """
    if layer.keras < KERAS_3:
        return True
    return computes_in(layer) == (floatx(network) or DOUBLE)


def casts_data(network: Network) -> bool:
    """Whether the rows reach the layers in float32, whatever the file of the data holds.

    Keras casts them to its default type. Not so ids, which enter as whole numbers, and networks that are not Keras's:
    their layers name no policy.
    """
    entering = [policy(network.nodes[position].layer) for position in network.inputs]
    told = any(policy(layer) is not None for layer in network.layers)
    return told and floatx(network) == SINGLE and all("int" not in (name or "") for name in entering)
