"""Which layers training leaves as they are, and what that costs."""

from collections.abc import Sequence

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.readout import ReadoutFloor
from mlpdoctor.nn.layers.graph import adjustable, before, judged, parameters
from mlpdoctor.nn.layers.properties import renormalises

LOOKUPS = ("Embedding",)
"""Tables learned elsewhere are frozen on purpose."""


@dataclass(frozen=True, eq=False)
class FrozenLayers:
    """Layers on the way to the loss, by whether they train.

    Attributes:
        frozen: those with weights that training leaves as they are.
        moving: those with weights that it changes.
        adapts: whether the statistics of some BatchNormalization go on following the batches.
        floor: what no training goes below, where nothing but last layers train; None elsewhere.
        sampled: whether that is known from a sample of the rows.
        cost: what freezing alone costs, as a share of all there is to gain; None where it is not known.
    """

    frozen: tuple[Layer, ...]
    moving: tuple[Layer, ...]
    adapts: bool
    floor: float | None
    sampled: bool
    cost: float | None

    @property
    def share(self) -> float:
        """Share of the parameters that are frozen."""
        return parameters(self.frozen) / parameters((*self.frozen, *self.moving))

    def kept(self, position: LossPosition) -> float | None:
        """The loss that stays whatever training does; None where it is not known to."""
        if not self.moving:
            return position.model if position.finite else None
        return None if self.floor is None or self.cost is None else min(self.floor, position.model)

    @property
    def meant(self) -> bool:
        """Whether they are of kinds that are frozen whenever a finished network is tuned.

        The layers around them make up for their scales.
        """
        return all(layer.kind in LOOKUPS or renormalises(layer) for layer in self.frozen)


@fact
def frozen_layers(
    network: Network,
    position: LossPosition | None,
    objective: Objective | None,
    readout: ReadoutFloor | None,
    architecture: ArchitectureFloor | None,
) -> FrozenLayers | Absent:
    """Read the flags, and hold the last layers that train against the best on the saved features."""
    way = {id(network.nodes[place].layer) for place in before(network, judged(network))}
    owners = [layer for layer in network.layers if id(layer) in way and adjustable(layer)]
    frozen = tuple(layer for layer in owners if not layer.trainable)
    moving = tuple(layer for layer in owners if layer.trainable)
    if not frozen:
        return FrozenLayers((), moving, adapts=True, floor=None, sampled=False, cost=None)
    floor = None
    if moving and objective is not None and readout is not None and _last_alone(network, moving):
        floor = objective.total(readout.lower)
    return FrozenLayers(
        frozen,
        moving,
        adapts=any(layer.trainable and "moving_mean" in layer.weights for layer in network.layers),
        floor=floor,
        sampled=readout is not None and readout.share < 1,
        cost=None if floor is None or position is None else _cost(floor, position, architecture),
    )


def _last_alone(network: Network, moving: Sequence[Layer]) -> bool:
    """Whether the layers that train are all last ones."""
    last = {_last_with_weights(network, output) for output in network.outputs}
    known = {id(layer) for layer in moving}
    return {place for place, node in enumerate(network.nodes) if id(node.layer) in known} <= last


def _last_with_weights(network: Network, place: int) -> int:
    while not network.nodes[place].layer.weights and len(network.nodes[place].sources) == 1:
        place = network.nodes[place].sources[0]
    return place


def _cost(floor: float, position: LossPosition, architecture: ArchitectureFloor | None) -> float:
    """What freezing alone costs, as a share of all there is to gain: other weights would be held up there, too."""
    span, free = position.constant - position.reach, position.reach
    if architecture is not None:
        free = max(free, architecture.total)
    return (floor - free) / span if span > 0 else 0.0
