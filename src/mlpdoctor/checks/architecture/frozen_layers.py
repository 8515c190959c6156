"""A103: layers that cannot train."""

import math
from collections.abc import Iterator, Sequence

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, listing, percent, quoted, short
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.readout import ReadoutFloor
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.graph import adjustable, before, judged, parameters
from mlpdoctor.nn.layers.properties import renormalises

LOOKUPS = ("Embedding",)
"""Tables learned elsewhere are frozen on purpose."""
FEW = 3
"""Layers of nested models that a line of code still names one by one."""


@check(
    "A103",
    Severity.ERROR,
    "{frozen} of {layers} layers with weights cannot train ({names}): {frozen_share} of the parameters",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.PACE | Part.LOSS,
)
def frozen_layers(
    network: Network,
    training: Training,
    where: LossPosition | None,
    objective: Objective | None,
    readout: ReadoutFloor | None,
    architecture: ArchitectureFloor | None,
    *,
    tolerated: float = 0.25,
) -> Iterator[Evidence]:
    """Layers that are frozen, so that training leaves their weights as they are.

    Why it matters
        A layer whose trainable flag is off keeps its weights whatever the loss says. With every layer frozen nothing
        moves at all: the loss of the first epoch is the loss of the last. With all but the last one frozen, training
        can do no more than find the best last layer on top of features that it cannot change.
    How to fix it
        Set trainable to True on each of these layers and compile again: Keras reads the flag when it compiles, and
        hands a model's own flag on to its layers only when it changes.
    When it stays silent
        Layers without weights, Normalization, which is adapted and never trained, and frozen normalising layers
        beside trainable ones. A frozen Embedding beside trainable layers is a note, and so is any frozen layer of
        a model that has come most of the way to what is known to be reachable, or of one that is not trained yet:
        up to the tolerated share of the way from there to the best constant. A finished model that was frozen as a
        whole is a note when it does well.
    How sure
        Proved where no weight can move: a step of training changes trainable weights alone, so the loss stays where it
        is. Measured elsewhere: the flags are read in the file, and where only last layers train the floor is the loss
        of the best of them on the saved features, as far as float32 can tell those apart; estimated where there are so
        many rows that a sample had to do.
    """
    way = {id(network.nodes[position].layer) for position in before(network, judged(network))}
    owners = [layer for layer in network.layers if id(layer) in way and adjustable(layer)]
    frozen = [layer for layer in owners if not layer.trainable]
    moving = [layer for layer in owners if layer.trainable]
    if not frozen or (moving and all(renormalises(layer) for layer in frozen)):
        return
    floor = _floor(network, moving, objective, readout) if moving else None
    cost = None if floor is None or where is None else _cost(floor, where, architecture)
    severity = _severity(network, frozen, moving, where, training, cost, tolerated)
    names = listing([layer.name for layer in frozen])
    barred = cost is not None and severity is Severity.ERROR
    yield Evidence(
        numbers={
            "frozen": len(frozen),
            "layers": len(owners),
            "names": names,
            "frozen_layers": tuple(layer.name for layer in frozen[:100]),
            "frozen_parameters": parameters(frozen),
            "trainable_parameters": parameters(moving),
            "frozen_share": parameters(frozen) / parameters(owners),
            "floor": floor,
            "floor_cost_share": cost,
        },
        certainty=_certainty(network, moving, readout if barred else None),
        severity=severity,
        why=_why(frozen, moving, where, floor, severity),
        remedy=_thaw(network, frozen, everything=not moving),
        explains=_explains(where, floor if barred else None, everything=not moving, severity=severity),
        strength=parameters(frozen) / parameters(owners),
        verdict=_verdict(names, moving, floor, where),
        layers=tuple(layer.name for layer in frozen),
    )


def _severity(
    network: Network,
    frozen: Sequence[Layer],
    moving: Sequence[Layer],
    position: LossPosition | None,
    training: Training,
    cost: float | None,
    tolerated: float,
) -> Severity:
    well = position is not None and position.well
    if not moving:
        if well:
            return Severity.NOTE
        # Without data a model that was trained before, or was never meant to be, may be a finished one.
        finished = position is None and (network.optimizer is None or bool(training.updates))
        return Severity.WARNING if finished else Severity.ERROR
    if cost is not None:
        return Severity.ERROR if cost > tolerated and not well else Severity.NOTE
    # Frozen on purpose whenever a finished network is tuned; the layers around them make up for their scales.
    meant = all(layer.kind in LOOKUPS or renormalises(layer) for layer in frozen)
    if well or meant or position is None or training.never:
        return Severity.NOTE
    stuck = math.isfinite(position.model) and position.shortfall > tolerated
    return Severity.WARNING if stuck else Severity.NOTE


