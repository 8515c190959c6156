"""What identical inputs with different targets cost every function of the inputs."""

from dataclasses import dataclass

from mlpdoctor.fact import fact
from mlpdoctor.facts.heads import Heads
from mlpdoctor.floors.conflicts import Conflicts, find
from mlpdoctor.statistics.moments import TargetMoments
from mlpdoctor.statistics.row_hashes import RowHashes
from mlpdoctor.stream import Passes


@dataclass(frozen=True)
class ConflictFloor:
    """Groups of identical inputs with different targets, and their share of the total loss."""

    conflicts: Conflicts
    total: float


@fact
def conflict_floor(heads: Heads, hashes: RowHashes, moments: TargetMoments, passes: Passes) -> ConflictFloor:
    """Rows that may be identical, looked at again and grouped by their real contents."""
    units = tuple(loss.unit for loss in heads.losses)
    features = len(passes.dataset.feature_names)
    conflicts = find(passes.rows, hashes, moments.rows, units, features)
    return ConflictFloor(conflicts, heads.total(conflicts.floors))
