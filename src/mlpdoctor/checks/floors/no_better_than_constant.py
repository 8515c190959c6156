"""L502: a trained model that does no better than the best constant."""

from collections.abc import Iterator

from mlpdoctor.check import check
from mlpdoctor.facts.model_loss import ModelLoss
from mlpdoctor.facts.standing import Standing
from mlpdoctor.facts.training import Trained
from mlpdoctor.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.network import Array
from mlpdoctor.statistics.moments import OutputMoments, TargetMoments
from mlpdoctor.wording import short

FLAT = 0.1
"""Answers that vary less than a tenth as much as the targets are all but one answer."""


@check(
    "L502",
    Severity.ERROR,
    "the model's loss, {model}, is no better than the {constant} of always answering {answer}",
)
def no_better_than_constant(
    where: Standing,
    model: ModelLoss,
    outputs: OutputMoments,
    targets: TargetMoments,
    trained: Trained,
    *,
    tolerated_gain: float = 0.01,
) -> Iterator[Evidence]:
    """A trained model that does no better than the best constant.

    Why it matters
        The mean (squared error) or median (absolute error) of the targets costs nothing to find. A model at that
        loss has learned nothing from its inputs; one far above it answers on the wrong scale.
    Remedy
        Look at the causes named with it: scale, dead or saturated units, the step size. If there is none, check
        that the inputs in training are those in this file.
    Stays quiet on
        Models that have not been trained; data on which nothing known does better than a constant.
    Certainty
        Measured: both losses are evaluated on all rows.
    """
    useless = where.reach >= where.constant * (1 - tolerated_gain)
    if not model.finite or useless or where.model < where.constant * (1 - tolerated_gain):
        return
    answer = short(float(targets.mean[0])) if len(targets.mean) == 1 else "the targets' means"
    spread = float((outputs.deviation / (targets.deviation + (targets.deviation == 0))).max())
    yield Evidence(
        numbers={
            "model": where.model,
            "constant": where.constant,
            "affine": where.affine,
            "answer": answer,
            "output_mean": tuple(float(mean) for mean in outputs.mean),
            "output_spread": spread,
            "updates": trained.updates,
        },
        certainty=Certainty.MEASURED,
        why=f"{_answers(spread, outputs.mean)} {_known(where)}",
        remedy=Remedy(
            "mend the causes named with this; if there are none, check that this file holds the inputs "
            "the model was trained on, on the same scale"
        ),
        explains=where.share(where.constant),
        strength=min(where.model / where.constant, 10.0) / 10.0,
        verdict=f"The model has learned nothing from its inputs: its loss, {short(where.model)}, is no better than "
        f"always answering {answer}, which gives {short(where.constant)}.",
    )


def _answers(spread: float, means: Array) -> str:
    if spread < FLAT:
        about = f": all are near {short(float(means[0]))}" if len(means) == 1 else ""
        return f"Its answers hardly differ from row to row{about}."
    return f"Its answers vary {short(spread, 2)} times as much as the targets, but not with them."


def _known(where: Standing) -> str:
    if where.reach < where.affine:
        return f"A quick nonlinear fit reaches about {short(where.reach, 2)} on unseen rows."
    return f"Linear regression reaches {short(where.affine)} on these rows."
