"""The highest lower bound on the loss of this architecture, whatever its weights, and that of a linear bottleneck."""

import math

import numpy as np

from mlpdoctor.analysis.floors import least_squares
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.network import Network
from mlpdoctor.facts.ladder.bounds import Bound, CollapseBound, HeadBound, KnotBound, certainty, rounding
from mlpdoctor.facts.ladder.data_floors import ConflictFloor
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.range_bound import RangeBound
from mlpdoctor.nn.layers.properties import is_affine
from mlpdoctor.nn.losses.loss import TargetKind
from mlpdoctor.nn.output_head import OutputHead
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
            found = least_squares.of_rank(factor, rank, tuple(weights))
        else:
            found = least_squares.targets_only(factor, rank, tuple(weights))
        bounds.append(found[1])
        ranks.append(rank)
    if max(bounds) == -math.inf:
        return Absent("no linear layer is narrower than the output behind it", applicable=False)
    least = min(rank for rank in ranks if rank is not None)
    return RankBound(
        tuple(bounds),
        f"a linear way through only {least} {'unit' if least == 1 else 'units'}",
        rounding(network),
        tuple(ranks),
        tuple(wholes),
    )


def narrowest(network: Network, head: OutputHead) -> tuple[int | None, bool]:
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


@dataclass(frozen=True)
class Bottleneck:
    """One output.

    Attributes:
        head: the output.
        rank: of how many numbers all its answers are a linear map.
        outside: share of the variance of its targets, each counted in its own, outside their best space of so many
            dimensions.
    """

    head: OutputHead
    rank: int
    outside: float


@dataclass(frozen=True)
class Bottlenecks:
    """All such outputs."""

    heads: tuple[Bottleneck, ...]


@fact
def bottlenecks(objective: Objective, network: Network, factor: TargetFactor) -> Bottlenecks | Absent:
    """Count the units on each linear way back, and cut the spectrum of the targets there."""
    found = []
    for head in objective.heads.heads:
        numbers = head.loss.targets is TargetKind.REAL and head.loss.linear != "squares" and not head.loss.joint
        if not (numbers and head.straight and head.columns == head.units > 1):
            continue
        rank, _ = narrowest(network, head)
        if rank is None or rank >= head.units:
            continue
        centred = factor.triangle[1:, 1 + factor.features :][:, head.own]
        spread = np.square(centred).sum(axis=0)
        weights = np.zeros(len(factor.origin) - factor.features)
        weights[head.own] = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
        kept = int((spread > 0).sum())
        if kept > rank:
            tail = least_squares.targets_only(factor, rank, tuple(weights))[0] * factor.rows
            found.append(Bottleneck(head, rank, tail / kept))
    return Bottlenecks(tuple(found)) if found else Absent("no output passes too few linear units", applicable=False)


@dataclass(frozen=True)
class ArchitectureFloor:
    """The lowest loss that any weights can reach, or a bound below it.

    Attributes:
        total: the bound on the whole loss.
        per_part: the bound for each part of it.
        reason: the theorems that give it, in a few words.
        doubt: what they leave out, in a few words; None where the bound is proved.
    """

    total: float
    per_part: tuple[float, ...]
    reason: str
    doubt: str | None = None

    @property
    def certainty(self) -> Certainty:
        """How sure it is."""
        return certainty(self.doubt)


@fact
def architecture_floor(
    objective: Objective,
    conflicts: ConflictFloor,
    collapse: CollapseBound | None,
    ranks: RankBound | None,
    ranges: RangeBound | None,
    kinks: KnotBound | None,
) -> ArchitectureFloor | Absent:
    """The largest of all bounds for each part, never below what the data cost any function of the inputs."""
    bounds: list[Bound] = [bound for bound in (collapse, ranges, kinks) if bound is not None]
    if not bounds and ranks is None:
        return Absent("no bound is proved for this architecture", applicable=False)
    per_part = list(conflicts.per_part)
    highest: list[Bound | RankBound | None] = [None] * len(per_part)
    for bound in bounds:
        for k, value in enumerate(bound.per_part):
            if value > per_part[k]:
                per_part[k], highest[k] = value, bound
    total, found = 0.0, list[Bound | RankBound | None]()
    for head in objective.heads.heads:
        own = [k for k, part in enumerate(objective.parts) if part.head is head]
        value = sum(objective.parts[k].weight * per_part[k] for k in own)
        why = [highest[k] for k in own]
        if ranks is not None and ranks.per_head[head.output] > value:
            value, why = ranks.per_head[head.output], [ranks]
        total += value
        found += why
    told = [bound for bound in found if bound is not None]
    every: list[Bound | RankBound] = [*bounds, *([] if ranks is None else [ranks])]
    reasons = "; ".join(dict.fromkeys(bound.reason for bound in told or every[:1]))
    doubts = "; ".join(dict.fromkeys(bound.doubt for bound in told if bound.doubt is not None))
    return ArchitectureFloor(total, tuple(per_part), reasons, doubts or None)
