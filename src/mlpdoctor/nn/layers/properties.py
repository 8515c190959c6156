"""The kinds of layers mlpdoctor knows, and what kind of function a layer or a network is, whatever its weights.

A new family is a new class in this folder.
"""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

import numpy as np

from mlpdoctor.core.network import Array, Layer, Network, Node
from mlpdoctor.nn import layers
from mlpdoctor.nn.layers import unsupported_layers
from mlpdoctor.nn.layers.family import LINEAR, Activation, LayerFamily, number


@cache
def families() -> Mapping[str, LayerFamily]:
    """Every family by the Keras class names it covers."""
    known: dict[str, LayerFamily] = {}
    for module in pkgutil.iter_modules(layers.__path__, f"{layers.__name__}."):
        for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            # One that names its kinds but lacks a pass, forward or backward, cannot be made: that shows at once.
            if issubclass(member, LayerFamily) and "kinds" in vars(member):
                known |= dict.fromkeys(member.kinds, member())
    return MappingProxyType(known)


def family_of(layer: Layer | str) -> LayerFamily | None:
    """The family of a layer, or None when mlpdoctor cannot follow it.

    Args:
        layer: a layer, whose whole configuration is looked at (a custom activation, a quantized kernel and a
            custom class of the same name are unknown), or a bare Keras class name.
    """
    if isinstance(layer, str):
        return families().get(layer)
    return None if obstacle(layer) else families()[layer.kind]


def obstacle(layer: Layer) -> str | None:
    """Why mlpdoctor cannot follow a layer, in words that complete "layer 'x' ..."; None when it can."""
    if layer.registered is not None:
        return f"is of the custom class {layer.registered}"
    family = families().get(layer.kind)
    return f"is of the kind {layer.kind}" if family is None else family.obstacle(layer)


NO_OFFSET = frozenset(
    {
        "Activation",
        "ActivityRegularization",
        "Add",
        "Average",
        "Concatenate",
        "Dropout",
        "Flatten",
        "Identity",
        "InputLayer",
        "Permute",
        "RepeatVector",
        "Reshape",
        "Subtract",
    }
)
"""Affine kinds that add nothing of their own. A kind that is not listed may, and then no proof rests on it."""


def activation_of(layer: Layer) -> Activation | None:
    """The function a layer applies last, or None when its kind is unknown."""
    family = family_of(layer)
    return unsupported_layers.activation(layer) if family is None else family.activation(layer)


def own_activation(layer: Layer) -> list[str]:
    """The option that keeps a layer's activation; none where it has none of its own."""
    activation = activation_of(layer)
    return [] if activation is None or activation.affine else [f'activation="{activation.name}"']


SLOPES = np.linspace(-20, 20, 4001)
"""Where the largest slope of an activation is looked for."""


def steepest(activation: Activation) -> float:
    """The largest slope of an activation, positive: 1/4 of a sigmoid; 1 where it is not known."""
    return 1.0 if activation.derivative is None else float(np.abs(activation.derivative(SLOPES)).max())


def over_units(node: Node) -> bool:
    """Whether what normalises the numbers of a node, as a softmax does, works on the units of each place.

    A Softmax layer may work along another axis, over the places of a sequence for one: it may then have one unit, and
    is no constant all the same.
    """
    axis = node.layer.config.get("axis", -1)
    (along,) = axis if isinstance(axis, list | tuple) and len(axis) == 1 else (axis,)
    return node.layer.kind != "Softmax" or along in (-1, len(node.shape or ()))


def is_affine(layer: Layer) -> bool:
    """Whether the layer with its activation is an affine map of all its inputs. An unknown layer may be anything."""
    family = family_of(layer)
    return family is not None and family.affine and family.activation(layer).affine


def has_affine_forward(layer: Layer) -> bool:
    """Whether what the layer hands to its activation is an affine map of all its inputs."""
    family = family_of(layer)
    return family is not None and family.affine


def is_learned(layer: Layer) -> bool:
    """Whether the layer mixes features by a trained kernel."""
    family = family_of(layer)
    return family is not None and family.learned


def renormalises(layer: Layer) -> bool:
    """Whether the numbers behind a layer are of about size one again, whatever enters it."""
    family = family_of(layer)
    return layer.kind in unsupported_layers.RENORMALISING if family is None else family.renormalises


