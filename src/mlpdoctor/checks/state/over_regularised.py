"""W307: a penalty or a constraint that pins the weights."""

from collections.abc import Iterator

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.ladder import Ladder, Penalty
from mlpdoctor.core.text import listing, percent, short
from mlpdoctor.facts.ladder.loss_position import FiniteLoss, LossPosition, severity
from mlpdoctor.facts.network.held_layers import Held, HeldLayers
from mlpdoctor.facts.training.training import Trained

NOTICED, GAP = 0.1, 0.25
"""A penalty of a tenth of the loss, a last layer that could save a quarter of it."""


@check(
    "W307",
    Severity.ERROR,
    "{by} holds the {what} of {layers} {how}",
    clears="penalties on weights",
    stage=Stage.START,
    disturbs=EVERYTHING,
)
def over_regularised(
    layers: HeldLayers,
    penalty: Penalty | None,
    position: LossPosition | None,
    trained: Trained,
    loss: FiniteLoss,
    ladder: Ladder | None,
    *,
    shrunk: float = 0.1,
    gone: float = 0.001,
    outweighs: float = 0.25,
) -> Iterator[Evidence]:
    """A penalty or a constraint that pins the weights.

    Why it matters
        An L1 or L2 penalty pulls each weight towards zero at every update. Where its factor is large beside
        what the weight saves on the data, the optimum of the sum is at weights of nearly zero: the model
        predicts a constant, and the loss cannot fall, however long training goes on. A norm limit or weight
        decay does the same.
    How to fix it
        Train without penalties first; when the training loss falls, add l2(1e-4) against overfitting.
    When it stays silent
        Penalties of a model that comes near to what is known to be reachable; models that have not been
        trained; small weights without a penalty.
    How sure
        Measured: the kernels beside fresh ones of their shape, and the penalty beside the loss on the data.
    References
        Goodfellow, Bengio and Courville, Deep Learning, 2016, section 7.1.
    """
    del trained, loss  # without them the check does not apply
    back = _held_back(penalty, position, ladder)
    if position is not None and position.near and not back:
        return
    if position is None:
        held = [one for one in layers.weights if one.shrunk is not None and one.shrunk < gone]
    else:
        held = [one for one in layers.weights if one.shrunk is None or one.shrunk < shrunk]
        held += layers.quiet(position.above(position.constant))
    outweighed = (
        penalty is not None
        and position is not None
        and (back or penalty.total > outweighs * position.above(position.model))
        and not held
    )
    if outweighed:
        held = list(layers.weights or layers.penalised)
    if not held:
        return
    held.sort(key=lambda one: 1.0 if one.shrunk is None else one.shrunk)
    least = held[0].shrunk
    shrunk_alone = least is not None and not outweighed
    data = None if position is None else position.model
    yield Evidence(
        numbers={
            "by": listing(tuple(dict.fromkeys(one.by for one in held))),
            "layers": listing([one.layer.name for one in held]),
            "what": held[0].what,
            "how": "down" if outweighed else _how(held[0]),
            "shrunk": least,
            "penalty": None if penalty is None else penalty.total,
            "data_loss": data,
        },
        certainty=Certainty.MEASURED,
        severity=severity(position, far=Severity.ERROR if shrunk_alone else Severity.WARNING, near=Severity.WARNING),
        why=_why(penalty, data),
        remedy=Remedy("train without it first; when the training loss falls, add a small one", held[0].code),
        strength=1.0 if least is None else 1 - min(least, 1.0),
        verdict=f"The loss stays high because {held[0].by} holds the {held[0].what} of {held[0].layer.name} "
        f"{'down' if outweighed else _how(held[0])}: training minimises the penalty, not the loss on the data.",
    )


def _held_back(penalty: Penalty | None, position: LossPosition | None, ladder: Ladder | None) -> bool:
    """Whether a penalty of some size stands before weights of the last layer that would do far better."""
    readout = None if ladder is None else ladder.value("readout")
    if penalty is None or position is None or readout is None or position.low:
        return False
    above = position.above(position.model)
    return penalty.total > NOTICED * above and position.model - readout > GAP * above


def _how(one: Held) -> str:
    if one.shrunk is None:
        return "at its limit"
    return (
        f"at {percent(one.shrunk)} of the size of fresh ones"
        if one.what == "weights"
        else f"at {percent(one.shrunk)} of an ordinary size"
    )


def _why(penalty: Penalty | None, data: float | None) -> str:
    if penalty is None or data is None or penalty.total <= 0:
        return "What it allows the weights is too little to follow the data."
    if penalty.total > data:
        return f"The penalty is {short(penalty.total)}, more than the loss on the data, {short(data)}."
    beside = f"beside a loss on the data of {short(data)}"
    return f"It costs {short(penalty.total)} {beside}; without it the weights could grow."
