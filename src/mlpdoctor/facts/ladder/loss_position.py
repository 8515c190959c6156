"""Where the model stands between what a constant reaches and what these data are known to allow."""

import math

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.facts.ladder.data_floors import ConflictFloor
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective, Perfection
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion

GOOD = 0.05
"""A model within a twentieth of the way from the best known to a constant does well: what is left is fine-tuning."""
SAME = 0.02
"""A loss this close to the best known is as good: where little can be gained at all, noise decides the rest."""
LITTLE = 0.05
"""Share of the way from the constant to the best known that any first updates bring."""
ABOVE = 0.05
"""A model up to a twentieth above the best affine predictor is still on it (L501); one further up is worse (L504)."""


@dataclass(frozen=True)
class LossPosition:
    """The losses that matter for judging a model, all totals over outputs.

    Attributes:
        constant: of the best constant.
        affine: of the best affine predictor; None where it is not known.
        data: what no function of the inputs avoids.
        reach: the lowest loss that something is known or estimated to reach on these data.
        model: of the saved weights; may be infinite or NaN.
        perfect: of a perfect answer to every row, from which losses count: zero for most.
    """

    constant: float
    affine: float | None
    data: float
    reach: float
    model: float
    perfect: float = 0.0

    def above(self, loss: float) -> float:
        """How far a loss is from that of perfect answers."""
        return loss - self.perfect

    @property
    def shortfall(self) -> float:
        """How far the model is from ``reach``, as a share of the way from there to the constant."""
        above, span = self.model - self.reach, self.constant - self.reach
        if span > 0:
            return above / span
        if self.above(self.reach) > 0:
            return above / self.above(self.reach)
        return 0.0 if math.isfinite(above) else math.inf

    @property
    def well(self) -> bool:
        """Whether the model does about as well as anything is known to."""
        return self.shortfall <= GOOD or self.above(self.model) <= self.above(self.reach) * (1 + SAME)

    @property
    def barely(self) -> bool:
        """Whether the model has come next to nothing of the way from the constant to what is known to be reachable."""
        return self.constant > self.reach and self.shortfall >= 1 - LITTLE

    @property
    def above_the_line(self) -> bool:
        """Whether the model is worse than the best affine predictor, not merely on it; False where that is unknown."""
        return self.affine is not None and self.above(self.model) > (1 + ABOVE) * self.above(self.affine)

    def of_constant(self, loss: float) -> float:
        """A loss as a share of the best constant's, both counted from perfect answers."""
        span = self.above(self.constant)
        return self.above(loss) / span if span > 0 else math.inf

    def share(self, kept: float) -> float | None:
        """The share of what the model loses above the data rung that a floor of height ``kept`` keeps in place."""
        above = self.model - self.data
        return min(max((kept - self.data) / above, 0.0), 1.0) if above > 0 else None


@fact
def loss_position(
    objective: Objective,
    constant: ConstantFloor,
    linear: LinearFloor | None,
    conflicts: ConflictFloor,
    model: ModelLoss,
    perfect: Perfection,
    opinion: SecondOpinion | None,
) -> LossPosition | Absent:
    """Put the rungs side by side."""
    top = objective.total(tuple(fit.value for fit in constant.fits))
    affine = None if linear is None else objective.total(tuple(fit.value for fit in linear.fits))
    reach = top if affine is None else min(affine, top)
    if opinion is not None and opinion.structure:
        reach = min(reach, opinion.curve)
    return LossPosition(top, affine, conflicts.total, max(reach, conflicts.total), model.total, perfect.total)
