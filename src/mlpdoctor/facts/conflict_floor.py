"""What identical inputs with different targets cost every function of the inputs."""

from mlpdoctor.fact import fact
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.perfection import Perfection
from mlpdoctor.floors.conflicts import Conflicts, find
from mlpdoctor.lean import dataclass
from mlpdoctor.statistics.row_hashes import RowHashes


@dataclass(frozen=True)
class ConflictFloor:
    """Groups of identical inputs with different targets, and the least loss of any function of the inputs.

    Attributes:
        conflicts: the groups, and what they cost beyond perfect answers.
        per_part: the least loss of each part: that of perfect answers, and what the conflicts cost.
        total: the same over all parts.
        conflict_total: what the conflicts alone cost.
    """

    conflicts: Conflicts
    per_part: tuple[float, ...]
    total: float
    conflict_total: float


@fact
def conflict_floor(objective: Objective, hashes: RowHashes, perfect: Perfection) -> ConflictFloor:
    """Rows that may be identical, looked at again and grouped by their real contents."""
    passes = objective.passes
    features, parts = len(passes.dataset.feature_names), len(objective.parts)
    conflicts = find(passes.rows, hashes, objective.rows, objective.heads, parts, features)
    per_part = tuple(base + more for base, more in zip(perfect.per_part, conflicts.floors, strict=True))
    return ConflictFloor(conflicts, per_part, objective.total(per_part), objective.total(conflicts.floors))
