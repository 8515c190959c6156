"""A106: inputs and layers without a way to the output, or to the loss."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlpdoctor.check import check
from mlpdoctor.facts.standing import Standing
from mlpdoctor.facts.training import Training
from mlpdoctor.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.layers.reach import gradient_paths, influence
from mlpdoctor.layers.ways import adjustable, before, judged, parameters
from mlpdoctor.network import Layer, Network
from mlpdoctor.wording import count, listing

CLOSE = 0.1
"""A model this near to what is known to be reachable does not miss what is cut off."""
STUCK = 0.5
"""A model that has not come half the way from the constant to what is known to be reachable is stuck."""


@dataclass(frozen=True)
class _Case:
    """One way of being cut off: what, the trouble in words that follow the names, and what to say and do."""

    kind: str
    cut: tuple[str, ...]
    trouble: str
    why: str
    remedy: Remedy
    verdict: str
    severity: Severity
    lost: int = 0
    share: float = 0.0


@check("A106", Severity.ERROR, "{names}: {trouble}")
def disconnected_layer(network: Network, training: Training, where: Standing | None) -> Iterator[Evidence]:
    """Inputs and layers from which no way leads to the output, or to which no gradient gets.

    Why it matters
        What does not reach an output cannot help it: an input that nothing uses is as good as missing in the data. And
        a layer to which no gradient gets never learns. Rounding, signs, comparisons and the ids of an Embedding have no
        slope, stop_gradient has none by design, a frozen layer of zeros or a factor of zero leaves none, and the layers
        of an output without a loss, or with a loss weight of 0, are not asked for anything.
    Remedy
        Connect it, give its output a loss, or take it out; in place of a step use a smooth function, in place of ids a
        Dense layer.
    Stays quiet on
        Ways round the obstacle, as x + stop_gradient(f(x) - x); frozen layers; weights of zero in layers that can
        train, which move away from zero; layers of a kind that is not known, which may let anything through. A
        stop_gradient beside layers that do train is a note, and so is all of this in a model that is close to what is
        known to be reachable.
    Certainty
        Proved: a way is a chain of calls none of which is constant, or has a slope of zero everywhere.
    """
    fine = where is not None and not training.never and (where.well or where.shortfall <= CLOSE)
    stuck = where is not None and not training.never and where.shortfall > STUCK
    for case in _cases(network, training, stuck=stuck):
        yield Evidence(
            numbers={
                "names": listing(case.cut),
                "trouble": case.trouble,
                "case": case.kind,
                "cut_off": case.cut[:100],
                "parameters": case.lost,
            },
            certainty=Certainty.PROVED,
            severity=Severity.NOTE if fine else case.severity,
            why=case.why,
            remedy=case.remedy,
            strength=case.share,
            verdict=case.verdict,
        )


def _cases(network: Network, training: Training, *, stuck: bool) -> Iterator[_Case]:
    ends = judged(network)
    if not ends:
        yield _nothing_counts(network)
        return
    outward, counted = before(network, network.outputs), before(network, ends)
    yield from _unused_inputs(network, outward)
    if not training.never:
        yield from _inputs_of_zero_weight(network, outward)
    yield from _dead_ends(network, outward, stuck=stuck)
    yield from _without_loss(network, outward, counted)
    yield from _without_gradient(network, counted, ends)


def _nothing_counts(network: Network) -> _Case:
    return _Case(
        kind="no loss",
        cut=network.output_names,
        trouble="no output has a loss that counts, so nothing can train",
        why="Every loss weight is 0: the total loss is 0 whatever the weights are.",
        remedy=Remedy("give at least one output a loss weight above 0", "model.compile(..., loss_weights=[1.0, ...])"),
        verdict="Nothing can train because every loss weight is 0: the total loss is 0 whatever the weights are.",
        severity=Severity.ERROR,
        share=1.0,
    )


def _unused_inputs(network: Network, outward: frozenset[int]) -> Iterator[_Case]:
    cut = tuple(network.nodes[position].layer.name for position in network.inputs if position not in outward)
    if cut:
        names, many = listing(cut), len(cut) > 1
        yield _Case(
            kind="unused input",
            cut=cut,
            trouble="no way leads from there to an output",
            why=f"The answers are the same whatever {'these inputs hold' if many else 'this input holds'}.",
            remedy=Remedy(f"use {names} in the network, or take {'them' if many else 'it'} out of keras.Model(inputs)"),
            verdict=f"The network never looks at {'the inputs' if many else 'its input'} {names}: no layer uses "
            f"{'them' if many else 'it'}, so whatever there is to learn from {'them' if many else 'it'} is lost.",
            severity=Severity.WARNING,
            share=len(cut) / len(network.inputs),
        )


def _inputs_of_zero_weight(network: Network, outward: frozenset[int]) -> Iterator[_Case]:
    reach = influence(network, network.outputs)
    silent = [position for position in network.inputs if position in outward and not reach.any(position)]
    cut = tuple(network.nodes[position].layer.name for position in silent)
    if not cut:
        return
    behind = [position for position in reach.closed if set(silent) & before(network, [position])]
    blocks = _blockers(network, behind, reach.closed)
    names, many = listing(cut), len(cut) > 1
    reason = blocks or "all weights from there are exactly zero"
    yield _Case(
        kind="input without weight",
        cut=cut,
        trouble=f"nothing of {'these inputs' if many else 'this input'} gets to an output: {reason}",
        why=f"The answers are the same whatever {'these inputs hold' if many else 'this input holds'}.",
        remedy=Remedy(f"draw the weights that {names} enters anew, and look for what set them to zero"),
        verdict=f"The answers do not depend on {names}: {reason}.",
        severity=Severity.WARNING,
        share=len(cut) / len(network.inputs),
    )


def _dead_ends(network: Network, outward: frozenset[int], *, stuck: bool) -> Iterator[_Case]:
    layers = _owners(network, lambda positions: not positions & outward)
    if layers:
        cut = tuple(layer.name for layer in layers)
        yield _Case(
            kind="dead end",
            cut=cut,
            trouble="no way leads from there to an output",
            why=f"{count(parameters(layers), 'parameter')} can never change an answer, nor get a gradient.",
            remedy=Remedy(f"connect {listing(cut)} to an output, or take it out"),
            verdict=f"{listing(cut)} leads nowhere: no output of the model uses it, and it never trains.",
            severity=Severity.WARNING if stuck and any(layer.trainable for layer in layers) else Severity.NOTE,
            lost=parameters(layers),
            share=_share(network, layers),
        )


def _without_loss(network: Network, outward: frozenset[int], counted: frozenset[int]) -> Iterator[_Case]:
    layers = _owners(network, lambda positions: bool(positions & outward) and not positions & counted)
    layers = [layer for layer in layers if layer.trainable]
    if not layers:
        return
    idle = [
        (name, loss is None)
        for name, loss, weight in zip(network.output_names, network.losses, network.loss_weights, strict=True)
        if loss is None or weight == 0
    ]
    outputs, cut = listing([name for name, _ in idle]), tuple(layer.name for layer in layers)
    lacks = "no loss" if all(lacking for _, lacking in idle) else "a loss weight of 0"
    if len({lacking for _, lacking in idle}) > 1:
        lacks = "no loss or a loss weight of 0"
    has = "have" if len(idle) > 1 else "has"
    yield _Case(
        kind="output without loss",
        cut=cut,
        trouble=f"never trained, for {outputs} {has} {lacks}",
        why=f"{count(parameters(layers), 'parameter')} serve only {outputs}, which {has} {lacks}: no gradient comes "
        "from there.",
        remedy=Remedy(
            f"give {outputs} a loss and a loss weight above 0, or leave it out of the model's outputs",
            f'model.compile(..., loss_weights={{"{idle[0][0]}": 1.0}})' if lacks == "a loss weight of 0" else None,
        ),
        verdict=f"The output {outputs} does not train: it {has} {lacks}, so {listing(cut)} never "
        f"{'gets' if len(cut) == 1 else 'get'} a gradient.",
        severity=Severity.WARNING,
        lost=parameters(layers),
        share=_share(network, layers),
    )


def _without_gradient(network: Network, counted: frozenset[int], ends: Sequence[int]) -> Iterator[_Case]:
    reach = gradient_paths(network, ends)
    trainable = [layer for layer in _owners(network, lambda positions: bool(positions & counted)) if layer.trainable]
    calls = {id(layer): [k for k, node in enumerate(network.nodes) if node.layer is layer] for layer in trainable}
    layers = [layer for layer in trainable if not any(reach.gets(network, position) for position in calls[id(layer)])]
    if not layers:
        return
    own = {position for layer in layers for position in calls[id(layer)]}
    behind = [position for position in reach.closed if own & before(network, [position])]
    reasons = _blockers(network, behind, reach.closed)
    deliberate = all(network.nodes[position].layer.kind.endswith("StopGradient") for position in behind)
    everything = len(layers) == len(trainable)
    cut = tuple(layer.name for layer in layers)
    blocks = listing([network.nodes[position].layer.name for position in behind])
    yield _Case(
        kind="no gradient",
        cut=cut,
        trouble=f"no gradient gets there: {reasons}",
        why=f"No step of training changes their {count(parameters(layers), 'parameter')}"
        f"{', and there are no others: nothing trains' if everything else ''}.",
        remedy=Remedy(f"replace {blocks} by something with a slope, or lead a way round it"),
        verdict=f"{listing(cut)} cannot learn, because no gradient gets there: {reasons}."
        + (" Nothing else in this network can train either." if everything else ""),
        severity=Severity.ERROR if everything else Severity.NOTE if deliberate else Severity.WARNING,
        lost=parameters(layers),
        share=_share(network, layers),
    )


def _owners(network: Network, wanted: Callable[[set[int]], bool]) -> list[Layer]:
    """The layers with weights of whose positions something holds."""
    places: dict[int, set[int]] = {}
    for position, node in enumerate(network.nodes):
        places.setdefault(id(node.layer), set()).add(position)
    return [layer for layer in network.layers if adjustable(layer) and wanted(places[id(layer)])]


def _blockers(network: Network, positions: Sequence[int], reasons: Mapping[int, str]) -> str:
    """Which layers block the way and why: ``sign has no gradient``."""
    told = {network.nodes[position].layer.name: reasons[position].removeprefix("it ") for position in sorted(positions)}
    return ", ".join(
        f"of {name} {reason.replace('its ', 'the ')}" if reason.startswith("its") else f"{name} {reason}"
        for name, reason in list(told.items())[:3]
    )


def _share(network: Network, layers: Sequence[Layer]) -> float:
    return parameters(layers) / max(parameters(network.layers), 1)
