"""A106: inputs and layers without a way to the output, or to the loss."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, listing, quoted
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.unreachable import Unreachable, UnreachablePart
from mlpdoctor.nn.layers.graph import parameters

LACKS = {True: "no loss", False: "a loss weight of 0"}
"""What an output that is not judged lacks, by whether it has no loss at all."""


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
        names = tuple(layer.name for layer in cut.layers)
        trouble, why, remedy, verdict = _told(cut, listing(names))
        yield Evidence(
            numbers={
                "names": listing(names),
                "trouble": trouble,
                "case": cut.kind,
                "cut_off": names[:100],
                "blocked_by": tuple(layer.name for layer in cut.blocks[:100]),
                "parameters": parameters(cut.layers),
                "for_good": cut.for_good,
            },
            certainty=Certainty.PROVED,
            severity=_severity(cut, position),
            why=why,
            remedy=remedy,
            strength=1.0 if cut.everything else parameters(cut.layers) / max(parameters(network.layers), 1),
            verdict=verdict,
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
    return Severity.NOTE if part.deliberate else Severity.WARNING


def _told(part: UnreachablePart, names: str) -> tuple[str, str, Remedy, str]:
    """The trouble, which follows the names; why it matters; what to do; the answer to the user."""
    many, held = len(part.layers) > 1, count(parameters(part.layers), "parameter")
    them, gets = ("them", "get") if many else ("it", "gets")
    whatever = f"The predictions are the same whatever {'these inputs hold' if many else 'this input holds'}."
    if part.kind == "no loss":
        why = "very loss weight is 0: the total loss is 0 whatever the weights are."
        remedy = Remedy("give at least one output a loss weight above 0", "model.compile(..., loss_weights=[1.0, ...])")
        return (
            "no output has a loss that counts, so nothing can train",
            f"E{why}",
            remedy,
            f"Nothing can train because e{why}",
        )
    if part.kind == "unused input":
        return (
            "not connected to an output",
            whatever,
            Remedy(f"use {names} in the network, or leave {them} out of keras.Model(inputs, outputs)"),
            f"The network never looks at {names}: no layer uses {them}, so what there is to learn from {them} is lost.",
        )
    if part.kind == "silent input":
        reasons = listing(part.reasons, most=3) or "all weights from there are exactly zero"
        lasting = " No training changes that." if part.for_good else ""
        again = f"re-initialise the weights that {names} enters, and look for what set them to zero"
        return (
            f"nothing of it gets to an output: {reasons}",
            f"{whatever}{lasting}",
            Remedy(part.way_out or again),
            f"The predictions do not depend on {names}: {reasons}.{lasting}",
        )
    if part.kind == "dead end":
        return (
            "not connected to an output",
            f"{held} never change a prediction and never get a gradient.",
            Remedy(f"connect {names} to an output, or take {them} out"),
            f"{names} {'lead' if many else 'leads'} nowhere: no output of the model uses {them}.",
        )
    if part.kind == "unjudged":
        outputs, has = listing([*part.idle]), "have" if len(part.idle) > 1 else "has"
        kinds, weights = set(part.idle.values()), ", ".join(f"{quoted(name)}: 1.0" for name in part.idle)
        lacks = " or ".join(what for known, what in LACKS.items() if known in kinds)
        return (
            f"never trained, for {outputs} {has} {lacks}",
            f"{held} serve only {outputs}: no gradient comes from there.",
            Remedy(
                f"give {outputs} a loss and a loss weight above 0, or leave out what is not needed",
                f"model.compile(..., loss_weights={{{weights}}})" if kinds == {False} else None,
            ),
            f"{outputs} {has} {lacks}, so {names} never {gets} a gradient.",
        )
    reasons = listing(part.reasons, most=3) or "the frozen weights on the way are all zero"
    start = f"The loss has no gradient for {'their' if many else 'its'} {held}"
    alone = " Nothing else in this network can train either." if part.everything else ""
    return (
        f"no gradient gets there: {reasons}",
        f"{start}: all that moves them is penalties and weight decay, if there are any.{alone}",
        Remedy(part.way_out or "lead a way round the zeros"),
        f"{names} cannot learn, because no gradient gets there: {reasons}.{alone}",
    )
