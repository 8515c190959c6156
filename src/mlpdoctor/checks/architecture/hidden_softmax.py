"""A105: a softmax in the middle of the network."""

import math
from collections.abc import Iterator, Sequence

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, listing, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.nn.layers.graph import adjustable, users
from mlpdoctor.nn.layers.properties import activation_of, family_of, over_units, renormalises


@check(
    "A105",
    Severity.ERROR,
    "{layer} puts its {width} through a {activation}",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.PACE | Part.LOSS,
)
def hidden_softmax(
    network: Network,
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
    following = users(network)
    named: set[str] = set()
    for position, node in enumerate(network.nodes):
        activation = activation_of(node.layer)
        if activation is None or not activation.normalising or node.layer.name in named:
            continue
        if not over_units(node):
            continue
        into = _enters(network, following, position)
        units = None if not node.shape else node.shape[-1]
        if not into or units is None or _weighs(network, following, node.layer):
            continue
        named.add(node.layer.name)
        blocked = units == 1 and activation.name != "sparsemax"
        small = units <= narrow or _bottleneck(network, position, into, units)
        names = listing([network.nodes[user].layer.name for user in into])
        yield Evidence(
            numbers={
                "layer": node.layer.name,
                "units": units,
                "width": count(units, "hidden unit"),
                "activation": activation.name,
                "enters": names,
                "shortfall": where.shortfall if where is not None and math.isfinite(where.shortfall) else None,
            },
            certainty=Certainty.PROVED if blocked else Certainty.MEASURED,
            severity=severity(
                where,
                far=Severity.ERROR if blocked or small else Severity.WARNING,
                between=Severity.ERROR if blocked else Severity.WARNING,
            ),
            why=_why(activation.name, units, names, blocked=blocked),
            remedy=_remedy(network, position),
            strength=1.0 if blocked else 1.0 / (1.0 + math.log2(units)),
            verdict=_verdict(node.layer.name, activation.name, units, names, blocked=blocked),
            layers=(node.layer.name,),
        )


def _enters(network: Network, following: Sequence[Sequence[int]], position: int) -> list[int]:
    """The layers with weights that the values enter; none if they weigh something or are an answer."""
    found: list[int] = []
    todo, seen = [position], {position}
    while todo:
        here = todo.pop()
        if here in network.outputs:
            return []
        for user in following[here]:
            layer = network.nodes[user].layer
            if _is_product(layer):
                return []
            if adjustable(layer) and not _keeps_units(layer):
                found.append(user)
            elif user not in seen:
                seen.add(user)
                todo.append(user)
    return sorted(found)


def _is_product(layer: Layer) -> bool:
    """Whether a layer may weigh one input by another: products, and whatever is not known and has no weights."""
    if layer.kind in ("Multiply", "Dot"):
        return True
    return family_of(layer) is None


def _keeps_units(layer: Layer) -> bool:
    """Whether a layer with weights only scales each unit, so that what follows it decides."""
    return layer.kind == "PReLU" or renormalises(layer)


def _weighs(network: Network, following: Sequence[Sequence[int]], layer: Layer) -> bool:
    """Whether another call of the same layer is an answer or a gate: then the layer is shared on purpose."""
    calls = [position for position, node in enumerate(network.nodes) if node.layer is layer]
    return len(calls) > 1 and any(not _enters(network, following, call) for call in calls)


def _bottleneck(network: Network, position: int, into: Sequence[int], units: int) -> bool:
    """Whether the layer is narrower than what it gets and than what comes after."""
    way = network.nodes[position]
    while way.sources and not adjustable(way.layer):
        way = network.nodes[way.sources[0]]
    shapes = [network.nodes[source].shape for source in way.sources] + [network.nodes[user].shape for user in into]
    widths = [shape[-1] for shape in shapes if shape]
    return bool(widths) and all(width is not None and units < width for width in widths)


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


def _remedy(network: Network, position: int) -> Remedy:
    node = network.nodes[position]
    name = node.layer.short_name
    text = f"give {name} an activation for hidden units"
    if node.layer.kind == "Dense":
        units = max(int(node.layer.config.get("units", 1)), 1)
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
