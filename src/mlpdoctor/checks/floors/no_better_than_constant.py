"""L502: a trained model that does no better than the best constant."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Part, Role, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.facts.ladder.entropy_words import entropy_first
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.order_words import CAUSES, answer, correction, known, seen, verdict
from mlpdoctor.facts.outputs.prediction_order import PredictionOrder
from mlpdoctor.facts.outputs.prediction_spread import ClippedAnswer
from mlpdoctor.facts.training.training import Trained

NEAR = 0.1
"""Where nothing is known to beat the constant, a model this close to it is excused; one far above has another scale."""


@check(
    "L502",
    Severity.ERROR,
    "the model's loss, {model}, is {compared} than the {constant} of always predicting {answer}",
    stage=Stage.OUTCOME,
    about=Part.LOSS,
    because="D710 G606 H803 H805 L507 U404",
    role=Role.SYMPTOM,
    untreatable="it says where the loss stands, not why; the causes named with it are treated",
)
def no_better_than_constant(
    network: Network,
    position: LossPosition,
    best: ConstantFloor,
    trained: Trained,
    clipped: ClippedAnswer | None,
    order: PredictionOrder | None,
    *,
    tolerated_gain: float = 0.01,
) -> Iterator[Evidence]:
    """A trained model that does no better than the best constant.

    Why it matters
        The mean (squared error), median (absolute error) or class shares (cross-entropy) of the targets cost
        nothing to find. A model at that loss has learned nothing useful yet, or its predictions have the wrong
        level or size. Which of the two it is shows in how the predictions order the rows.
    How to fix it
        Where the predictions order the rows well, put their level right: the last bias, class weights, the scale of
        the targets. Otherwise fix the causes named with it: scale, dead or saturated units, the learning rate. If
        there is none, check that the inputs in training are those in this file.
    When it stays silent
        Models that have not been trained; data on which nothing known does better than a constant, unless the
        model is far worse; targets that are all the same. Broken weights are reported as W301. A warning instead of
        an error for a model that orders the rows, and that with the right level and size would come at least half
        of the way to the best known loss. Probabilities
        shifted by the odds of the base rate, as weights for both classes do, are a note: that was meant.
    How sure
        Measured: both losses are evaluated on all rows. The rank correlation (for classes the area under the ROC
        curve, AUC) is that of up to 32,768 rows, and is called chance within two standard errors.
    References
        Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, 2017.
    """
    if not all(np.isfinite(weight).all() for layer in network.layers for weight in layer.weights.values()):
        return
    span = position.above(position.constant)
    hopeless = position.of_constant(position.reach) >= 1 - tolerated_gain and not position.worse
    equal = position.above(position.model) >= span * (1 - tolerated_gain)
    if hopeless or span <= 0 or not (equal or position.barely):
        return
    learned = order is not None and order.learned(position)
    if clipped is not None and order is not None and abs(order.parts[0].levels[0] - clipped.answer) > NEAR:
        clipped = None  # a loss that is the price of 0 or 1 by chance
    compared = "no better" if equal else "hardly better"
    broken = "" if position.finite else "On some rows the predictions are not finite."
    yield Evidence(
        numbers={
            "model": position.model,
            "constant": position.constant,
            "compared": compared,
            "affine": position.affine,
            "answer": answer(best),
            "output_mean": tuple(level for part in order.parts for level in part.levels) if order else (),
            "output_spread": order.spread if order else None,
            "rank_correlation": order.value if order else None,
            "rank_correlation_error": order.error if order else None,
            "calibrated_gain_share": order.gained if order else None,
            "updates": trained.updates,
            "as_with_class_weights": order is not None and order.weighted,
        },
        certainty=Certainty.MEASURED,
        severity=_severity(order, learned=learned),
        why=" ".join(one for one in (broken, seen(order, clipped), known(position)) if one),
        remedy=correction(order) if order is not None and learned else CAUSES,
        strength=min(position.of_constant(position.model), 10.0) / 10.0 if math.isfinite(position.model) else 1.0,
        verdict=entropy_first(position) + verdict(position, answer(best), clipped, order, compared, learned=learned),
    )


def _severity(order: PredictionOrder | None, *, learned: bool) -> Severity:
    if order is not None and order.weighted:
        return Severity.NOTE
    return Severity.WARNING if learned else Severity.ERROR