def trained_kernels(network: Network) -> list[Array]:
    """The kernels that training may change, in float64; those of layers whose weights the file leaves open are out."""
    learned = (layer for layer in network.layers if is_learned(layer) and layer.trainable)
    return [np.asarray(layer.weights["kernel"], np.float64) for layer in learned if "kernel" in layer.weights]


def length_of(kernels: Sequence[Array]) -> float | None:
    """The Euclidean length of all numbers together; None for zero and for what is not finite."""
    total = sum(float(np.square(kernel).sum()) for kernel in kernels)
    return math.sqrt(total) if math.isfinite(total) and total > 0 else None


def size_of(kernels: Sequence[Array]) -> float | None:
    """The root mean square of all numbers; None for zero and for what is not finite."""
    length = length_of(kernels)
    return None if length is None else length / math.sqrt(sum(kernel.size for kernel in kernels))


def mixes(layer: Layer) -> bool:
    """The same of any kind of layer, those that only Keras can run among them; in doubt it does."""
    return is_learned(layer) or (family_of(layer) is None and unsupported_layers.mixes(layer))


def maps_zero_to_zero(layer: Layer) -> bool:
    """Whether an affine layer adds nothing of its own, whatever its weights. In doubt it does."""
    if activation_of(layer) is not LINEAR:
        return False
    return layer.kind in NO_OFFSET or (layer.kind == "Dense" and not layer.config.get("use_bias", True))


def is_piecewise_linear(network: Network) -> bool:
    """Whether every layer is affine but for an activation with kinks."""
    for layer in network.layers:
        family = family_of(layer)
        if family is None or not family.affine or family.activation(layer).kinks is None:
            return False
    return True


def most_kinks(network: Network) -> tuple[int, ...] | None:
    """For each output the number of kinks it can have at most; None where they cannot be counted.

    A unit turns a kink of its own activation into a kink of its answer wherever its pre-activation, a line between
    the kinks it has already, crosses that place: at most once between any two of them. A layer of n units with k kinks
    each, behind p pieces, has at most ``(p - 1) + p n k`` kinks. Sums and concatenations have the kinks of all parts.
    """
    if network.input_width != 1:
        return None
    counts: list[int] = []
    for node in network.nodes:
        activation = activation_of(node.layer)
        if activation is None or activation.kinks is None or not has_affine_forward(node.layer) or node.shape is None:
            return None
        before = sum(counts[source] for source in node.sources)
        units = math.prod(side or 1 for side in node.shape)
        counts.append(before + (before + 1) * units * len(activation.kinks))
    return tuple(counts[output] for output in network.outputs)


PLAIN = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
KINDS = (*PLAIN, "AlphaDropout", "GaussianDropout")
ALPHA_FLOOR = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
"""What AlphaDropout puts in place of a dropped value: the least value of selu."""


def rate_of(layer: Layer) -> float:
    """The share that a layer drops in training; 0 for a layer that is no dropout of Keras's own."""
    if layer.kind not in KINDS or obstacle(layer) is not None:
        return 0.0
    return number(layer.config.get("rate"), 0.0)


def dropped(layer: Layer, values: Array, rng: np.random.Generator) -> Array:
    """The layer's output in training, shaped as its input, batch first.

    The masks are drawn from the same law as Keras's, not from the same stream of random numbers.
    """
    rate = rate_of(layer)
    if rate == 0:
        return values
    if layer.kind == "GaussianDropout":
        spread = math.sqrt(rate / (1.0 - rate)) if rate < 1 else math.inf
        return np.asarray(values * rng.normal(1.0, spread, values.shape))
    kept = rng.random(_noise_shape(layer, values)) >= rate
    if layer.kind == "AlphaDropout":
        slope = ((1.0 - rate) * (1.0 + rate * ALPHA_FLOOR**2)) ** -0.5 if rate < 1 else 0.0
        return np.asarray(slope * (np.where(kept, values, ALPHA_FLOOR) - ALPHA_FLOOR * rate))
    return np.asarray(values * kept / (1.0 - rate)) if rate < 1 else np.zeros_like(values)


def _noise_shape(layer: Layer, values: Array) -> tuple[int, ...]:
    if layer.kind.startswith("Spatial"):
        channel = 1 if layer.config.get("data_format") == "channels_first" else values.ndim - 1
        return tuple(length if axis in (0, channel) else 1 for axis, length in enumerate(values.shape))
    noise = layer.config.get("noise_shape")
    if not noise:
        return values.shape
    return tuple(length if own is None else int(own) for own, length in zip(noise, values.shape, strict=True))
