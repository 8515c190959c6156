"""Where layers collapse into one affine map because nothing nonlinear stands between them."""

import math
from itertools import pairwise

from mlpdoctor.core.check import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.nn.layers import unsupported_layers
from mlpdoctor.nn.layers.properties import has_affine_forward, is_affine, is_learned, maps_zero_to_zero


@dataclass(frozen=True)
class AffineStack:
    """Learned affine layers in series with nothing nonlinear between them: together they are one affine map.

    Attributes:
        layers: from the input towards the output; the last one's own activation does not matter.
        width: numbers that enter the first layer.
        chain: whether they stand one behind the other, rather than side by side in part.
        narrowest: the narrowest of the layers before the last.
        last_width: units of the last layer.
    """

    layers: tuple[Layer, ...]
    chain: bool
    width: int
    narrowest: int
    last_width: int

    @property
    def bottleneck(self) -> bool:
        """Whether the middle is narrower than both ends: a low-rank map, which one layer could not be."""
        return self.narrowest < min(self.width, self.last_width)


@dataclass(frozen=True)
class Collapse:
    """What of the network is affine whatever its weights.

    Attributes:
        stretches: where two or more learned layers act as one.
        affine_outputs: for each output of the network, whether it is an affine function of the inputs.
        affine_heads: the same up to its own activation, as in a logistic regression.
        intercept: False when no layer can add a constant, so that an affine output is zero at the origin.
    """

    stretches: tuple[AffineStack, ...]
    affine_outputs: tuple[bool, ...]
    affine_heads: tuple[bool, ...]
    intercept: bool

    @property
    def whole(self) -> bool:
        """Whether every output is an affine function of the inputs."""
        return all(self.affine_outputs)

    @property
    def linear_heads(self) -> bool:
        """Whether every output is affine in the inputs up to its own activation."""
        return all(self.affine_heads)

    def together(self, ladder: Ladder | None) -> str:
        """What the layers are together, with the best of them where that is known."""
        line = ladder.rung("affine") if ladder else None
        if not self.whole or line is None or "=" not in line.witness:
            return "one affine map" if self.whole else "one affine layer"
        line_or_plane = "a straight line" if line.label == "best straight line" else "one affine map"
        return f"{line_or_plane}, at best {line.witness}"


@fact
def collapse(network: Network) -> Collapse:
    """Composition of affine maps is affine; sums, concatenations and inference-mode scalings of them are, too."""
    straight = [is_affine(node.layer) or unsupported_layers.is_affine(node.layer) for node in network.nodes]
    affine: list[bool] = []
    for node, passes in zip(network.nodes, straight, strict=True):
        affine.append(passes and all(affine[source] for source in node.sources))
    heads = tuple(_below_is_affine(network, affine, output) for output in network.outputs)
    return Collapse(
        stretches=tuple(_stretches(network, straight, branching=all(heads))),
        affine_outputs=tuple(affine[output] for output in network.outputs),
        affine_heads=heads,
        intercept=not all(maps_zero_to_zero(layer) for layer in network.layers),
    )


def _below_is_affine(network: Network, affine: list[bool], output: int) -> bool:
    """Whether an output is affine up to its activation, be it the layer's own or an Activation layer at the end."""
    node = network.nodes[output]
    forward = (
        has_affine_forward(node.layer)
        or unsupported_layers.sums(node.layer)
        or unsupported_layers.is_affine(node.layer)
    )
    return forward and all(affine[source] for source in node.sources)


def _stretches(network: Network, straight: list[bool], *, branching: bool) -> list[AffineStack]:
    """Group learned layers by the links between them."""
    links = {
        start: ends
        for start, node in enumerate(network.nodes)
        if _joins(node.layer, whole=branching)
        and straight[start]
        and (ends := _ends(network, straight, start, branching=branching))
    }
    groups: list[set[int]] = []
    for start, ends in links.items():
        joined = {start, *ends}
        for group in [group for group in groups if group & joined]:
            groups.remove(group)
            joined |= group
        groups.append(joined)
    return [stretch for group in groups if (stretch := _stretch(network, sorted(group), links))]


def _ends(network: Network, straight: list[bool], start: int, *, branching: bool) -> set[int]:
    """The learned nodes that a node feeds through affine ones alone; empty if any of its paths does otherwise.

    A path that meets something nonlinear first puts the layer's output to use there. In a network that is nonlinear
    elsewhere, a layer whose output branches is the stem of a skip connection, and one whose output joins a skip
    around it ends a residual block: both are linear by design.
    """
    before = _ancestors(network, start)
    ends: set[int] = set()
    todo = [start]
    while todo:
        here = todo.pop()
        users = [position for position, node in enumerate(network.nodes) if here in node.sources]
        if not users or here in network.outputs or (len(users) > 1 and not branching):
            return set()
        for user in users:
            node = network.nodes[user]
            if _joins(node.layer, whole=branching):
                ends.add(user)
            elif not straight[user] or (before & set(node.sources) and not branching):
                return set()
            else:
                todo.append(user)
    return ends


def _joins(layer: Layer, *, whole: bool) -> bool:
    """Whether a layer counts among those that act as one.

    Convolutions do where the whole network is affine. Elsewhere two of them in series are a design: the depthwise and
    the pointwise one of a separable convolution, or the linear bottleneck of an inverted residual block.
    """
    return is_learned(layer) or (whole and unsupported_layers.sums(layer))


def _ancestors(network: Network, start: int) -> set[int]:
    found: set[int] = set()
    todo = list(network.nodes[start].sources)
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo += network.nodes[here].sources
    return found


def _stretch(network: Network, positions: list[int], links: dict[int, set[int]]) -> AffineStack | None:
    nodes = network.nodes
    shapes = [nodes[position].shape for position in (nodes[positions[0]].sources[0], *positions)]
    if any(shape is None for shape in shapes):
        return None
    widths = [math.prod(side or 1 for side in shape or ()) for shape in shapes]
    return AffineStack(
        layers=tuple(nodes[position].layer for position in positions),
        chain=all(links.get(here) == {after} for here, after in pairwise(positions)),
        width=widths[0],
        narrowest=min(width for position, width in zip(positions, widths[1:], strict=True) if position in links),
        last_width=max(w for position, w in zip(positions, widths[1:], strict=True) if position not in links),
    )
