"""A107: many sigmoid or tanh layers on top of each other."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, likewise, listing, short
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.nn.layers.graph import users
from mlpdoctor.nn.layers.properties import activation_of, is_learned, steepest
from mlpdoctor.nn.layers.unsupported_layers import layer_code

PASSED_ON = ("Activation", "Dropout", "GaussianDropout", "GaussianNoise", "Identity", "Flatten", "Reshape", "Permute")
"""Layers that leave a gradient about as large as it is."""


@check(
    "A107",
    Severity.ERROR,
    "{depth} {activation} layers in a row ({chain}) pass about {passed} of a gradient on to the first of them",
    stage=Stage.ARCHITECTURE,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
    names=("a vanishing gradient",),
)
def deep_saturating_stack(
    network: Network,
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
    for stack in _stacks(network):
        depth = len(stack)
        slopes = [steepest(activation) for _, activation in stack]
        gains = [_gain(layer) for layer, _ in stack[1:]]
        passed = math.prod(slopes) * math.prod(gains)
        if depth <= harmless_depth or not passed <= faint:
            continue
        names = [layer.name for layer, _ in stack]
        kinds = list(dict.fromkeys(activation.name for _, activation in stack))
        first = names[0]
        yield Evidence(
            numbers={
                "depth": depth,
                "activation": " and ".join(kinds),
                "chain": listing(names),
                "passed": passed,
                "layers": tuple(names[:100]),
                "largest_slopes": tuple(slopes[:100]),
                "product_of_slopes": math.prod(slopes),
                "weight_gains": tuple(gains[:100]),
            },
            certainty=Certainty.ESTIMATED,
            severity=_severity(position),
            why=f"The slopes alone multiply to {short(math.prod(slopes), 2)} at most, the weights in between to about "
            f"{short(math.prod(gains), 2)}: of a gradient that enters at {names[-1]} about {short(passed, 2)} is left "
            f"for {first}.",
            remedy=_remedy(stack),
            strength=min(-math.log10(max(passed, 1e-30)) / 10, 1.0),
            verdict=f"The gradient fades on its way through {count(depth, f'{kinds[0]} layer')} in a row: about "
            f"{short(passed, 2)} of it reaches {first}, so the first layers hardly learn.",
            layers=tuple(names),
        )


def _stacks(network: Network) -> Iterator[list[tuple[Layer, Activation]]]:
    """Hidden squashing layers one behind the other, as long as can be, from the input on."""
    following = users(network)
    above: dict[int, int] = {}
    entries: dict[int, Activation] = {}
    for position, node in enumerate(network.nodes):
        if not is_learned(node.layer):
            continue
        activation, end = _activation(network, following, position)
        if activation is None or not activation.saturating or activation.rectified or end in network.outputs:
            continue
        entries[position] = activation
        upper = _next_learned(network, following, end)
        if upper is not None:
            above[position] = upper
    below = {upper for upper in above.values() if upper in entries}
    for position in entries:
        if position in below:
            continue
        here: int | None = position
        stack = []
        while here in entries:
            stack.append((network.nodes[here].layer, entries[here]))
            here = above.get(here)
        yield stack


def _activation(network: Network, following: Sequence[Sequence[int]], position: int) -> tuple[Activation | None, int]:
    """The function on a learned layer's units, its own or that of an Activation layer behind, and where it ends."""
    own = activation_of(network.nodes[position].layer)
    while own is not None and own.affine and len(following[position]) == 1 and position not in network.outputs:
        user = following[position][0]
        if network.nodes[user].layer.kind not in PASSED_ON:
            break
        position, own = user, activation_of(network.nodes[user].layer)
    return own, position


def _next_learned(network: Network, following: Sequence[Sequence[int]], position: int) -> int | None:
    """The one learned layer that the values enter, with nothing on the way that changes the size of a gradient.

    Where the way forks, a gradient has other ways round.
    """
    while len(following[position]) == 1 and position not in network.outputs:
        position = following[position][0]
        node = network.nodes[position]
        if len(node.sources) > 1:
            return None
        if is_learned(node.layer):
            return position
        own = activation_of(node.layer)
        if node.layer.kind not in PASSED_ON or own is None or not own.affine:
            return None
    return None


def _gain(layer: Layer) -> float:
    """By how much a kernel makes a gradient of random direction longer on its way back, root mean square.

    About 1 for glorot_uniform, the start weights of Keras; taken for that where the file holds no weights.
    """
    kernel = layer.weights.get("kernel")
    if kernel is None or not kernel.size:
        return 1.0
    return float(np.linalg.norm(kernel.astype(np.float64)) / math.sqrt(kernel.shape[-1]))


def _severity(position: LossPosition | None) -> Severity:
    if position is not None and position.trained and not position.finite:
        return Severity.NOTE
    barely = position is not None and position.barely
    return severity(position, far=Severity.ERROR if barely else Severity.WARNING)


def _remedy(stack: Sequence[tuple[Layer, Activation]]) -> Remedy:
    layer, *others = (layer for layer, _ in stack)
    code = layer_code(layer, layer.config.get("units", 1), 'activation="relu"', 'kernel_initializer="he_uniform"')
    return Remedy(
        f"use relu in all {len(stack)} of these layers, or take some of them out",
        likewise(code, [other.short_name for other in others]),
    )
