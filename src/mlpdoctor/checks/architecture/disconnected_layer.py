"""A106: inputs and layers without a way to the output, or to the loss."""

from collections.abc import Iterator
from typing import NamedTuple

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, listing, quoted
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.unreachable import Unreachable, UnreachablePart
from mlpdoctor.nn.layers.graph import parameters


class _Told(NamedTuple):
    """A cut in words: the trouble, which follows the names, why it matters, what to do, the answer to the user."""

    trouble: str
    why: str
    remedy: Remedy
    verdict: str


@check(
    "A106",
    Severity.ERROR,
    "{names}: {trouble}",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.PACE | Part.LOSS,
    because="W302",
    names=("a vanishing gradient", "units that never got a gradient"),
    untreatable="only the author knows what was meant to lead where",
)
def disconnected_layer(network: Network, unreachable: Unreachable, position: LossPosition | None) -> Iterator[Evidence]:
    """Layers and inputs that are not connected to the output, or that get no gradient.

    Why it matters
        What does not reach an output cannot help it: an input that nothing uses is as good as missing in the data. And
        a layer to which no gradient gets never learns. Rounding, signs, comparisons and the ids of an Embedding have no
        slope, stop_gradient has none by design, a frozen layer of zeros or a factor of zero leaves none, and the layers
        of an output without a loss, or with a loss weight of 0, are not asked for anything.
    How to fix it
        Connect it, give its output a loss, or take it out; in place of a step use a smooth function, in place of ids a
        Dense layer.
    When it stays silent
        Ways round the obstacle, as x + stop_gradient(f(x) - x); frozen layers; weights of zero in layers that can
        train, before they do, which move away from zero; layers of a kind that is not known, which may let anything
        through. A stop_gradient beside layers that do train is a note, and so are layers that nothing uses and all of
        this in a model that is close to what is known to be reachable.
    How sure
        Proved. The derivative of a composition is the product of the derivatives along each way, summed over all ways
        (the chain rule): where each way holds a factor that is zero everywhere, so is the derivative.
    """
    for cut in unreachable.cuts:
        told = _TELL[cut.kind](network, cut)
        yield Evidence(
            numbers={
                "names": listing(_names(cut)),
                "trouble": told.trouble,
                "case": cut.kind,
                "cut_off": _names(cut)[:100],
                "blocked_by": tuple(layer.name for layer in cut.blocks[:100]),
                "parameters": parameters(cut.layers),
                "for_good": cut.for_good,
            },
            certainty=Certainty.PROVED,
            severity=_severity(cut, position),
            why=told.why,
            remedy=told.remedy,
            strength=1.0 if cut.everything else parameters(cut.layers) / max(parameters(network.layers), 1),
            verdict=told.verdict,
            layers=tuple(dict.fromkeys(layer.name for layer in (*cut.blocks, *cut.layers))),
        )


def _severity(part: UnreachablePart, position: LossPosition | None) -> Severity:
    if position is not None and position.near:
        return Severity.NOTE
    if part.everything and part.for_good:
        return Severity.ERROR
    if part.kind == "dead end":
        stuck = position is not None and position.far
        return Severity.WARNING if stuck and any(layer.trainable for layer in part.layers) else Severity.NOTE
    deliberate = bool(part.blocks) and all(layer.kind.endswith("StopGradient") for layer in part.blocks)
    return Severity.NOTE if deliberate else Severity.WARNING


def _names(part: UnreachablePart) -> tuple[str, ...]:
    return tuple(layer.name for layer in part.layers)


def _no_loss(_: Network, __: UnreachablePart) -> _Told:
    return _Told(
        "no output has a loss that counts, so nothing can train",
        "Every loss weight is 0: the total loss is 0 whatever the weights are.",
        Remedy("give at least one output a loss weight above 0", "model.compile(..., loss_weights=[1.0, ...])"),
        "Nothing can train because every loss weight is 0: the total loss is 0 whatever the weights are.",
    )


def _unused_input(_: Network, part: UnreachablePart) -> _Told:
    names, them = listing(_names(part)), "them" if len(part.layers) > 1 else "it"
    return _Told(
        "not connected to an output",
        _whatever(part),
        Remedy(f"use {names} in the network, or leave {them} out of keras.Model(inputs, outputs)"),
        f"The network never looks at {names}: no layer uses {them}, so what there is to learn from {them} is lost.",
    )


