"""What in a network is cut off: from the outputs, from the loss, or from the gradient."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Literal

from mlpdoctor.core.check import fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.graph import adjustable, before, judged
from mlpdoctor.nn.layers.reachability import Reachability, gradient_paths, influence, lasting_influence

Kind = Literal["no loss", "unused input", "silent input", "dead end", "unjudged", "no gradient"]


@dataclass(frozen=True)
class UnreachablePart:
    """Layers or inputs that share one trouble.

    Attributes:
        kind: ``no loss``: no output has a loss that counts; ``unused input``: no call leads from it to an output;
            ``silent input``: calls do, but some multiply by zero; ``dead end``: layers that no output uses;
            ``unjudged``: layers that only outputs without a loss use; ``no gradient``: trainable layers with ways to
            the loss, none of which has a slope.
        layers: what is cut off.
        everything: whether there is nothing of its sort that is not.
        blocks: the layers at which the ways end.
        reasons: why they end there.
        for_good: whether no training opens a way; weights of zero that can train may move.
        idle: the outputs that are not judged, each with whether it has no loss at all rather than a weight of 0.
    """

    kind: Kind
    layers: tuple[Layer, ...]
    everything: bool = False
    blocks: tuple[Layer, ...] = ()
    reasons: tuple[str, ...] = ()
    for_good: bool = True
    idle: Mapping[str, bool] = field(default_factory=dict)

    @property
    def deliberate(self) -> bool:
        """Whether somebody asked for it, by stopping the gradient."""
        return bool(self.blocks) and all(layer.kind.endswith("StopGradient") for layer in self.blocks)

    @property
    def way_out(self) -> str:
        """What opens the first of the ways again; empty where no layer blocks one."""
        return "; ".join(dict.fromkeys(_opened(layer) for layer in self.blocks[:3]))


def _opened(layer: Layer) -> str:
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


@dataclass(frozen=True)
class Unreachable:
    """All that is cut off."""

    cuts: tuple[UnreachablePart, ...]


@fact
def unreachable(network: Network, training: Training) -> Unreachable:
    """Walk the graph forwards and backwards."""
    ends = judged(network)
    if not ends:
        return Unreachable(
            (UnreachablePart("no loss", tuple(network.nodes[end].layer for end in network.outputs), everything=True),)
        )
    outward, counted = before(network, network.outputs), before(network, ends)
    learning = list(_without_gradient(network, counted, ends))
    cuts = [*_unused_inputs(network, outward), *_dead_ends(network, outward), *_unjudged(network, outward, counted)]
    for silent in _silent_inputs(network, outward, training):
        # What is said of the layers on the way need not be said of the inputs again, unless none is left.
        if silent.everything or not any(set(silent.blocks) <= set(cut.blocks) for cut in learning):
            cuts.append(silent)
            learning = [cut for cut in learning if not silent.for_good or not set(cut.blocks) <= set(silent.blocks)]
    return Unreachable((*cuts, *learning))


def _unused_inputs(network: Network, outward: frozenset[int]) -> Iterator[UnreachablePart]:
    found = tuple(network.nodes[position].layer for position in network.inputs if position not in outward)
    if found:
        yield UnreachablePart("unused input", found)


def _silent_inputs(network: Network, outward: frozenset[int], training: Training) -> Iterator[UnreachablePart]:
    """Inputs whose every way meets a zero; weights that may yet move away from it count once there was training."""
    lasting = lasting_influence(network, network.outputs)
    reach = lasting if training.never else influence(network, network.outputs)
    silent = [position for position in network.inputs if position in outward and not reach.any(position)]
    if silent:
        yield _blocked(
            network,
            "silent input",
            [network.nodes[position].layer for position in silent],
            reach,
            everything=len(silent) == len(network.inputs),
            for_good=not any(lasting.any(position) for position in silent),
        )


def _dead_ends(network: Network, outward: frozenset[int]) -> Iterator[UnreachablePart]:
    found = _owners(network, lambda positions: not positions & outward)
    if found:
        yield UnreachablePart("dead end", tuple(found))


def _unjudged(network: Network, outward: frozenset[int], counted: frozenset[int]) -> Iterator[UnreachablePart]:
    found = _owners(network, lambda positions: bool(positions & outward) and not positions & counted)
    if found := [layer for layer in found if layer.trainable]:
        settings = zip(network.output_names, network.losses, network.loss_weights, strict=True)
        idle = {name: loss is None for name, loss, weight in settings if loss is None or weight == 0}
        yield UnreachablePart("unjudged", tuple(found), idle=idle)


def _without_gradient(network: Network, counted: frozenset[int], ends: Sequence[int]) -> Iterator[UnreachablePart]:
    reach = gradient_paths(network, ends)
    trainable = [layer for layer in _owners(network, lambda positions: bool(positions & counted)) if layer.trainable]
    got = {id(node.layer) for position, node in enumerate(network.nodes) if reach.gets(network, position)}
    found = [layer for layer in trainable if id(layer) not in got]
    if found:
        yield _blocked(network, "no gradient", found, reach, everything=len(found) == len(trainable))


def _blocked(
    network: Network,
    kind: Kind,
    layers: Sequence[Layer],
    reachability: Reachability,
    *,
    everything: bool,
    for_good: bool = True,
) -> UnreachablePart:
    known = {id(layer) for layer in layers}
    reached: list[bool] = []
    for node in network.nodes:
        reached.append(id(node.layer) in known or any(reached[source] for source in node.sources))
    walls = [position for position in sorted(reachability.closed) if reached[position]]
    return UnreachablePart(
        kind,
        tuple(layers),
        everything=everything,
        blocks=tuple(dict.fromkeys(network.nodes[position].layer for position in walls)),
        reasons=tuple(dict.fromkeys(reachability.closed[position] for position in walls)),
        for_good=for_good,
    )


def _owners(network: Network, wanted: Callable[[set[int]], bool]) -> list[Layer]:
    """The layers with weights of whose positions something holds."""
    places: dict[int, set[int]] = {}
    for position, node in enumerate(network.nodes):
        places.setdefault(id(node.layer), set()).add(position)
    return [layer for layer in network.layers if adjustable(layer) and wanted(places[id(layer)])]
