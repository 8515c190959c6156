"""The highest proved lower bound on the loss of this architecture, whatever its weights."""

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.facts.ladder.bounds import Bound, CollapseBound, KnotBound, RangeBound
from mlpdoctor.facts.ladder.data_floors import ConflictFloor
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.rank_bound import RankBound


@dataclass(frozen=True)
class ArchitectureFloor:
    """What no setting of the weights goes below.

    Attributes:
        total: the bound on the whole loss.
        per_part: the bound for each part of it.
        reason: the theorems that give it, in a few words.
    """

    total: float
    per_part: tuple[float, ...]
    reason: str


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
    per_part, reasons = list(conflicts.per_part), [""] * len(conflicts.per_part)
    for bound in bounds:
        for k, value in enumerate(bound.per_part):
            if value > per_part[k]:
                per_part[k], reasons[k] = value, bound.reason
    total, found = 0.0, []
    for head in objective.heads.heads:
        own = [k for k, part in enumerate(objective.parts) if part.head is head]
        value = sum(objective.parts[k].weight * per_part[k] for k in own)
        why = [reasons[k] for k in own]
        if ranks is not None and ranks.per_head[head.output] > value:
            value, why = ranks.per_head[head.output], [ranks.reason]
        total += value
        found += why
    told = [reason for reason in dict.fromkeys(found) if reason]
    if not told:
        told = [bounds[0].reason if bounds else ranks.reason if ranks else ""]
    return ArchitectureFloor(total, tuple(per_part), "; ".join(told))
