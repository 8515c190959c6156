"""What a linear bottleneck loses at least: as much as the best map of so low a rank."""

import math

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.bounds import HeadBound
from mlpdoctor.facts.objective import Objective
from mlpdoctor.floors import reduced_rank
from mlpdoctor.heads import Head
from mlpdoctor.layers.nature import is_affine
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Network
from mlpdoctor.statistics.affine_factor import TargetFactor


@dataclass(frozen=True)
class RankBound(HeadBound):
    """The bound of a layer that is narrower than the output behind it, or than both ends of an affine network.

    Attributes:
        ranks: for each output the width of the narrowest layer that its numbers pass on an affine way; None where
            that is no narrower than the output.
        whole: for each output whether that way reaches the inputs, so that the network is affine.
    """

    ranks: tuple[int | None, ...]
    whole: tuple[bool, ...]


@fact
def rank_bound(objective: Objective, network: Network, factor: TargetFactor) -> RankBound | Absent:
    """Outputs that pass a layer of r units and only affine maps behind it lie in an affine space of dimension r.

    Theorem: the best approximation of the targets by points of such a space leaves the squares of all but the r
    largest singular values of the centred targets (Eckart and Young, 1936). If the whole network is affine, its map
    has at most rank r, and reduced rank regression is the least squared error of those (Izenman, 1975).
    """
    bounds: list[float] = []
    ranks: list[int | None] = []
    wholes: list[bool] = []
    for head in objective.heads.heads:
        fits = head.loss.linear == "squares" and head.straight and head.columns == head.units
        rank, whole = narrowest(network, head) if fits else (None, False)
        wholes.append(whole)
        if rank is None or rank >= (min(head.units, factor.features) if whole else head.units):
            bounds.append(-math.inf)
            ranks.append(None)
            continue
        weights = [0.0] * (len(factor.origin) - factor.features)
        weights[head.own] = [head.weight / head.units] * head.units
        if whole:
            found = reduced_rank.fit(factor, rank, tuple(weights))
        else:
            found = reduced_rank.targets_only(factor, rank, tuple(weights))
        bounds.append(found[1])
        ranks.append(rank)
    if max(bounds) == -math.inf:
        return Absent("no linear layer is narrower than the output behind it", applicable=False)
    least = min(rank for rank in ranks if rank is not None)
    return RankBound(
        tuple(bounds),
        f"a linear way through only {least} {'unit' if least == 1 else 'units'}",
        tuple(ranks),
        tuple(wholes),
    )


def narrowest(network: Network, head: Head) -> tuple[int | None, bool]:
    """The least width on the affine way back from an output, and whether that way reaches the inputs."""
    here, least = head.node, None
    while True:
        node = network.nodes[here]
        width = None if node.shape is None or None in node.shape else math.prod(side or 0 for side in node.shape)
        if width is None:
            return None, False
        least = width if least is None else min(least, width)
        if not node.sources:
            return least, True
        if not is_affine(node.layer) or len(node.sources) != 1:
            return least, False
        here = node.sources[0]
