"""How much the network's answers differ from row to row, beside how much the targets do."""

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.objective import Objective
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.convex import ConvexLoss
from mlpdoctor.statistics.moments import OutputMoments
from mlpdoctor.statistics.row_sample import RowSample

LEARNED = 0.99
"""A line that saves a hundredth of the constant's loss shows that there is something to answer."""


@dataclass(frozen=True)
class OutputSpread:
    """One part of the loss: a unit of an output, or an output whose units are judged together.

    Attributes:
        name: of the part.
        ratio: standard deviation of the answers over that of the targets; of several units the largest.
        answer: mean answer, of the first unit.
        exact: whether the answers are the same on all rows to the last digit.
        known: whether a line does better than a constant here.
    """

    name: str
    ratio: float
    answer: float
    exact: bool
    known: bool


@dataclass(frozen=True)
class AnswerSpread:
    """Every part whose targets vary."""

    parts: tuple[OutputSpread, ...]


@fact
def answer_spread(
    objective: Objective, outputs: OutputMoments, sample: RowSample, constant: ConstantFloor, linear: LinearFloor | None
) -> AnswerSpread | Absent:
    """Compare moments of all rows with the spread of the encoded targets on a sample.

    Where the answer is a logit, a step dz of it changes the probability by p (1 - p) dz, which is the variance of the
    target: the ratio of the spreads is that of the logits times the spread of the target.
    """
    if not np.isfinite(outputs.squared).all():
        return Absent("some answers are not finite")
    deviation, found = outputs.deviation, []
    for k, part in enumerate(objective.parts):
        head = part.head
        units = [part.unit] if part.unit is not None else list(range(head.units))
        spread = head.targets(sample.targets).std(axis=0)
        own = [(head.first_unit + unit, float(spread[unit])) for unit in units if spread[unit] > 0]
        if not own:
            continue
        logits = isinstance(part.loss, ConvexLoss) and part.loss.link == "logit" and not head.behind
        logits = logits and bool(getattr(part.loss, "from_logits", False))
        ratios = [float(deviation[place]) * (size if logits else 1 / size) for place, size in own]
        affine = constant.fits[k].value if linear is None else linear.fits[k].value
        found.append(
            OutputSpread(
                name=part.name,
                ratio=max(ratios),
                answer=float(outputs.mean[own[0][0]]),
                exact=all(bool(outputs.low[place] == outputs.high[place]) for place, _ in own),
                known=affine < LEARNED * constant.fits[k].value,
            )
        )
    return AnswerSpread(tuple(found)) if found else Absent("the targets are constant", applicable=False)
