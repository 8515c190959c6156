"""Hidden units that compete for a share of one: layers with a softmax in the middle of the network."""

from collections.abc import Iterator, Sequence

from mlpdoctor.core.check import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.nn.layers.graph import adjustable, users
from mlpdoctor.nn.layers.properties import activation_of, family_of, over_units, renormalises


@dataclass(frozen=True, eq=False)
class CompetingLayer:
    """One layer that puts its units through a softmax or its kin.

    Attributes:
        layer: the layer.
        activation: its name.
        units: how many compete.
        enters: the layers with weights that the values enter.
        bottleneck: whether it is narrower than what it gets and than what comes after.
    """

    layer: Layer
    activation: str
    units: int
    enters: tuple[str, ...]
    bottleneck: bool

    @property
    def blocked(self) -> bool:
        """Whether the share of its one unit is constant, so that nothing gets through."""
        return self.units == 1 and self.activation != "sparsemax"


@dataclass(frozen=True, eq=False)
class CompetingUnits:
    """All of them, each once; none that is an answer or weighs something in a product."""

    layers: tuple[CompetingLayer, ...]


@fact
def competing_units(network: Network) -> CompetingUnits:
    """Follow the values of every softmax."""
    return CompetingUnits(tuple(_competing(network)))


def _competing(network: Network) -> Iterator[CompetingLayer]:
    following = users(network)
    named: set[str] = set()
    for position, node in enumerate(network.nodes):
        activation = activation_of(node.layer)
        if activation is None or not activation.normalising or node.layer.name in named or not over_units(node):
            continue
        into = _enters(network, following, position)
        units = None if not node.shape else node.shape[-1]
        if not into or units is None or _weighs(network, following, node.layer):
            continue
        named.add(node.layer.name)
        names = tuple(network.nodes[user].layer.name for user in into)
        narrower = _bottleneck(network, position, into, units)
        yield CompetingLayer(node.layer, activation.name, units, names, narrower)


def _enters(network: Network, following: Sequence[Sequence[int]], position: int) -> list[int]:
    """The layers with weights that the values enter; none if they weigh something or are an answer."""
    found: list[int] = []
    todo, seen = [position], {position}
    while todo:
        here = todo.pop()
        if here in network.outputs:
            return []
        for user in following[here]:
            layer = network.nodes[user].layer
            if _is_product(layer):
                return []
            if adjustable(layer) and not _keeps_units(layer):
                found.append(user)
            elif user not in seen:
                seen.add(user)
                todo.append(user)
    return sorted(found)


def _is_product(layer: Layer) -> bool:
    """Whether a layer may weigh one input by another: products, and whatever is not known and has no weights."""
    if layer.kind in ("Multiply", "Dot"):
        return True
    return family_of(layer) is None


def _keeps_units(layer: Layer) -> bool:
    """Whether a layer with weights only scales each unit, so that what follows it decides."""
    return layer.kind == "PReLU" or renormalises(layer)


def _weighs(network: Network, following: Sequence[Sequence[int]], layer: Layer) -> bool:
    """Whether another call of the same layer is an answer or a gate: then the layer is shared on purpose."""
    calls = [position for position, node in enumerate(network.nodes) if node.layer is layer]
    return len(calls) > 1 and any(not _enters(network, following, call) for call in calls)


def _bottleneck(network: Network, position: int, into: Sequence[int], units: int) -> bool:
    """Whether the layer is narrower than what it gets and than what comes after."""
    way = network.nodes[position]
    while way.sources and not adjustable(way.layer):
        way = network.nodes[way.sources[0]]
    shapes = [network.nodes[source].shape for source in way.sources] + [network.nodes[user].shape for user in into]
    widths = [shape[-1] for shape in shapes if shape]
    return bool(widths) and all(width is not None and units < width for width in widths)
