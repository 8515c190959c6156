"""A101: layers that act as one because nothing nonlinear stands between them."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Evidence, Remedy, Severity
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.bounds import CollapseBound, caveat, certainty, rounding
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.facts.network.collapse import Collapse
from mlpdoctor.facts.network.no_hidden_layer import NoHiddenLayer
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.unsupported_layers import layer_code

STRAIGHT = 1e-6
"""Data count as affine when the best line leaves less than this share of the constant's loss: float32 noise."""
SMOOTH_WIDTH = 3
"""Up to so many features tanh is the advice: a ReLU net with zero biases has few kinks among few features."""
TRAINING = ("learning rate", "optimizer", "epochs", "width", "local minimum")
"""What does not help at the floor. More units never help a linear map; training is cleared only once it is there."""


@check(
    "A101",
    Severity.ERROR,
    "{said}",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.LOSS,
)
def missing_nonlinearity(
    network: Network,
    collapse: Collapse,
    bound: CollapseBound | None,
    ladder: Ladder | None,
    position: LossPosition | None,
    opinion: SecondOpinion | None,
    training: Training,
    alone: NoHiddenLayer | None,
) -> Iterator[Evidence]:
    """Layers that act as one because nothing nonlinear stands between them.

    Why it matters
        A composition of affine maps is an affine map. However many such layers there are and however wide, the
        network can only draw a straight line (a plane), and linear regression finds the best one. No setting helps.
    How to fix it
        Give every hidden layer an activation. In Keras a Dense layer has none unless it is asked for.
    When it stays silent
        A single Dense layer, unless something is known to do better; Dense followed by Activation, LeakyReLU and the
        like; layers joined by a product; the end of a residual branch; a low-rank bottleneck on data that a line fits.
    How sure
        Proved. The witness is the single affine map; with data also its loss, which is the lowest any weights reach.
    References
        Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.1.
    """
    yield from () if alone is None else (alone.evidence(),)
    doubt, whole = rounding(network) if bound is None else bound.doubt, collapse.linear_heads
    fit = bound.model if bound is not None and bound.model.endswith("regression") else "linear model"
    shape = "straight line" if collapse.whole and network.input_width == 1 else fit
    line = None if position is None else position.affine
    for stretch in collapse.stretches:
        floor = bound.total if bound and whole else None
        severity = _severity(position, opinion, floor, whole=whole)
        if stretch.bottleneck and not (whole and position is not None and severity is Severity.ERROR):
            continue  # a deliberate one costs nothing
        stuck = ladder is not None and ladder.standing in ("architecture", "data")
        chain = (" -> " if stretch.chain else ", ").join(layer.name for layer in stretch.layers)
        yield Evidence(
            numbers={
                "said": f"{chain} have no activation between them: together they are {collapse.together(ladder)}",
                "chain": chain,
                "together": collapse.together(ladder),
                "layers": tuple(layer.name for layer in stretch.layers),
                "whole_network": whole,
                "floor": floor,
                "model": ladder.value("model") if ladder else None,
                "affine_left_share": None if position is None or line is None else position.of_constant(line),
            },
            certainty=certainty(doubt),
            severity=severity,
            why=_why(collapse, position, severity, floor) + caveat(doubt),
            remedy=_remedy(network, stretch.layers[0]),
            explains=position.share(floor) if position and floor is not None and not training.never else None,
            strength=1.0,
            verdict=_verdict(shape, floor, position, stuck=stuck, untrained=training.never)
            if whole
            else f"The layers {chain} act as one: there is no activation between them.",
            layers=tuple(layer.name for layer in stretch.layers),
            rules_out=(TRAINING if stuck else ("width",)) if whole and severity is Severity.ERROR else (),
        )


def _severity(
    where: LossPosition | None, opinion: SecondOpinion | None, floor: float | None, *, whole: bool
) -> Severity:
    """How bad the collapse is on these data."""
    if where is None:
        return Severity.ERROR if whole else Severity.WARNING
    if not whole:
        return Severity.NOTE if where.well else Severity.WARNING
    harmless = (floor is not None and _straight(where, floor)) or (opinion is not None and not opinion.structure)
    return Severity.NOTE if harmless and (floor is not None or where.well) else Severity.ERROR


def _straight(position: LossPosition, floor: float) -> bool:
    """Whether the best linear model leaves next to nothing."""
    return floor - position.data <= STRAIGHT * position.above(position.constant)


def _why(collapse: Collapse, position: LossPosition | None, severity: Severity, floor: float | None) -> str:
    if not collapse.linear_heads:
        return "Stacking linear layers gives another linear layer, so all but one of these add nothing."
    theorem = "Stacking linear layers gives another linear layer; only an activation between them changes that."
    if position is None or floor is None:
        return theorem
    if severity is Severity.ERROR:
        best = f"The lowest loss it can reach on these data is {short(floor)}"
        if position.base > position.data:
            noise = f"about {short(position.base, 2)} of it is probably noise, which no network removes"
            return f"{theorem} {best}; {noise}."
        return f"{theorem} {best}; the data themselves allow {short(position.data)}."
    if _straight(position, floor):
        return f"{theorem} These data are linear: the network can reach a loss of {short(floor)}."
    return f"{theorem} On these data a quick nonlinear fit does no better on unseen rows, so nothing seems lost."


def _remedy(network: Network, first: Layer) -> Remedy:
    activation = "tanh" if (network.input_width or math.inf) <= SMOOTH_WIDTH else "relu"
    return Remedy(
        f"add an activation to {first.name}, and to every other hidden layer",
        layer_code(first, first.config.get("units", first.config.get("filters", 0)), f'activation="{activation}"'),
    )


def _verdict(shape: str, floor: float | None, position: LossPosition | None, *, stuck: bool, untrained: bool) -> str:
    reason = "there is no activation function between your layers"
    if floor is None:
        return f"Whatever its weights, this network can only be a {shape}: {reason}."
    if untrained:
        return f"Training will stop at {short(floor)} or above because {reason}: the network can only be a {shape}."
    if stuck and position is not None:
        return (
            f"The loss is stuck at {short(position.model)} because {reason}. The network is a {shape}, and already the "
            "best one: no learning rate or number of epochs can improve it."
        )
    now = f" It is at {short(position.model)} now." if position is not None and position.finite else ""
    return f"The loss cannot go lower than {short(floor)} because {reason}: the network can only be a {shape}.{now}"
