"""What a perfect answer to every row would still cost: the entropy of soft labels; nothing, for most losses."""

from mlpdoctor.fact import fact
from mlpdoctor.facts.objective import Objective
from mlpdoctor.lean import dataclass
from mlpdoctor.statistics.loss_sums import PerfectSums


@dataclass(frozen=True)
class Perfection:
    """Mean over rows of the least loss that any answer has, in total and for each part; where losses count from.

    It is not zero for soft or smoothed labels, whose entropy remains, and for losses that may be negative.
    """

    total: float
    per_part: tuple[float, ...]


@fact
def perfection(objective: Objective, sums: PerfectSums) -> Perfection:
    """The mean over rows."""
    per_part = tuple(float(value) for value in sums.mean)
    return Perfection(objective.total(per_part), per_part)