def _certainty(network: Network, moving: Sequence[Layer], readout: ReadoutFloor | None) -> Certainty:
    if not moving and not _still_adapts(network):
        return Certainty.PROVED
    sampled = readout is not None and readout.share < 1
    return Certainty.ESTIMATED if sampled else Certainty.MEASURED


def _floor(
    network: Network, moving: Sequence[Layer], objective: Objective | None, readout: ReadoutFloor | None
) -> float | None:
    """What no training goes below, where nothing but last layers can train."""
    if objective is None or readout is None:
        return None
    last = {_last_with_weights(network, output) for output in network.outputs}
    known = {id(layer) for layer in moving}
    users = {position for position, node in enumerate(network.nodes) if id(node.layer) in known}
    return objective.total(readout.lower) if users <= last else None


def _last_with_weights(network: Network, position: int) -> int:
    while not network.nodes[position].layer.weights and len(network.nodes[position].sources) == 1:
        position = network.nodes[position].sources[0]
    return position


def _cost(floor: float, position: LossPosition, architecture: ArchitectureFloor | None) -> float:
    """What freezing alone costs, as a share of all there is to gain: other weights would be held up there, too."""
    span, free = position.constant - position.reach, position.reach
    if architecture is not None:
        free = max(free, architecture.total)
    return (floor - free) / span if span > 0 else 0.0


def _still_adapts(network: Network) -> bool:
    """Whether the statistics of some BatchNormalization go on following the batches."""
    return any(layer.trainable and "moving_mean" in layer.weights for layer in network.layers)


def _explains(
    position: LossPosition | None, floor: float | None, *, everything: bool, severity: Severity
) -> float | None:
    if position is None or severity is Severity.NOTE:
        return None
    if everything:
        return position.share(position.model) if math.isfinite(position.model) else None
    return None if floor is None else position.share(min(floor, position.model))


def _why(
    frozen: Sequence[Layer],
    moving: Sequence[Layer],
    position: LossPosition | None,
    floor: float | None,
    severity: Severity,
) -> str:
    if not moving:
        stays = (
            f" The loss stays at {short(position.model)}."
            if position is not None and math.isfinite(position.model)
            else ""
        )
        return f"None of the {parameters(frozen):,} parameters can change, so no step of training does anything.{stays}"
    share = percent(parameters(frozen) / parameters((*frozen, *moving)))
    held = f"Training can change {count(parameters(moving), 'parameter')}; the other {share} stay as they are."
    if floor is not None and position is not None:
        known = (
            f"; {short(position.reach)} is known or estimated to be within reach" if severity is Severity.ERROR else ""
        )
        return f"{held} On the frozen features no last layer brings the loss below {short(floor)}{known}."
    return held


def _thaw(network: Network, frozen: Sequence[Layer], *, everything: bool) -> Remedy:
    """Code that reaches each layer by itself: Keras passes a model's flag on to its layers only when it changes."""
    names = [layer.name for layer in frozen]
    what = "every layer" if everything else listing(names)
    text = f"make {what} trainable and compile again, for Keras reads the flag when it compiles"
    nested = any("/" in name for name in names)
    if len(names) == 1 or (nested and len(names) <= FEW):
        steps = ["".join(f".get_layer({quoted(part)})" for part in name.split("/")) for name in names]
        code = "; ".join(f"model{step}.trainable = True" for step in steps)
    elif nested:
        code = "model.trainable = False; model.trainable = True"
    else:
        chosen = "model.layers" if everything else f"map(model.get_layer, {names})".replace("'", '"')
        return Remedy(text, f"for layer in {chosen}: layer.trainable = True")
    return Remedy(text, f"{code}{_compile(network)}")


def _compile(network: Network) -> str:
    if network.optimizer is None or len(network.losses) != 1 or network.losses[0] is None:
        return ""
    return f'; model.compile("{network.optimizer.name.lower()}", "{network.losses[0].name}")'


def _verdict(names: str, moving: Sequence[Layer], floor: float | None, position: LossPosition | None) -> str:
    if not moving:
        at = f" at {short(position.model)}" if position is not None and math.isfinite(position.model) else ""
        return f"The loss is stuck{at} because every layer is frozen: no step of training changes a weight."
    if floor is not None:
        return f"The loss cannot fall below {short(floor)} because {names} cannot train: only the last layer moves."
    return f"Part of the network cannot learn: {names} cannot train, and the rest does not make up for it."
