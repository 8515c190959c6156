"""U402: saturating units on their flat part."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import are, part_of, percent, short
from mlpdoctor.facts.ladder.loss_position import OpenQuestion, severity
from mlpdoctor.facts.network.gains import beside_glorot
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.layers.graph import summing
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.nn.layers.unsupported_layers import layer_code
from mlpdoctor.statistics.unit_activity import Flatness

FAST = 0.2
"""A trial of a hundred updates that closes a fifth of what is left leaves nothing for the units to hold up."""
MOST_ROWS = 0.5
"""A unit counts as saturated when it is flat on at least half of the rows: then its median slope is flat."""


LARGE = 2.0
"""Weights up to twice as large as they are drawn are of the usual size: fresh ones would saturate the units again."""


@check(
    "U402",
    Severity.ERROR,
    "{some} {are} saturated on most rows, where almost no gradient passes",
    clears="saturated units",
    stage=Stage.UNITS,
    about=Part.UNITS,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
    because="D704",
    names=("a vanishing gradient", "units that never got a gradient"),
)
def saturated_units(
    layer: Layer,
    network: Network,
    seen: Flatness,
    question: OpenQuestion,
    heads: Heads | None,
    speed: DescentSpeed | None,
    *,
    tolerated: float = 0.5,
) -> Iterator[Evidence]:
    """Sigmoid, tanh and similar units on the flat part of their curve.

    Why it matters
        A unit far out on its curve passes on almost no gradient, so neither its own weights nor those before it
        learn. Its output is nearly a constant or a step.
    How to fix it
        Start from smaller weights (the default glorot_uniform), scale the inputs, put BatchNormalization before the
        activation, or use ReLU in hidden layers. Where the loss still falls, train on first.
    When it stays silent
        Models that do as well as anything is known to, whatever their units. An output whose loss is a cross-entropy
        of its logits: where it is sure and right nothing is left to learn, and where it is sure and wrong the
        gradient is as large as can be. A note where the tool's own continued training brings the loss down readily:
        then the units slow it at most, see G607.
    How sure
        Measured: every unit on every row. That training is stuck is said only where up to 100 more updates, at the
        saved rate, were tried and closed less than a fiftieth of what is left.
    References
        Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """
    share, where = seen.flat / seen.rows, question.position
    saturated = share >= MOST_ROWS
    units = len(share)
    if heads is not None and any(head.behind and network.nodes[head.node].layer is layer for head in heads.heads):
        return
    output = any(network.nodes[position].layer is layer for position in network.outputs)
    if saturated.mean() <= tolerated or (output and where is None):
        return
    activation = activation_of(layer)
    named = activation.name if activation else layer.kind
    maker = summing(network, layer)
    falls = speed is not None and speed.falls
    fast = falls and speed is not None and speed.sure_share(speed.saved) >= FAST
    stuck = speed is not None and where is not None and not falls and speed.rests
    some = part_of(int(saturated.sum()), units, f"{named} unit")
    yield Evidence(
        numbers={
            "layer": layer.name,
            "some": some,
            "are": are(int(saturated.sum())),
            "saturated": int(saturated.sum()),
            "units": units,
            "rows": seen.rows,
            "activation": named,
            "flat_share": float(share.mean()),
            "slope_share": float((seen.slope / seen.rows).mean()),
            "output": output,
            "stuck": stuck,
            "gap_closed_by_more_updates": None if speed is None else speed.share(speed.saved),
        },
        certainty=Certainty.MEASURED,
        severity=Severity.NOTE if fast else Severity.WARNING if falls else severity(where),
        why=f"{_where(float(share.mean()))} the slope of the activation is under a twentieth of the steepest, "
        f"so almost no gradient gets through {layer.short_name}." + _still_falls(speed if falls else None),
        remedy=None if fast else _remedy(layer, maker, units, named),
        strength=float(share.mean()) * (0.5 if output else 1.0),
        verdict=_verdict(layer.name, some, int(saturated.sum()), stuck=stuck) + _still_falls(speed if falls else None),
        layers=tuple(dict.fromkeys([layer.name, *([] if maker is None else [maker.name])])),
    )


def _where(flat: float) -> str:
    return "On every row" if flat >= 1 else f"On {percent(flat)} of the rows, all units together,"


def _verdict(name: str, some: str, saturated: int, *, stuck: bool) -> str:
    what = f"{some} {are(saturated)} saturated, on the flat part of {'its' if saturated == 1 else 'their'} curve"
    if stuck:
        return f"Training is stuck because in {name} {what}, where almost no gradient passes."
    return f"In {name} {what}, where almost no gradient passes."


def _still_falls(speed: DescentSpeed | None) -> str:
    if speed is None:
        return ""
    saved = speed.saved
    return (
        f" The loss still falls all the same: {saved.updates} more updates bring it from {short(saved.before)} to "
        f"{short(saved.after)}."
    )


def _remedy(layer: Layer, maker: Layer | None, units: int, activation: str) -> Remedy:
    if maker is None or maker.config.get("units", maker.config.get("filters")) != units:
        return Remedy(f"put a BatchNormalization before {layer.short_name}", "BatchNormalization()")
    own = [f'activation="{activation}"'] if maker is layer else []
    beside = beside_glorot(maker)
    if (
        beside is not None and beside.size <= LARGE * beside.advised
    ):  # then it is what enters that is large, or the bias
        name = maker.short_name
        return Remedy(
            f"scale what enters {name}, whose weights are of the usual size, or put a BatchNormalization there"
        )
    scale = "" if beside is None else f" (their standard deviation is {short(beside.deviation, 2)}; "
    scale += "" if beside is None else f"{short(beside.advised, 2)} suits this layer)"
    return Remedy(
        f"re-initialise {maker.short_name} with smaller weights, as the default glorot_uniform does{scale}",
        layer_code(maker, units, *own, 'kernel_initializer="glorot_uniform"'),
        Draws((maker.name,)),
    )