def _silent_input(_: Network, part: UnreachablePart) -> _Told:
    names = listing(_names(part))
    reasons = listing(part.reasons, most=3) or "all weights from there are exactly zero"
    lasting = " No training changes that." if part.for_good else ""
    return _Told(
        f"nothing of it gets to an output: {reasons}",
        f"{_whatever(part)}{lasting}",
        Remedy(
            "; ".join(dict.fromkeys(_way_out(layer) for layer in part.blocks[:3]))
            or f"re-initialise the weights that {names} enters, and look for what set them to zero"
        ),
        f"The predictions do not depend on {names}: {reasons}.{lasting}",
    )


def _whatever(part: UnreachablePart) -> str:
    many = len(part.layers) > 1
    return f"The predictions are the same whatever {'these inputs hold' if many else 'this input holds'}."


def _dead_end(_: Network, part: UnreachablePart) -> _Told:
    names, one = listing(_names(part)), len(part.layers) == 1
    return _Told(
        "not connected to an output",
        f"{count(parameters(part.layers), 'parameter')} never change a prediction and never get a gradient.",
        Remedy(f"connect {names} to an output, or take {'it' if one else 'them'} out"),
        f"{names} {'leads' if one else 'lead'} nowhere: no output of the model uses {'it' if one else 'them'}.",
    )


def _unjudged(network: Network, part: UnreachablePart) -> _Told:
    settings = zip(network.output_names, network.losses, network.loss_weights, strict=True)
    idle = [(name, loss is None) for name, loss, weight in settings if loss is None or weight == 0]
    outputs, has = listing([name for name, _ in idle]), "have" if len(idle) > 1 else "has"
    kinds = {without for _, without in idle}
    lacks = "no loss or a loss weight of 0" if len(kinds) > 1 else "no loss" if True in kinds else "a loss weight of 0"
    weights = ", ".join(f"{quoted(name)}: 1.0" for name, _ in idle)
    names = listing(_names(part))
    return _Told(
        f"never trained, for {outputs} {has} {lacks}",
        f"{count(parameters(part.layers), 'parameter')} serve only {outputs}: no gradient comes from there.",
        Remedy(
            f"give {outputs} a loss and a loss weight above 0, or leave out what is not needed",
            f"model.compile(..., loss_weights={{{weights}}})" if kinds == {False} else None,
        ),
        f"{outputs} {has} {lacks}, so {names} never {'gets' if len(part.layers) == 1 else 'get'} a gradient.",
    )


def _no_gradient(_: Network, part: UnreachablePart) -> _Told:
    names = listing(_names(part))
    reasons = listing(part.reasons, most=3) or "the frozen weights on the way are all zero"
    whose = "its" if len(part.layers) == 1 else "their"
    alone = " Nothing else in this network can train either." if part.everything else ""
    return _Told(
        f"no gradient gets there: {reasons}",
        f"The loss has no gradient for {whose} {count(parameters(part.layers), 'parameter')}: all that moves them is "
        f"penalties and weight decay, if there are any.{alone}",
        Remedy("; ".join(dict.fromkeys(_way_out(layer) for layer in part.blocks[:3])) or "lead a way round the zeros"),
        f"{names} cannot learn, because no gradient gets there: {reasons}.{alone}",
    )


def _way_out(layer: Layer) -> str:
    """What to do about a layer at which the ways end."""
    name = layer.name
    if layer.kind.endswith("StopGradient"):
        return f"take {name} out if the layers before it are to learn"
    if layer.kind == "Embedding":
        return f"use a Dense layer in place of {name}, which takes ids"
    return {
        "Rescaling": f"give {name} a scale that is not 0",
        "Dense": f"re-initialise {name}, and let it train",
        "BatchNormalization": f"re-initialise {name}, and let it train",
        "Multiply": f"keep the zero out of {name}",
        "Dot": f"keep the zero out of {name}",
        "Dropout": f"lower the rate of {name}",
        "ReLU": f"give {name} a max_value above 0, or none",
    }.get(layer.kind, f"use a smooth function in place of {name}, such as sigmoid or tanh for a step")


_TELL = {
    "no loss": _no_loss,
    "unused input": _unused_input,
    "silent input": _silent_input,
    "dead end": _dead_end,
    "unjudged": _unjudged,
    "no gradient": _no_gradient,
}
