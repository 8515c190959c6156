"""What an affine network loses at least: as much as the best affine predictor."""

import math

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.bounds import Bound
from mlpdoctor.facts.collapse import Collapse
from mlpdoctor.facts.linear_floor import LinearFloor, affine_fit
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.perfection import Perfection
from mlpdoctor.lean import dataclass
from mlpdoctor.statistics.affine_factor import TargetFactor


@dataclass(frozen=True)
class CollapseBound(Bound):
    """The bound of a network that is affine up to its last activation.

    Attributes:
        total: on the whole loss; None where the theorem does not speak of all its parts.
        model: what the network is no more than: ``logistic regression``.
    """

    total: float | None
    model: str


@fact
def collapse_bound(
    objective: Objective, collapse: Collapse, linear: LinearFloor, factor: TargetFactor, perfect: Perfection
) -> CollapseBound | Absent:
    """Outputs that are affine in the inputs lose at least what the best affine predictor loses.

    Theorem: a composition of affine maps is affine, so whatever the weights, what the loss reads is one of the
    predictors over which the affine rung is the minimum. Its witness is the line that reaches the rung. Without any
    bias the predictor is zero at the origin as well, and the minimum over those is at least as high.
    """
    bounds = []
    for k, part in enumerate(objective.parts):
        if not (part.head.straight and collapse.affine_heads[part.head.output]):
            bounds.append(-math.inf)
        elif collapse.intercept:
            bounds.append(linear.fits[k].lower)
        else:
            bare = affine_fit(objective, part, factor, lowest=perfect.per_part[k], intercept=False)
            bounds.append(max(bare.lower, linear.fits[k].lower))
    if max(bounds) == -math.inf:
        return Absent("no output is affine in the inputs", applicable=False)
    model = linear.model.removeprefix("best ")
    plain = "an affine network" if all(part.head.loss.linear != "convex" for part in objective.parts) else f"a {model}"
    reason = plain if collapse.intercept else f"{plain} without any bias"
    total = objective.total(tuple(bounds)) if min(bounds) > -math.inf else None
    return CollapseBound(tuple(bounds), reason, total, model)
