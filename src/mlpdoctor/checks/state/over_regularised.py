"""W307: a penalty or a constraint that pins the weights."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from mlpdoctor.core.check import EVERYTHING, Stage, check
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.ladder import Ladder, Penalty
from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.core.text import listing, percent, quoted, short
from mlpdoctor.engine.passes import open_width
from mlpdoctor.facts.ladder.loss_position import FiniteLoss, LossPosition, severity
from mlpdoctor.facts.training.training import Trained
from mlpdoctor.nn.layers.penalties import Regularizer, activity_regularizer, weight_regularizers
from mlpdoctor.nn.layers.properties import is_learned
from mlpdoctor.statistics.unit_activity import ActivitySums
from mlpdoctor.statistics.views import PerLayer

NOTICED, GAP = 0.1, 0.25
"""A penalty of a tenth of the loss, a last layer that could save a quarter of it."""
PINNED = 0.999
"""Share of a norm limit from which a unit counts as held by it; Keras puts it there exactly, up to rounding."""
MOST_UNITS = 0.5
QUIET = 0.3
"""Outputs of ordinary units are about 1 in size; a third of that is what a penalty on them leaves."""
SMALL = 0.1
"""A norm limit that leaves less than a tenth of a fresh kernel's size is no guard against large weights."""
SHRUNK_DECAY = 0.01
"""AdamW's default is 0.004; from here on weight decay is worth naming."""


@dataclass(frozen=True)
class Pinned:
    """A layer whose weights are held.

    Attributes:
        layer: the layer.
        by: what holds them, for people.
        shrunk: size of its kernel beside that of a fresh glorot kernel, or of its outputs beside 1; None where a
            constraint allows an ordinary size.
        code: what to write instead.
        what: what is held, its weights or its outputs.
    """

    layer: Layer
    by: str
    shrunk: float | None
    code: str
    what: str = "weights"


@check(
    "W307",
    Severity.ERROR,
    "{by} holds the {what} of {layers} {how}",
    clears="penalties on weights",
    stage=Stage.START,
    disturbs=EVERYTHING,
)
def over_regularised(
    network: Network,
    penalty: Penalty | None,
    position: LossPosition | None,
    trained: Trained,
    loss: FiniteLoss,
    activity: PerLayer[ActivitySums] | None,
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
    pinned = [one for layer in network.layers for one in _pinned(network, layer)]
    limit = gone if position is None else shrunk
    held = [one for one in pinned if one.shrunk is None or one.shrunk < limit]
    if position is None:
        held = [one for one in held if one.shrunk is not None]
    else:
        held += _quiet(network, activity or PerLayer(), position.above(position.constant))
    outweighed = (
        penalty is not None
        and position is not None
        and (back or penalty.total > outweighs * position.above(position.model))
        and not held
    )
    if not held and not outweighed:
        return
    if outweighed:
        held = pinned or _of_activity(network)
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


def _how(one: Pinned) -> str:
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


def _pinned(network: Network, layer: Layer) -> Iterator[Pinned]:
    """What may hold the kernel of one layer."""
    kernel = layer.weights.get("kernel")
    if not is_learned(layer) or kernel is None or kernel.ndim != 2 or not kernel.size or not layer.trainable:  # noqa: PLR2004
        return
    values = np.asarray(kernel, np.float64)
    fresh = math.sqrt(2 / sum(kernel.shape))
    size = float(np.sqrt(np.square(values).mean())) / fresh
    name, units = layer.short_name, layer.config.get("units")
    for weight, own in weight_regularizers(layer):
        if weight == "kernel" and isinstance(own, Regularizer) and (own.l1 or own.l2):
            factors = " and ".join(f"{kind}({value:g})" for kind, value in (("l1", own.l1), ("l2", own.l2)) if value)
            code = f"Dense({units}, kernel_regularizer=None, name={quoted(name)})"
            yield Pinned(layer, f"the penalty {factors}", size, code)
    optimizer = network.optimizer
    decay = None if optimizer is None else optimizer.options.get("weight_decay")
    if isinstance(decay, int | float) and decay >= SHRUNK_DECAY and optimizer is not None:
        rate = optimizer.learning_rate or 1e-3
        code = f"keras.optimizers.{optimizer.name}({rate:g}, weight_decay=1e-4)"
        yield Pinned(layer, f"the weight decay of {decay:g}", size, code)
    held = _constraint(layer, values)
    if held is not None:
        yield Pinned(
            layer, held, size if size < SMALL else None, f"Dense({units}, kernel_constraint=None, name={quoted(name)})"
        )


def _constraint(layer: Layer, kernel: Array) -> str | None:
    """The constraint that most units are held by; None without one."""
    spec = layer.config.get("kernel_constraint")
    if not isinstance(spec, Mapping) or not isinstance(spec.get("config"), Mapping):
        return None
    kind, config = str(spec.get("class_name")), spec["config"]
    norms = np.linalg.norm(kernel, axis=0)
    if kind == "MaxNorm" and config.get("axis", 0) == 0:
        limit = float(config.get("max_value", 2))
        return f"MaxNorm({limit:g})" if (norms >= PINNED * limit).mean() > MOST_UNITS else None
    if kind == "MinMaxNorm" and config.get("axis", 0) == 0:
        limit = float(config.get("max_value", 1))
        return f"MinMaxNorm(max_value={limit:g})" if (norms >= PINNED * limit).mean() > MOST_UNITS else None
    if kind == "NonNeg":
        return "NonNeg()" if (kernel <= 0).mean() > MOST_UNITS else None
    return "UnitNorm()" if kind == "UnitNorm" else None


def _quiet(network: Network, activity: PerLayer[ActivitySums], stake: float) -> Iterator[Pinned]:
    """Layers whose outputs a penalty keeps small, where those of ordinary size would cost more than there is to win."""
    for layer in network.layers:
        own, seen = activity_regularizer(layer), activity.get(layer.name)
        if not isinstance(own, Regularizer) or not own.separable or seen is None:
            continue
        units = max((open_width(node.shape) for node in network.nodes if node.layer is layer), default=1)
        size = math.sqrt(seen.squared / units)
        if own.of_sums(units, units) > stake and size < QUIET:
            name = layer.short_name
            code = f"Dense({layer.config.get('units')}, activity_regularizer=None, name={quoted(name)})"
            yield Pinned(layer, f"the activity penalty {own.name}", size, code, "outputs")


def _of_activity(network: Network) -> list[Pinned]:
    """Layers whose activity is penalised."""
    return [
        Pinned(layer, f"the activity penalty {own.name}", None, "activity_regularizer=None", "outputs")
        for layer in network.layers
        if (own := activity_regularizer(layer)) is not None
    ]
