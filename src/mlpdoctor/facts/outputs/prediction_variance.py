"""How much predictions differ from row to row, and losses that equal those of answering 0 or 1 throughout."""

import numpy as np

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import ON_A_RUNG
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor, LinearFloor
from mlpdoctor.facts.ladder.model_loss import ModelLoss, Objective
from mlpdoctor.nn.losses.binary_crossentropy import BinaryCrossentropy
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.statistics.moments import OutputMoments, TargetMoments
from mlpdoctor.statistics.row_sample import RowSample

LEARNED = 0.99
"""A line that saves a hundredth of the constant's loss shows that there is something to answer."""


@dataclass(frozen=True)
class OutputVariance:
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
class PredictionVariance:
    """Every part whose targets vary."""

    parts: tuple[OutputVariance, ...]


@fact
def prediction_variance(
    objective: Objective, outputs: OutputMoments, sample: RowSample, constant: ConstantFloor, linear: LinearFloor | None
) -> PredictionVariance | Absent:
    """Compare moments of all rows with the spread of the encoded targets on a sample.

    Where the answer is a logit, a step dz of it changes the probability by p (1 - p) dz, which is the variance of the
    target: the ratio of the spreads is that of the logits times the spread of the target.
    """
    if not np.isfinite(outputs.squared).all():
        return Absent("some predictions are not finite")
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
            OutputVariance(
                name=part.name,
                ratio=max(ratios),
                answer=float(outputs.mean[own[0][0]]),
                exact=all(bool(outputs.low[place] == outputs.high[place]) for place, _ in own),
                known=affine < LEARNED * constant.fits[k].value,
            )
        )
    return PredictionVariance(tuple(found)) if found else Absent("the targets are constant", applicable=False)


@dataclass(frozen=True)
class ClippedAnswer:
    """The model's loss is that of one saturated answer.

    Attributes:
        answer: 0 or 1.
        loss: mean loss of this answer to every row.
        each: what a row of the other class costs: the logarithm of the distance that Keras keeps from 0 and 1.
        wrong: share of the rows of the other class.
    """

    answer: float
    loss: float
    each: float
    wrong: float


@fact
def clipped_answer(objective: Objective, targets: TargetMoments, model: ModelLoss) -> ClippedAnswer | Absent:
    """Compare the loss with that of both saturated answers, for labels 0 and 1 of one unit."""
    absent = Absent("no clipped probability is judged by a binary cross-entropy", applicable=False)
    (part, *others) = objective.parts
    loss = part.loss
    if others or not isinstance(loss, BinaryCrossentropy) or loss.from_logits:
        return absent
    ones = float(targets.mean[0])
    for answer in (1.0, 0.0):
        at_zero, at_one = loss.values(np.array([[0.0], [1.0]]), np.full((2, 1), answer))[:, 0]
        price = part.weight * float((1 - ones) * at_zero + ones * at_one)
        if price > 0 and abs(model.total - price) <= ON_A_RUNG * price:
            return ClippedAnswer(answer, price, float(max(at_zero, at_one)), 1 - ones if answer else ones)
    return absent
