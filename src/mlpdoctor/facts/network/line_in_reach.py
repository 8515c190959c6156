"""Whether the layers are wide enough to pass on the best affine predictor."""

import math

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import listing
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.nn.layers.graph import EntryLayer, entry_layers
from mlpdoctor.nn.layers.properties import family_of
from mlpdoctor.nn.output_head import OutputHead


@dataclass(frozen=True)
class Entrance:
    """The learned layers that no other learned layer comes before."""

    doors: tuple[EntryLayer, ...]


@fact
def entrance(network: Network) -> Entrance | Absent:
    """Follow each learned layer back to the inputs."""
    found = entry_layers(network)
    return Entrance(found) if found else Absent("no learned layer sees the inputs directly", applicable=False)


ROUNDING = 1e-9


@dataclass(frozen=True)
class LineInReach:
    """Whether some weights of this network come as near to the best affine predictor as one likes.

    Attributes:
        possible: False where a floor is proved above it, or all that reaches an output passes fewer units than the
            predictor needs.
        reason: why not, in words.
    """

    possible: bool
    reason: str = ""


@fact
def line_in_reach(
    network: Network, objective: Objective, position: LossPosition, floor: ArchitectureFloor | None
) -> LineInReach:
    """Compare the rungs, then look for a bottleneck.

    An affine map of rank r does not fit through fewer than r units, bent or not. Through as many it does: every usual
    activation is affine, as nearly as one likes, on a stretch that weights and biases can choose.
    """
    if (
        floor is not None
        and position.affine is not None
        and floor.total > position.affine + ROUNDING * position.constant
    ):
        return LineInReach(False, floor.reason)
    unknown = [layer.name for layer in network.layers if family_of(layer) is None]
    if unknown:
        return LineInReach(False, f"what {listing(unknown)} can draw is not known")
    for head in objective.heads.heads:
        needed = min(head.units - 1 if head.loss.joint and head.units > 1 else head.units, network.input_width or 1)
        narrow = _bottleneck(network, head, needed)
        if narrow is not None:
            return LineInReach(False, f"all that reaches {head.name} passes {narrow}")
    return LineInReach(True)


def _bottleneck(network: Network, head: OutputHead, needed: int) -> str | None:
    """The name of a layer with fewer units than needed that every way from an input to the output passes."""
    for position, node in enumerate(network.nodes):
        if position in network.inputs or node.shape is None or None in node.shape or position > head.node:
            continue
        if math.prod(side or 0 for side in node.shape) < needed and _cuts(network, head.node, position):
            return node.layer.name
    return None


def _cuts(network: Network, output: int, left_out: int) -> bool:
    """Whether no input reaches the output once a node is left out."""
    todo, seen = [output], {left_out}
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        if here in network.inputs:
            return False
        todo += network.nodes[here].sources
    return True
