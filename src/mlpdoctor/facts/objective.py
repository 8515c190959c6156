"""The loss that is minimised, once it is known that the targets are of the kind that it takes."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.heads import Heads, Part
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.contract import ColumnValues, complaint
from mlpdoctor.network import Array
from mlpdoctor.passes import Passes
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.target_values import TargetValues


@dataclass(frozen=True, eq=False)
class Objective:
    """The outputs with their losses, beside targets that fit them.

    Attributes:
        heads: the outputs.
        rows: usable rows, by whose number the sum of all losses is divided.
        passes: to read them again.
    """

    heads: Heads
    rows: int
    passes: Passes

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that is judged by itself."""
        return self.heads.parts

    def total(self, per_part: tuple[float, ...]) -> float:
        """The total loss from that of each part."""
        return self.heads.total(per_part)

    def judged(self, part: Part) -> Iterator[tuple[Array, Array, Array]]:
        """Another pass over the rows: features, the part's encoded targets, weights."""
        for rows in self.passes.rows():
            weights = np.ones(len(rows.features)) if rows.weights is None else rows.weights
            yield rows.features, part.targets(rows.targets), weights


@fact
def objective(heads: Heads, values: TargetValues, factor: TargetFactor, passes: Passes) -> Objective | Absent:
    """Compare what the losses take with what the targets are."""
    if len(values.low) != heads.columns:
        return Absent(f"the losses take {heads.columns} target columns, and there are {len(values.low)}")
    for head in heads.heads:
        own = head.own
        seen = ColumnValues(float(values.low[own].min()), float(values.high[own].max()), bool(values.whole[own].all()))
        wrong = complaint(head.takes, seen, head.units)
        if wrong is not None:
            return Absent(f"the targets of {head.name} do not fit {head.loss.label}: {wrong}")
    # The first entry of the triangle is the norm of the column of ones: the root of the sum of all weights.
    share = factor.rows / float(factor.triangle[0, 0]) ** 2
    scaled = [replace(head, weight=head.weight * share) if head.by_weights else head for head in heads.heads]
    return Objective(replace(heads, heads=tuple(scaled)), factor.rows, passes)
