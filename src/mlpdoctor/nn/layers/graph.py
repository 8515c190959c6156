"""Which paths lead through a network: where features enter, who uses whom, and what the units of a layer go into."""

from collections.abc import Iterable, Iterator

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network, Stored
from mlpdoctor.nn.layers.properties import activation_of, family_of, is_learned, mixes, rate_of
from mlpdoctor.nn.layers.unsupported_layers import ENTRANCES, LAST, channels

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


UNIT_BY_UNIT = frozenset(
    {
        "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dropout", "ELU",
        "GaussianDropout", "GaussianNoise", "Identity", "LayerNormalization", "LeakyReLU", "PReLU", "ReLU", "Softmax",
    }
)  # fmt: skip
"""Layers that treat all units alike but for weights of their own, one a unit: exchange two units before them and the
same two are exchanged behind them."""
NOISES = frozenset({"AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"})
"""Layers that treat units alike only on average: in training each gets a noise of its own."""
MATRIX = 2


@dataclass(frozen=True, eq=False)
class Place:
    """Where the units stand inside what enters a layer: units ``first`` to ``first + units``."""

    layer: Layer
    first: int
    units: int

    def own(self, values: Stored) -> Stored:
        """These units' share of an array with one entry or one row a unit."""
        return values[self.first : self.first + self.units]


@dataclass(frozen=True, eq=False)
class Followers:
    """Everything that the units of a layer pass through until kernels mix them.

    Attributes:
        alike: the layers that treat all units alike, in order.
        mixing: the Dense layers whose kernels have a row for each of the units.
    """

    alike: tuple[Place, ...] = ()
    mixing: tuple[Place, ...] = ()

    @property
    def noisy(self) -> bool:
        """Whether each unit gets noise of its own in training."""
        layers = [place.layer for place in self.alike if place.layer.kind in NOISES]
        return any(rate_of(layer) > 0 or layer.kind == "GaussianNoise" for layer in layers)


def followers(network: Network, layer: Layer) -> Followers | None:
    """What the units of a Dense layer go into; None where they meet anything else, a model output for one.

    Every unit of an output has a target of its own, and every unit that is added to another has a partner of its own.
    """
    units = units_of(layer)
    if units is None:
        return None
    after = users(network)
    todo = [(position, 0) for position, node in enumerate(network.nodes) if node.layer is layer]
    alike: list[Place] = []
    mixing: list[Place] = []
    for position, first in todo:  # it grows on the way
        if position in network.outputs or not after[position]:
            return None
        for user in after[position]:
            place = Place(network.nodes[user].layer, first, units)
            if place.layer is layer or place.layer.registered is not None:
                return None
            if units_of(place.layer) is not None:
                mixing.append(place)
            elif starts := tuple(_starts(network, user, position)):
                todo += [(user, first + start) for start in starts]
            elif _treats_alike(network, user, first + units):
                alike.append(place)
                todo.append((user, first))
            else:
                return None
    return Followers(tuple(alike), tuple(mixing))


def units_of(layer: Layer) -> int | None:
    """How many units a Dense layer of Keras's own puts out; None for other layers."""
    kernel = layer.weights.get("kernel")
    if layer.kind != "Dense" or layer.registered is not None or kernel is None or kernel.ndim != MATRIX:
        return None
    function = activation_of(layer)
    return None if function is None or function.name == "glu" else int(kernel.shape[1])


def _treats_alike(network: Network, position: int, least: int) -> bool:
    """Whether a layer does the same to all units, by weights with one entry a unit, as far as the units reach."""
    layer, shape = network.nodes[position].layer, network.nodes[network.nodes[position].sources[0]].shape
    flat = layer.kind == "Flatten" and shape is not None and len(shape) == 1
    function = activation_of(layer) if layer.kind in UNIT_BY_UNIT or flat else None
    if function is None or function.name == "glu":
        return False
    return all(weight.ndim == 1 and len(weight) >= least for weight in layer.weights.values())


def _starts(network: Network, position: int, source: int) -> Iterator[int]:
    """At which numbers of a flat concatenation a source begins; nothing for other layers."""
    if network.nodes[position].layer.kind != "Concatenate":
        return
    start = 0
    for own in network.nodes[position].sources:
        shape = network.nodes[own].shape
        if shape is None or len(shape) != 1 or shape[0] is None:
            return
        if own == source:
            yield start
        start += shape[0]


KEEPS_VALUES = ("InputLayer", "Dropout", "GaussianNoise", "Flatten")
KEEPS_COLUMNS = (*KEEPS_VALUES, "Normalization", "Rescaling", "BatchNormalization")
LOOKUPS = ("Embedding",)
"""Behind a lookup the numbers that enter are learned, not given."""


@dataclass(frozen=True, eq=False)
class EntryLayer:
    """A learned layer that no other learned layer comes before.

    Attributes:
        node: its position among the network's nodes.
        source: position of the node whose output enters it.
        layer: the layer itself.
        first_feature: position of the source's first column among all features when the source's columns are those
            of the data, one to one; None when something on the way rearranges them.
        raw: whether nothing on the way changes the values either.
        channels: the axis on which features stand, of a layer that looks at many places with the same weights; None
            where every number that enters is a feature of its own.
    """

    node: int
    source: int
    layer: Layer
    first_feature: int | None
    raw: bool
    channels: int | None = None


def entry_layers(network: Network) -> tuple[EntryLayer, ...]:
    """All of them, in the order of the nodes."""
    nodes = network.nodes
    offsets, offset = {}, 0
    for position, width in zip(network.inputs, network.input_widths, strict=True):
        offsets[position] = offset
        offset += width or 0
    found = []
    for position, node in enumerate(nodes):
        beyond = node.layer.kind in ENTRANCES and node.layer.registered is None
        if not (is_learned(node.layer) or beyond) or _behind_learned(network, node.sources[0]):
            continue
        way = [node.sources[0]]
        while len(nodes[way[-1]].sources) == 1:
            way.append(nodes[way[-1]].sources[0])
        kinds = {nodes[step].layer.kind for step in way}
        single = way[-1] in offsets
        found.append(
            EntryLayer(
                node=position,
                source=way[0],
                layer=node.layer,
                first_feature=offsets[way[-1]] if single and kinds <= set(KEEPS_COLUMNS) and not beyond else None,
                raw=single and kinds <= set(KEEPS_VALUES) and not beyond,
                channels=channels(network).get(position, LAST) if beyond else None,
            )
        )
    return tuple(found)


def _behind_learned(network: Network, start: int) -> bool:
    todo = [start]
    while todo:
        node = network.nodes[todo.pop()]
        if mixes(node.layer) or node.layer.kind in LOOKUPS:
            return True
        todo += node.sources
    return False
