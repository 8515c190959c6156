"""Outputs behind too few linear units, where the loss is no squared error and nothing is proved of it."""

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.rank_bound import narrowest
from mlpdoctor.floors import reduced_rank
from mlpdoctor.heads import Head
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.network import Network
from mlpdoctor.statistics.affine_factor import TargetFactor


@dataclass(frozen=True)
class Narrow:
    """One output.

    Attributes:
        head: the output.
        rank: of how many numbers all its answers are a linear map.
        outside: share of the variance of its targets, each counted in its own, outside their best space of so many
            dimensions.
    """

    head: Head
    rank: int
    outside: float


@dataclass(frozen=True)
class NarrowWay:
    """All such outputs."""

    heads: tuple[Narrow, ...]


@fact
def narrow_way(objective: Objective, network: Network, factor: TargetFactor) -> NarrowWay | Absent:
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
            tail = reduced_rank.targets_only(factor, rank, tuple(weights))[0] * factor.rows
            found.append(Narrow(head, rank, tail / kept))
    return NarrowWay(tuple(found)) if found else Absent("no output passes too few linear units", applicable=False)
