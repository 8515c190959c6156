"""U401: rectified units that never fire."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.keras_code import layer_code
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.statistics.unit_activity import Firing

NARROW = 8
"""With fewer live units than this a layer misses each dead one; networks of this size are drawn unit by unit."""
HALF = 0.5
"""A layer that lost half its units is another layer than its user drew; a smaller loss costs time, not the goal."""


@check(
    "U401",
    Severity.ERROR,
    "{dead} of {units} {activation} units are zero on all {rows} rows",
    clears="dead ReLU units",
    stage=Stage.UNITS,
    about=Part.UNITS,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
    because="A104",
)
def dead_relu(
    layer: Layer,
    network: Network,
    seen: Firing,
    where: LossPosition | None,
    training: Training,
    *,
    tolerated: float = 0.1,
) -> Iterator[Evidence]:
    """ReLU units that never fire.

    Why it matters
        Where a ReLU is zero its gradient is zero too. A unit that is zero on every row gets no gradient from any of
        them: it does not learn, and the layer is narrower than it looks. In the first layer nothing wakes it any more,
        in a later one only a lucky move of the layers below.
    Remedy
        Draw its weights anew: another seed, he_normal or he_uniform, a wider layer, LeakyReLU, a lower learning
        rate, inputs that take both signs.
    Stays quiet on
        A minority of dead units, up to the tolerated share. In a model that does as well as anything is known to, a
        larger share is a note, and so it is before training, as long as half of a narrow layer is alive: layers below
        still move. Of a model whose loss is not a number W301 speaks.
    Certainty
        Measured: every unit on every row. A pre-activation of exactly zero counts as not firing.
    References
        Lu, Shin, Su and Karniadakis, Dying ReLU and initialization, 2019.
    """
    units, dead = len(seen.dead), int(seen.dead.sum())
    broken = where is not None and not math.isfinite(where.model)
    if dead / units <= tolerated or broken:
        return
    live = units - dead
    output = any(network.nodes[position].layer is layer for position in network.outputs)
    activation = activation_of(layer)
    silent = live == 0
    yield Evidence(
        numbers={
            "dead": dead,
            "units": units,
            "live": live,
            "rows": seen.rows,
            "activation": activation.name if activation else "ReLU",
            "output": output,
            "dead_units": tuple(int(unit) for unit in seen.dead.nonzero()[0][:100]),
        },
        certainty=Certainty.MEASURED,
        severity=_severity(dead / units, live, where, silent=silent, untrained=training.never),
        why=_why(live, silent=silent, output=output, untrained=training.never),
        remedy=_remedy(layer, units, output=output),
        strength=dead / units,
        verdict=_verdict(layer, dead, units, live, silent=silent, output=output),
    )


def _severity(share: float, live: int, position: LossPosition | None, *, silent: bool, untrained: bool) -> Severity:
    if silent:
        return Severity.ERROR
    if position is not None and position.near:
        return Severity.NOTE
    crippled = share >= HALF and live < NARROW
    if untrained:
        return Severity.WARNING if crippled else Severity.NOTE
    return Severity.ERROR if crippled else Severity.WARNING


def _why(live: int, *, silent: bool, output: bool, untrained: bool) -> str:
    since = "from the start" if untrained else "and no row passes a gradient back to them"
    if silent and output:
        return f"The answer is 0 on every row, {since}."
    if silent:
        return f"Nothing of the input gets past this layer: what follows sees the same on every row, {since}."
    rest = f"{count(live, 'unit')} {'does' if live == 1 else 'do'} all the work of this layer"
    return f"They never take part, {since}. {rest}."


def _remedy(layer: Layer, units: int, *, output: bool) -> Remedy:
    name = layer.short_name
    if output:
        return Remedy(
            f"take the activation off the output layer {name}, unless every target is positive",
            layer_code(layer, units),
        )
    wider = max(4 * units, 2 * NARROW) if units < 2 * NARROW else units
    code = layer_code(layer, wider, 'activation="relu"', 'kernel_initializer="he_uniform"', 'bias_initializer="normal"')
    more = f" and make it wider, {wider} instead of {units}" if wider > units else ""
    return Remedy(
        f"draw the weights of {name} anew with he_uniform{more}; or use a smooth activation such as tanh", code
    )


def _verdict(layer: Layer, dead: int, units: int, live: int, *, silent: bool, output: bool) -> str:
    if silent and output:
        return f"The output is 0 on every row: its ReLU in {layer.name} never fires, and gets no gradient."
    if silent:
        return f"Nothing gets through {layer.name}: all {units} of its ReLU units are zero on every row."
    left = f"{count(live, 'unit')} {'is' if live == 1 else 'are'} left"
    return (
        f"{dead} of the {units} ReLU units in {layer.name} are dead: zero on every row, they get no gradient. "
        f"{left[0].upper()}{left[1:]} to do the work."
    )
