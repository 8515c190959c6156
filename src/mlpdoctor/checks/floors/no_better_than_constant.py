"""L502: a trained model that does no better than the best constant."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import percent, short
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.prediction_variance import ClippedAnswer
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.statistics.moments import OutputMoments, TargetMoments

FLAT = 0.1
"""Answers that vary less than a tenth as much as the targets are all but one answer."""
NEAR = 0.1
"""Where nothing is known to beat the constant, a model this close to it is excused; one far above has another scale."""


@check(
    "L502",
    Severity.ERROR,
    "the model's loss, {model}, is {compared} than the {constant} of always answering {answer}",
    stage=Stage.OUTCOME,
    about=Part.LOSS,
    because="G606 H803 H805 L507 U404",
    untreatable="it says where the loss stands, not why; the causes named with it are treated",
)
def no_better_than_constant(
    network: Network,
    position: LossPosition,
    best: ConstantFloor,
    outputs: OutputMoments,
    targets: TargetMoments,
    trained: Trained,
    clipped: ClippedAnswer | None,
    *,
    tolerated_gain: float = 0.01,
) -> Iterator[Evidence]:
    """A trained model that does no better than the best constant.

    Why it matters
        The mean (squared error), median (absolute error) or class shares (cross-entropy) of the targets cost
        nothing to find. A model at that loss, or so near to it that it has gone less than a twentieth of the
        way to what is known to be reachable, has learned nothing from its inputs; one far above it answers on
        the wrong scale.
    Remedy
        Look at the causes named with it: scale, dead or saturated units, the step size. If there is none, check
        that the inputs in training are those in this file.
    Stays quiet on
        Models that have not been trained; data on which nothing known does better than a constant, unless the
        model is far worse; targets that are all the same. Of a model with broken weights W301 speaks.
    Certainty
        Measured: both losses are evaluated on all rows.
    """
    if not all(np.isfinite(weight).all() for layer in network.layers for weight in layer.weights.values()):
        return
    span = position.above(position.constant)
    hopeless = (
        position.of_constant(position.reach) >= 1 - tolerated_gain and position.of_constant(position.model) <= 1 + NEAR
    )
    equal = position.above(position.model) >= span * (1 - tolerated_gain)
    if hopeless or span <= 0 or not (equal or position.barely):
        return
    answer = _answer(best)
    paired = len(outputs.deviation) == len(targets.deviation)
    spread = float((outputs.deviation / (targets.deviation + (targets.deviation == 0))).max()) if paired else None
    yield Evidence(
        numbers={
            "model": position.model,
            "constant": position.constant,
            "compared": "no better" if equal else "hardly better",
            "affine": position.affine,
            "answer": answer,
            "output_mean": tuple(float(mean) for mean in outputs.mean),
            "output_spread": spread,
            "updates": trained.updates,
        },
        certainty=Certainty.MEASURED,
        why=" ".join(part for part in (_price(clipped), _answers(outputs, spread), _known(position)) if part),
        remedy=Remedy(
            "mend the causes named with this; if there are none, check that this file holds the inputs "
            "the model was trained on, on the same scale"
        ),
        strength=min(position.of_constant(position.model), 10.0) / 10.0 if math.isfinite(position.model) else 1.0,
        verdict=_verdict(position, answer, clipped, "no better" if equal else "hardly better"),
    )


def _verdict(position: LossPosition, answer: str, clipped: ClippedAnswer | None, compared: str) -> str:
    if clipped is not None:
        return (
            f"The loss, {short(position.model)}, is the price of answering {short(clipped.answer)} to every row; "
            f"always answering {answer} would give {short(position.constant)}."
        )
    return (
        f"The model has learned nothing from its inputs: its loss, {short(position.model)}, is {compared} than always "
        f"answering {answer}, which gives {short(position.constant)}."
    )


def _answer(best: ConstantFloor) -> str:
    if len(best.answers) != 1:
        return "one answer to all rows" if len(best.fits) == 1 else "the best constant for each target"
    (answer,) = best.answers
    return short(answer[0]) if len(answer) == 1 else "the share of each class"


def _answers(outputs: OutputMoments, spread: float | None) -> str:
    means, deviation = outputs.mean, float(outputs.deviation.max())
    if not math.isfinite(deviation):
        return "Some of its answers are not finite."
    if (spread if spread is not None else deviation) < FLAT:
        about = f": all are near {short(float(means[0]))}" if len(means) == 1 else ""
        return f"Its answers hardly differ from row to row{about}."
    if spread is None:
        return "Its answers vary from row to row, but not with the targets."
    return f"Its answers vary {short(spread, 2)} times as much as the targets, but not with them."


def _price(clipped: ClippedAnswer | None) -> str:
    if clipped is None:
        return ""
    always = f"{short(clipped.loss)} is the price of answering {short(clipped.answer)} to every row"
    return (
        f"{always}: {percent(clipped.wrong)} of them are of the other class and cost {short(clipped.each)} each, the "
        "most that Keras's clipping allows."
    )


def _known(position: LossPosition) -> str:
    if position.affine is None or position.reach < position.affine:
        found = f"A quick nonlinear fit reaches about {short(position.reach, 2)} on unseen rows."
        return found if position.reach < position.constant else ""
    return f"The best linear model reaches {short(position.affine)} on these rows."
