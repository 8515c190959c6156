"""L502: a trained model that does no better than the best constant."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.check import check
from mlpdoctor.facts.clipped_answer import ClippedAnswer
from mlpdoctor.facts.linear_floor import ConstantFloor
from mlpdoctor.facts.standing import Standing
from mlpdoctor.facts.training import Trained
from mlpdoctor.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.network import Network
from mlpdoctor.statistics.moments import OutputMoments, TargetMoments
from mlpdoctor.wording import percent, short

FLAT = 0.1
"""Answers that vary less than a tenth as much as the targets are all but one answer."""
NEAR = 0.1
"""Where nothing is known to beat the constant, a model this close to it is excused; one far above has another scale."""


@check(
    "L502",
    Severity.ERROR,
    "the model's loss, {model}, is {compared} than the {constant} of always answering {answer}",
)
def no_better_than_constant(
    network: Network,
    where: Standing,
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
    span = where.above(where.constant)
    hopeless = where.of_constant(where.reach) >= 1 - tolerated_gain and where.of_constant(where.model) <= 1 + NEAR
    equal = where.above(where.model) >= span * (1 - tolerated_gain)
    if hopeless or span <= 0 or not (equal or where.barely):
        return
    answer = _answer(best)
    paired = len(outputs.deviation) == len(targets.deviation)
    spread = float((outputs.deviation / (targets.deviation + (targets.deviation == 0))).max()) if paired else None
    yield Evidence(
        numbers={
            "model": where.model,
            "constant": where.constant,
            "compared": "no better" if equal else "hardly better",
            "affine": where.affine,
            "answer": answer,
            "output_mean": tuple(float(mean) for mean in outputs.mean),
            "output_spread": spread,
            "updates": trained.updates,
        },
        certainty=Certainty.MEASURED,
        why=" ".join(part for part in (_price(clipped), _answers(outputs, spread), _known(where)) if part),
        remedy=Remedy(
            "mend the causes named with this; if there are none, check that this file holds the inputs "
            "the model was trained on, on the same scale"
        ),
        explains=where.share(where.constant),
        strength=min(where.of_constant(where.model), 10.0) / 10.0 if math.isfinite(where.model) else 1.0,
        verdict=_verdict(where, answer, clipped, "no better" if equal else "hardly better"),
    )


def _verdict(where: Standing, answer: str, clipped: ClippedAnswer | None, compared: str) -> str:
    if clipped is not None:
        return (
            f"The loss, {short(where.model)}, is the price of answering {short(clipped.answer)} to every row; always "
            f"answering {answer} would give {short(where.constant)}."
        )
    return (
        f"The model has learned nothing from its inputs: its loss, {short(where.model)}, is {compared} than always "
        f"answering {answer}, which gives {short(where.constant)}."
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


def _known(where: Standing) -> str:
    if where.affine is None or where.reach < where.affine:
        found = f"A quick nonlinear fit reaches about {short(where.reach, 2)} on unseen rows."
        return found if where.reach < where.constant else ""
    return f"The best linear model reaches {short(where.affine)} on these rows."
