"""How many directions the hidden features of each layer really have on the rows, and what is lost with the others."""

from dataclasses import replace

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.passes import Only, flat
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.second_opinion import LEAST_ROWS, fitting, standardised
from mlpdoctor.facts.ladder.unseen_readout import cross_validated
from mlpdoctor.nn.layers.properties import is_learned
from mlpdoctor.statistics.rows import RowSample

FAINT = 1e-2
"""A direction with less than a hundredth of the spread of the strongest: gradient descent learns along it ten thousand
times slower, for its rate goes with the square; far above the 1e-7 of float32 rounding."""

NARROW = 4
"""A layer of fewer units is a bottleneck that somebody drew."""


@dataclass(frozen=True)
class Features:
    """What one hidden layer makes of the rows.

    Attributes:
        width: units.
        rank: directions that are not faint.
        entering: directions that could get here: those of the standardised inputs, or fewer where an earlier layer, or
            this one, is narrower.
        readout: loss on unseen rows of the best last layer on these features; None where there is no quick fit.
    """

    width: int
    rank: int
    entering: int
    readout: float | None


@dataclass(frozen=True)
class Representation:
    """The first layer, from the input on, whose features have collapsed, by name; and all ranks."""

    collapsed: str | None
    layers: dict[str, Features]


@fact
def representation(
    objective: Objective, network: Network, where: LossPosition, sample: RowSample
) -> Representation | Absent:
    """Ranks of the centred features on a sample of rows."""
    if where.well:
        return Absent("the model does as well as anything is known to", applicable=False)
    sample = sample.few
    links = _links(network)
    if not links:
        return Absent("there is no hidden layer", applicable=False)
    shown = _run(objective, sample.features, set(links) | {link.source for link in links.values()})
    if not all(np.isfinite(values).all() for values in shown.values()):
        return Absent("the hidden features are not finite")
    judged = len(sample.features) >= LEAST_ROWS and all(fitting(head.loss) for head in objective.heads.heads)
    found: dict[str, Features] = {}
    room: dict[int, int] = {}
    for position, link in sorted(links.items()):
        width = shown[position].shape[1]
        before = room.get(link.source)
        before = rank(standardised(shown[link.source])) if before is None else before
        room[position] = min(before, width)
        features = Features(width, rank(shown[position]), room[position], None)
        if not collapsed(features):
            found[link.name] = features
            continue
        readout = None
        if judged:
            weights = np.ones(len(sample.features)) if sample.weights is None else sample.weights
            same = [shown[position]] * len(objective.heads.heads)
            with np.errstate(all="ignore"):
                readout = float((weights * cross_validated(objective, same, sample.targets)).mean())
        found[link.name] = replace(features, readout=readout)
        return Representation(link.name, found)
    return Representation(None, found)


def collapsed(layer: Features) -> bool:
    """Whether at most half of the directions that could be here are left, in a layer that is not narrow by design."""
    return layer.width >= NARROW and 2 * layer.rank <= layer.entering and layer.entering > 0


def rank(features: Array) -> int:
    """Directions of the centred features whose spread is more than ``FAINT`` of the strongest's.

    Of features that have overflown none is missed: their size is a finding of its own.
    """
    size = float(np.abs(features).max(initial=0.0))
    if size == 0 or not np.isfinite(size):
        return 0 if size == 0 else min(features.shape)
    centred = features / size
    centred -= centred.mean(axis=0)
    gram = centred.T @ centred if centred.shape[1] <= len(centred) else centred @ centred.T
    values = np.linalg.eigvalsh(gram)
    rounding = len(features) * float(np.finfo(np.float32).eps) ** 2
    return int((values > max(FAINT**2 * float(values[-1]), rounding)).sum())


@dataclass(frozen=True)
class _Link:
    """A learned layer: its name, and the node that enters it."""

    name: str
    source: int


def _links(network: Network) -> dict[int, _Link]:
    """Each node that enters a learned layer and comes from one, with the one it comes from."""
    links: dict[int, _Link] = {}
    for node in network.nodes:
        if not is_learned(node.layer):
            continue
        for source in node.sources:
            before = _before(network, source)
            if before is not None and _wide(network, source) and _wide(network, before.source):
                links[source] = before
    return links


def _before(network: Network, position: int) -> _Link | None:
    """The learned layer that a node comes from by a single way; None where ways join or there is none."""
    while True:
        node = network.nodes[position]
        if len(node.sources) != 1:
            return None
        if is_learned(node.layer):
            return _Link(node.layer.name, node.sources[0])
        position = node.sources[0]


def _wide(network: Network, position: int) -> bool:
    shape = network.nodes[position].shape
    return shape is not None and len(shape) == 1 and bool(shape[0])


def _run(objective: Objective, features: Array, wanted: set[int]) -> dict[int, Array]:
    engine = objective.passes.engine
    if engine is None:
        raise ValueError("the network cannot be run")
    shown: dict[int, Array] = {}

    def see(position: int, _: Array, values: Array) -> None:
        if position in wanted:
            shown[position] = flat(values)

    with np.errstate(all="ignore"):
        engine.forward(features, Only(frozenset(wanted), see))
    return shown
