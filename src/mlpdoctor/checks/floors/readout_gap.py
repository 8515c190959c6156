"""L506: a last layer that is far from the best one for its own features."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.ladder.entropy_words import entropy_first
from mlpdoctor.facts.ladder.loss_position import MATTERS, MISPLACED, LossPosition
from mlpdoctor.facts.ladder.unseen_readout import UnseenReadout
from mlpdoctor.facts.outputs.order_words import correction, misplaced
from mlpdoctor.facts.outputs.prediction_order import PredictionOrder
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.facts.training.training_options import TrainingOptions, train_on
from mlpdoctor.nn.optimizers.traits import follows_gradient
from mlpdoctor.statistics.rows import CLEAR

OTHER_ROWS = Remedy(
    "look at it on the rows it was trained on: if it does well there it overfits, else find what was otherwise in "
    "training: class_weight, sample_weight, preprocessing"
)
ALIKE = 0.01
"""Losses of all rows and of a sample that a reader takes for the same."""
FEW_UPDATES = 1000
"""An adaptive optimizer moves a weight by about its rate at each update: a thousand of them make a weight of one."""


@check(
    "L506",
    Severity.WARNING,
    "with the saved last layer the loss is {model}; with the best one on the same hidden features, {readout}",
    stage=Stage.OUTCOME,
    about=Part.LOSS,
    because="D710 G606 H803 H805 L501 L502 U404",
)
def readout_gap(
    network: Network,
    position: LossPosition,
    unseen: UnseenReadout,
    trained: Trained,
    options: TrainingOptions | None,
    order: PredictionOrder | None,
    speed: DescentSpeed | None,
    *,
    tolerated: float = 0.25,
) -> Iterator[Evidence]:
    """A last layer that is far from the best one for its own features.

    Why it matters
        What the hidden layers make of the rows is enough for a much lower loss: a last layer fitted to it directly,
        as in linear regression, has it at once. To find a last layer is a convex problem without local minima, so what
        is missing is training: too few updates, or steps that are too small or too large for it.
    How to fix it
        Train on; fix the learning rate, or the scale of targets or features, where a rule named with this one says so.
    When it stays silent
        Models that have not been trained, and models that do as well as anything is known to. A gap that the best last
        layer owes to the rows it was fitted to: both are compared on rows it has not seen. Predictions no better than a
        constant that rank the rows and only have the wrong level or size (see L502). A gap under the tolerated share of
        what the model loses above the lowest loss that is known to be reachable. A note where the gap is under a tenth
        of the way from the best constant to there, or where weights for both classes shifted the probabilities.
    How sure
        Estimated: the last layer is cross-validated on up to 2,000 sampled rows, and must be better by three standard
        errors.
    """
    best = min(position.reach, unseen.readout)
    above = unseen.model - max(best, position.data)
    if unseen.saved <= CLEAR * unseen.error or above <= 0 or position.well:
        return
    if order is not None and order.learned(position) and (position.no_better or position.barely):
        return
    level = order is not None and order.classes and order.ordered and order.saved >= MISPLACED * unseen.saved
    share = unseen.saved / above
    if share < tolerated or unseen.saved < tolerated * position.above(unseen.model):
        return
    last, meant = _last(network), level and order is not None and order.weighted
    yield Evidence(
        numbers={
            "model": unseen.model,
            "readout": unseen.readout,
            "saved": unseen.saved,
            "saved_error": unseen.error,
            "gap_share": min(share, 1.0),
            "rows": unseen.rows,
            "updates": trained.updates,
            "layer": last,
            "as_with_class_weights": meant,
        },
        certainty=Certainty.ESTIMATED,
        severity=Severity.NOTE if meant or unseen.saved < MATTERS * (position.constant - best) else Severity.WARNING,
        why=f"On rows it was not fitted to, another last layer on the same features saves {short(unseen.saved, 2)} ± "
        f"{short(unseen.error, 2)}: {percent(min(share, 1.0))} of the distance to the best known loss. "
        f"{_why_not(network, trained, speed, order if level else None)}",
        remedy=correction(order)
        if level and order is not None
        else OTHER_ROWS
        if speed is not None and speed.contradicted
        else train_on(options, f"train on, for a loss of about {short(unseen.readout, 2)} is within reach"),
        strength=min(share, 1.0),
        verdict=f"{entropy_first(position)}{_verdict(order if level else None, speed)} Fitting {last} alone "
        f"would bring the loss{_where(position, unseen)} from {short(unseen.model)} to about "
        f"{short(unseen.readout, 2)}.",
    )


def _where(position: LossPosition, unseen: UnseenReadout) -> str:
    """On which rows, where these lose something else than all of them."""
    same = abs(unseen.model - position.model) <= ALIKE * position.model
    return "" if same else f" on {count(unseen.rows, 'sampled row')}"


def _verdict(order: PredictionOrder | None, speed: DescentSpeed | None) -> str:
    """What is wrong with the last layer: its level or its size, the rows it was trained on, or its training."""
    if order is not None:
        return misplaced(order)
    if speed is not None and speed.contradicted:
        return (
            f"The last layer was fitted to something else than these rows: {count(speed.saved.updates, 'update')} on "
            f"them bring the loss to {short(speed.saved.after)}, and {count(speed.updates or 0, 'update')} were made."
        )
    return (
        "The last layer has not learned to use its inputs: training stopped too early, or the learning rate does "
        "not suit."
    )


def _why_not(network: Network, trained: Trained, speed: DescentSpeed | None, order: PredictionOrder | None) -> str:
    if order is not None:
        return f"Level and size of the predictions, put right, save {short(order.saved, 2)}."
    if speed is not None and speed.contradicted:
        return (
            "So it was trained on other rows, with other targets or preprocessing, or with weights for rows or classes."
        )
    return f"{_missing(network, trained)}."


def _last(network: Network) -> str:
    named = [network.nodes[position].layer.name for position in network.outputs]
    return named[0] if len(named) == 1 else "the last layers"


def _missing(network: Network, trained: Trained) -> str:
    if trained.updates is None:
        return "The last layer has not been trained to its end"
    made = count(trained.updates, "update")
    plain = follows_gradient(network.optimizer)
    if not plain and trained.updates < FEW_UPDATES:
        return f"{made[0].upper()}{made[1:]} were too few for the last layer to find its weights"
    return f"{made} have not brought the last layer there, so look at the learning rate"
