"""A107: many sigmoid or tanh layers on top of each other."""

import math
from collections.abc import Iterator, Sequence

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer
from mlpdoctor.core.text import count, likewise, listing, short
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.facts.network.saturating_stacks import SaturatingStacks
from mlpdoctor.nn.layers.unsupported_layers import layer_code


@check(
    "A107",
    Severity.ERROR,
    "{depth} {activation} layers in a row ({chain}) pass about {passed} of a gradient on to the first of them",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
    names=("a vanishing gradient",),
)
def deep_saturating_stack(
    stacks: SaturatingStacks,
    position: LossPosition | None,
    *,
    harmless_depth: int = 3,
    faint: float = 0.05,
) -> Iterator[Evidence]:
    """Many sigmoid or tanh layers in a row, with no normalisation or skip connection between them.

    Why it matters
        On its way back a gradient is multiplied in each layer by the slope of the activation and by the weights. The
        slope of a sigmoid is 1/4 at most: four such layers of ordinary weights leave 1/256 of the gradient, eight leave
        1/65536. The first layers hardly move, and the network predicts about the same for every row until the weights
        have slowly grown. The slope of tanh is 1 at most, so that it is the size of the weights which decides.
    How to fix it
        Use relu (with he_uniform), or tanh in place of sigmoid, or put a BatchNormalization between the layers, or use
        fewer layers: two or three are enough for most tables.
    When it stays silent
        Up to three such layers; the output layer, whose sigmoid is part of the loss; layers parted by a
        normalisation, by another activation or by a skip connection; weights large enough to make up for the slopes, as
        in tanh layers of ordinary start weights or in sigmoid layers that have been trained. A model that is close to
        what is known to be reachable gets a note.
    How sure
        Estimated: the largest slope of each activation times the root mean square gain of each saved kernel, for a
        gradient of no special direction. Saturated units pass less than that. In trials of four and five sigmoid layers
        on a smooth target most networks that passed under 0.04 were stuck on a straight line or a constant, and those
        above 0.08 had left it.
    References
        Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """
    for stack in stacks.stacks:
        depth, passed = len(stack.layers), stack.passed
        if depth <= harmless_depth or not passed <= faint:
            continue
        names = [layer.name for layer in stack.layers]
        left = f"about {short(passed, 2)}"
        yield Evidence(
            numbers={
                "depth": depth,
                "activation": " and ".join(stack.activations),
                "chain": listing(names),
                "passed": passed,
                "layers": tuple(names[:100]),
                "largest_slopes": stack.slopes[:100],
                "product_of_slopes": math.prod(stack.slopes),
                "weight_gains": stack.gains[:100],
            },
            certainty=Certainty.ESTIMATED,
            severity=_severity(position),
            why=f"The slopes alone multiply to {short(math.prod(stack.slopes), 2)} at most, the weights in between to "
            f"about {short(math.prod(stack.gains), 2)}: of a gradient that enters at {names[-1]} {left} is left for "
            f"{names[0]}.",
            remedy=_remedy(stack.layers),
            strength=min(-math.log10(max(passed, 1e-30)) / 10, 1.0),
            verdict=f"The gradient fades on its way through {count(depth, f'{stack.activations[0]} layer')} in a row: "
            f"{left} of it reaches {names[0]}, so the first layers hardly learn.",
            layers=tuple(names),
        )


def _severity(position: LossPosition | None) -> Severity:
    if position is not None and position.trained and not position.finite:
        return Severity.NOTE
    barely = position is not None and position.barely
    return severity(position, far=Severity.ERROR if barely else Severity.WARNING)


def _remedy(layers: Sequence[Layer]) -> Remedy:
    first, *others = layers
    code = layer_code(first, first.config.get("units", 1), 'activation="relu"', 'kernel_initializer="he_uniform"')
    return Remedy(
        f"use relu in all {len(layers)} of these layers, or take some of them out",
        likewise(code, [other.short_name for other in others]),
    )
