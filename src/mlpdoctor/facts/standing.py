"""Where the model stands between what a constant reaches and what these data are known to allow."""

import math
from dataclasses import dataclass

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.conflict_floor import ConflictFloor
from mlpdoctor.facts.heads import Heads
from mlpdoctor.facts.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.model_loss import ModelLoss
from mlpdoctor.facts.second_opinion import SecondOpinion

GOOD = 0.05
"""A model within a twentieth of the way from the best known to a constant does well: what is left is fine-tuning."""
SAME = 0.02
"""A loss this close to the best known is as good: where little can be gained at all, noise decides the rest."""


@dataclass(frozen=True)
class Standing:
    """The losses that matter for judging a model, all totals over outputs.

    Attributes:
        constant: of the best constant.
        affine: of the best affine function.
        data: what no function of the inputs avoids.
        reach: the lowest loss that something is known or estimated to reach on these data.
        model: of the saved weights; may be infinite or NaN.
    """

    constant: float
    affine: float
    data: float
    reach: float
    model: float

    @property
    def shortfall(self) -> float:
        """How far the model is from ``reach``, as a share of the way from there to the constant."""
        above, span = self.model - self.reach, self.constant - self.reach
        if span > 0:
            return above / span
        if self.reach > 0:
            return above / self.reach
        return 0.0 if math.isfinite(above) else math.inf

    @property
    def well(self) -> bool:
        """Whether the model does about as well as anything is known to."""
        return self.shortfall <= GOOD or self.model <= self.reach * (1 + SAME)

    def share(self, kept: float) -> float | None:
        """The share of what the model loses above the data rung that a floor of height ``kept`` keeps in place."""
        above = self.model - self.data
        return min(max((kept - self.data) / above, 0.0), 1.0) if above > 0 else None


@fact
def standing(
    heads: Heads,
    constant: ConstantFloor,
    linear: LinearFloor,
    conflicts: ConflictFloor,
    model: ModelLoss,
    opinion: SecondOpinion | None,
) -> Standing | Absent:
    """Put the rungs side by side."""
    top = heads.total(tuple(fit.value for fit in constant.fits))
    affine = heads.total(tuple(fit.value for fit in linear.fits))
    reach = min(affine, top)
    if opinion is not None and opinion.structure:
        reach = min(reach, opinion.curve)
    return Standing(top, affine, conflicts.total, max(reach, conflicts.total), model.total)
