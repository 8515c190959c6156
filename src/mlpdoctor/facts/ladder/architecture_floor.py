"""The highest lower bound on the loss of this architecture, whatever its weights."""

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty
from mlpdoctor.facts.ladder.bounds import Bound, CollapseBound, KnotBound, RangeBound, certainty
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
    reasons = "; ".join(dict.fromkeys(bound.reason for bound in told or [*bounds, *filter(None, [ranks])][:1]))
    doubts = "; ".join(dict.fromkeys(bound.doubt for bound in told if bound.doubt is not None))
    return ArchitectureFloor(total, tuple(per_part), reasons, doubts or None)
