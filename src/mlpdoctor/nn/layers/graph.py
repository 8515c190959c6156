"""Which ways lead through a network: who uses whom, what lies before a call, and which weights training can change."""

from collections.abc import Iterable

import numpy as np

from mlpdoctor.core.network import Layer, Network, Stored
from mlpdoctor.nn.layers.registry import family_of

STATISTICS = frozenset({"mean", "variance", "count", "moving_mean", "moving_variance"})
"""Weights of the normalising layers that are counted from data and never trained."""


def users(network: Network) -> tuple[tuple[int, ...], ...]:
    """For each node the positions of those that it enters."""
    found: list[list[int]] = [[] for _ in network.nodes]
    for position, node in enumerate(network.nodes):
        for source in dict.fromkeys(node.sources):
            found[source].append(position)
    return tuple(tuple(own) for own in found)


def summing(network: Network, layer: Layer) -> Layer | None:
    """The layer whose weights make the sums that enter a layer's activation: itself, or one before an ``Activation``.

    None where several layers, or none, make them.
    """
    place = next((place for place, node in enumerate(network.nodes) if node.layer is layer), None)
    while place is not None:
        node = network.nodes[place]
        if "kernel" in node.layer.weights or "depthwise_kernel" in node.layer.weights:
            return node.layer
        place = node.sources[0] if len(node.sources) == 1 else None
    return None


def before(network: Network, ends: Iterable[int]) -> frozenset[int]:
    """These nodes and all that lead to them."""
    found: set[int] = set()
    todo = list(ends)
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo += network.nodes[here].sources
    return frozenset(found)


def judged(network: Network) -> tuple[int, ...]:
    """Positions of the outputs whose loss counts; all of them where the file names no loss at all."""
    if all(loss is None for loss in network.losses):
        return network.outputs
    outputs = zip(network.outputs, network.losses, network.loss_weights, strict=True)
    return tuple(output for output, loss, weight in outputs if loss is not None and weight != 0)


def adjustable(layer: Layer) -> tuple[Stored, ...]:
    """The weights that training could change if the layer were not frozen."""
    own = layer.weights.items()
    if family_of(layer) is not None:
        return tuple(weight for name, weight in own if name not in STATISTICS and weight.size)
    return tuple(weight for _, weight in own if np.issubdtype(weight.dtype, np.floating) and weight.size)


def parameters(layers: Iterable[Layer]) -> int:
    """How many numbers training could change in these layers."""
    return sum(weight.size for layer in layers for weight in adjustable(layer))
