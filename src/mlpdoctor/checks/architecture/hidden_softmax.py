"""A105: a softmax in the middle of the network."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer
from mlpdoctor.core.text import count, listing, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.facts.network.competing_units import CompetingUnits


@check(
    "A105",
    Severity.ERROR,
    "{layer} puts its {width} through a {activation}",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.PACE | Part.LOSS,
)
def hidden_softmax(
    competing: CompetingUnits,
    where: LossPosition | None,
    *,
    narrow: int = 8,
) -> Iterator[Evidence]:
    """A softmax on hidden units.

    Why it matters
        A softmax makes its units compete: they sum to one, so that each can grow only at the cost of the others, and
        their common size is lost. Once one unit leads, the others are near zero and so are all gradients through it.
        It is meant for the probabilities at the end of a classifier. A softmax over a single unit is the number 1
        whatever comes in, and nothing gets through.
    How to fix it
        Use relu or tanh on hidden layers, and keep the softmax for the output.
    When it stays silent
        Outputs, also where only layers without weights follow; attention, mixtures of experts and every other softmax
        whose values weigh something in a product; a Softmax along another axis than that of the units; layers of a
        kind that is not known. Of a model that is close to what is known to be reachable it is a note.
    How sure
        Proved for a single unit, whose softmax is constant. Measured elsewhere: the activation is read in the file. It
        is an error where the layer has few units or is narrower than those around it and the model is stuck.
    """
    for found in competing.layers:
        layer, units, activation = found.layer, found.units, found.activation
        small, names = units <= narrow or found.bottleneck, listing(found.enters)
        yield Evidence(
            numbers={
                "layer": layer.name,
                "units": units,
                "width": count(units, "hidden unit"),
                "activation": activation,
                "enters": names,
                "shortfall": where.shortfall if where is not None and math.isfinite(where.shortfall) else None,
            },
            certainty=Certainty.PROVED if found.blocked else Certainty.MEASURED,
            severity=severity(
                where,
                far=Severity.ERROR if found.blocked or small else Severity.WARNING,
                between=Severity.ERROR if found.blocked else Severity.WARNING,
            ),
            why=_why(activation, units, names, blocked=found.blocked),
            remedy=_remedy(layer),
            strength=1.0 if found.blocked else 1.0 / (1.0 + math.log2(units)),
            verdict=_verdict(layer.name, activation, units, names, blocked=found.blocked),
            layers=(layer.name,),
        )


def _why(activation: str, units: int, names: str, *, blocked: bool) -> str:
    if blocked:
        value = "0" if activation == "log_softmax" else "1"
        return f"The {activation} of a single number is {value}, so {names} sees the same on every row."
    if activation == "log_softmax":
        return f"The exponentials of its {units} values sum to one, so {names} sees only how they differ."
    return (
        f"Its {units} values sum to one, {short(1 / units, 2)} each on average: {names} sees only which unit leads, "
        "and no gradient passes once one of them does."
    )


def _remedy(layer: Layer) -> Remedy:
    name = layer.short_name
    text = f"give {name} an activation for hidden units"
    if layer.kind == "Dense":
        units = max(int(layer.config.get("units", 1)), 1)
        wider = 16 if units == 1 else units
        return Remedy(text, f'Dense({wider}, activation="relu", name={quoted(name)})')
    return Remedy(text, f'Activation("relu", name={quoted(name)})')


def _verdict(layer: str, activation: str, units: int, names: str, *, blocked: bool) -> str:
    if blocked:
        return f"Nothing gets through {layer}: its {activation} over one unit is the same number on every row."
    return (
        f"The hidden layer {layer} has a {activation}, which belongs at the end of a classifier: its {units} units can "
        f"only share out one whole, and little of the input gets through to {names}."
    )
