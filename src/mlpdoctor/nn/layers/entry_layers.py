"""Where features enter the first learned layers, and in which form."""

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.nn.layers.properties import is_learned, mixes
from mlpdoctor.nn.layers.unsupported_layers import ENTRANCES, LAST, channels

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
    """All doors of a network."""
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
