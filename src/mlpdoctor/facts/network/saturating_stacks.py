"""Squashing layers in a row, and how much of a gradient they pass on."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from mlpdoctor.core.check import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.nn.layers.graph import users
from mlpdoctor.nn.layers.properties import activation_of, is_learned, steepest

PASSED_ON = ("Activation", "Dropout", "GaussianDropout", "GaussianNoise", "Identity", "Flatten", "Reshape", "Permute")
"""Layers that leave a gradient about as large as it is."""


@dataclass(frozen=True, eq=False)
class SaturatingStack:
    """Hidden layers one behind the other, with no normalisation or skip connection between them.

    Attributes:
        layers: from the input on.
        activations: their names, each once.
        slopes: the steepest slope of each activation.
        gains: for each layer but the first, by how much its kernel makes a gradient longer.
    """

    layers: tuple[Layer, ...]
    activations: tuple[str, ...]
    slopes: tuple[float, ...]
    gains: tuple[float, ...]

    @property
    def passed(self) -> float:
        """How much of a gradient that enters at the last layer is left for the first, about and at most."""
        return math.prod(self.slopes) * math.prod(self.gains)


@dataclass(frozen=True, eq=False)
class SaturatingStacks:
    """All of them, each as long as can be."""

    stacks: tuple[SaturatingStack, ...]


@fact
def saturating_stacks(network: Network) -> SaturatingStacks:
    """Follow the layers from the input on."""
    return SaturatingStacks(tuple(_stacks(network)))


def _stacks(network: Network) -> Iterator[SaturatingStack]:
    """Hidden squashing layers one behind the other, as long as can be, from the input on."""
    following = users(network)
    above: dict[int, int] = {}
    entries: dict[int, Activation] = {}
    for position, node in enumerate(network.nodes):
        if not is_learned(node.layer):
            continue
        activation, end = _activation(network, following, position)
        if activation is None or not activation.saturating or activation.rectified or end in network.outputs:
            continue
        entries[position] = activation
        upper = _next_learned(network, following, end)
        if upper is not None:
            above[position] = upper
    below = {upper for upper in above.values() if upper in entries}
    for position in entries:
        if position in below:
            continue
        here: int | None = position
        stack = []
        while here in entries:
            stack.append((network.nodes[here].layer, entries[here]))
            here = above.get(here)
        yield SaturatingStack(
            layers=tuple(layer for layer, _ in stack),
            activations=tuple(dict.fromkeys(activation.name for _, activation in stack)),
            slopes=tuple(steepest(activation) for _, activation in stack),
            gains=tuple(_gain(layer) for layer, _ in stack[1:]),
        )


def _activation(network: Network, following: Sequence[Sequence[int]], position: int) -> tuple[Activation | None, int]:
    """The function on a learned layer's units, its own or that of an Activation layer behind, and where it ends."""
    own = activation_of(network.nodes[position].layer)
    while own is not None and own.affine and len(following[position]) == 1 and position not in network.outputs:
        user = following[position][0]
        if network.nodes[user].layer.kind not in PASSED_ON:
            break
        position, own = user, activation_of(network.nodes[user].layer)
    return own, position


def _next_learned(network: Network, following: Sequence[Sequence[int]], position: int) -> int | None:
    """The one learned layer that the values enter, with nothing on the way that changes the size of a gradient.

    Where the way forks, a gradient has other ways round.
    """
    while len(following[position]) == 1 and position not in network.outputs:
        position = following[position][0]
        node = network.nodes[position]
        if len(node.sources) > 1:
            return None
        if is_learned(node.layer):
            return position
        own = activation_of(node.layer)
        if node.layer.kind not in PASSED_ON or own is None or not own.affine:
            return None
    return None


def _gain(layer: Layer) -> float:
    """By how much a kernel makes a gradient of random direction longer on its way back, root mean square.

    About 1 for glorot_uniform, the start weights of Keras; taken for that where the file holds no weights.
    """
    kernel = layer.weights.get("kernel")
    if kernel is None or not kernel.size:
        return 1.0
    return float(np.linalg.norm(kernel.astype(np.float64)) / math.sqrt(kernel.shape[-1]))
