"""A103: layers that cannot train."""

from collections.abc import Iterator, Sequence

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, listing, percent, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.network.frozen import FrozenLayers
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.graph import parameters
from mlpdoctor.nn.layers.properties import renormalises

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
    layers: FrozenLayers,
    training: Training,
    where: LossPosition | None,
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
    frozen, moving, floor = layers.frozen, layers.moving, layers.floor
    if not frozen or (moving and all(renormalises(layer) for layer in frozen)):
        return
    severity = _severity(network, layers, where, training, tolerated)
    names = listing([layer.name for layer in frozen])
    kept = None if where is None or severity is Severity.NOTE else layers.kept(where)
    sampled = layers.sampled and floor is not None and severity is Severity.ERROR
    measured = Certainty.ESTIMATED if sampled else Certainty.MEASURED
    yield Evidence(
        numbers={
            "frozen": len(frozen),
            "layers": len(frozen) + len(moving),
            "names": names,
            "frozen_layers": tuple(layer.name for layer in frozen[:100]),
            "frozen_parameters": parameters(frozen),
            "trainable_parameters": parameters(moving),
            "frozen_share": layers.share,
            "floor": floor,
            "floor_cost_share": layers.cost,
        },
        certainty=measured if moving or layers.adapts else Certainty.PROVED,
        severity=severity,
        why=_why(layers, where, severity),
        remedy=_thaw(network, frozen, everything=not moving),
        explains=None if where is None or kept is None else where.share(kept),
        strength=layers.share,
        verdict=_verdict(names, layers, where),
        layers=tuple(layer.name for layer in frozen),
    )


def _severity(
    network: Network, layers: FrozenLayers, position: LossPosition | None, training: Training, tolerated: float
) -> Severity:
    well = position is not None and position.well
    if not layers.moving:
        if well:
            return Severity.NOTE
        # Without data a model that was trained before, or was never meant to be, may be a finished one.
        finished = position is None and (network.optimizer is None or bool(training.updates))
        return Severity.WARNING if finished else Severity.ERROR
    if layers.cost is not None:
        return Severity.ERROR if layers.cost > tolerated and not well else Severity.NOTE
    if well or layers.meant or position is None or training.never:
        return Severity.NOTE
    return Severity.WARNING if position.finite and position.shortfall > tolerated else Severity.NOTE


def _why(layers: FrozenLayers, position: LossPosition | None, severity: Severity) -> str:
    if not layers.moving:
        stays = f" The loss stays at {short(position.model)}." if position is not None and position.finite else ""
        held = f"None of the {parameters(layers.frozen):,} parameters can change"
        return f"{held}, so no step of training does anything.{stays}"
    held = (
        f"Training can change {count(parameters(layers.moving), 'parameter')}; the other {percent(layers.share)} stay "
    )
    held += "as they are."
    if layers.floor is None or position is None:
        return held
    known = f"; {short(position.reach)} is known or estimated to be within reach"
    best = f"On the frozen features no last layer brings the loss below {short(layers.floor)}"
    return f"{held} {best}{known if severity is Severity.ERROR else ''}."


def _verdict(names: str, layers: FrozenLayers, position: LossPosition | None) -> str:
    if not layers.moving:
        at = f" at {short(position.model)}" if position is not None and position.finite else ""
        return f"The loss is stuck{at} because every layer is frozen: no step of training changes a weight."
    if layers.floor is not None:
        low = short(layers.floor)
        return f"The loss cannot fall below {low} because {names} cannot train: only the last layer moves."
    return f"Part of the network cannot learn: {names} cannot train, and the rest does not make up for it."


def _thaw(network: Network, frozen: Sequence[Layer], *, everything: bool) -> Remedy:
    """Code that reaches each layer by itself: Keras passes a model's flag on to its layers only when it changes."""
    names = [layer.name for layer in frozen]
    what = "every layer" if everything else listing(names)
    text = f"make {what} trainable and compile again, for Keras reads the flag when it compiles"
    nested = any("/" in name for name in names)
    if everything or (nested and len(names) > FEW):
        code = "model.trainable = False; model.trainable = True"
    elif len(names) <= FEW:
        steps = ["".join(f".get_layer({quoted(part)})" for part in name.split("/")) for name in names]
        code = "; ".join(f"model{step}.trainable = True" for step in steps)
    else:
        chosen = str(names).replace("'", '"')  # the text says to compile
        return Remedy(text, f"for layer in map(model.get_layer, {chosen}): layer.trainable = True")
    return Remedy(text, f"{code}{_compile(network)}")


def _compile(network: Network) -> str:
    if network.optimizer is None or len(network.losses) != 1 or network.losses[0] is None:
        return ""
    return f'; model.compile("{network.optimizer.name.lower()}", "{network.losses[0].name}")'
