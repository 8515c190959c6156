"""A cross-entropy that is what answering 0, or 1, to every row costs: numbers such as 7.62, 7.71 and 8.06."""

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.model_loss import ModelLoss
from mlpdoctor.facts.objective import Objective
from mlpdoctor.ladder import ON_A_RUNG
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.binary_crossentropy import BinaryCrossentropy
from mlpdoctor.statistics.moments import TargetMoments


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
