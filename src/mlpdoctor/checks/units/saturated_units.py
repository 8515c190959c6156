"""U402: saturating units on their flat part."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import percent, short
from mlpdoctor.facts.ladder.loss_position import LossPosition, severity
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.keras_code import layer_code
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.statistics.unit_activity import Flatness

MOST_ROWS = 0.5
"""A unit counts as saturated when it is flat on at least half of the rows: then its median slope is flat."""


@check(
    "U402",
    Severity.ERROR,
    "{saturated} of {units} {activation} units are flat on most rows; the mean slope is {slope_share} of the steepest",
    clears="saturated units",
    stage=Stage.UNITS,
    about=Part.UNITS,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
)
def saturated_units(
    layer: Layer,
    network: Network,
    seen: Flatness,
    where: LossPosition | None,
    heads: Heads | None,
    *,
    tolerated: float = 0.5,
) -> Iterator[Evidence]:
    """Sigmoid, tanh and similar units on the flat part of their curve.

    Why it matters
        A unit far out on its curve passes on almost no gradient, so neither its own weights nor those before it
        learn. Its output is nearly a constant or a step.
    Remedy
        Start from smaller weights (the default glorot_uniform), scale the inputs, put BatchNormalization before the
        activation, or use ReLU in hidden layers.
    Stays quiet on
        Models that do as well as anything is known to, whatever their units. An output whose loss is a cross-entropy
        of its logits: where it is sure and right nothing is left to learn, and where it is sure and wrong the
        gradient is as large as can be.
    Certainty
        Measured: every unit on every row.
    References
        Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
    """
    share = seen.flat / seen.rows
    saturated = share >= MOST_ROWS
    units = len(share)
    if heads is not None and any(head.behind and network.nodes[head.node].layer is layer for head in heads.heads):
        return
    output = any(network.nodes[position].layer is layer for position in network.outputs)
    if saturated.mean() <= tolerated or (where is not None and where.near) or (output and where is None):
        return
    activation = activation_of(layer)
    name = layer.short_name
    yield Evidence(
        numbers={
            "saturated": int(saturated.sum()),
            "units": units,
            "rows": seen.rows,
            "activation": activation.name if activation else layer.kind,
            "flat_share": float(share.mean()),
            "slope_share": float((seen.slope / seen.rows).mean()),
            "output": output,
        },
        certainty=Certainty.MEASURED,
        severity=severity(where),
        why=f"On {percent(float(share.mean()))} of all rows and units the slope is under a twentieth of the steepest, "
        f"so almost no gradient gets through {name}.",
        remedy=Remedy(
            f"draw the weights of {name} anew and smaller, as the default glorot_uniform does{_scale(layer)}",
            layer_code(
                layer,
                units,
                f'activation="{activation.name if activation else "tanh"}"',
                'kernel_initializer="glorot_uniform"',
            ),
        ),
        strength=float(share.mean()) * (0.5 if output else 1.0),
        verdict=f"Training is stuck because the units of {layer.name} are saturated: {int(saturated.sum())} of {units} "
        "sit on the flat part of their curve, where almost no gradient passes.",
    )


def _scale(layer: Layer) -> str:
    """How the layer's weights compare with what Glorot and Bengio advise, if it has a kernel."""
    kernel = layer.weights.get("kernel")
    if kernel is None or kernel.ndim != 2:  # noqa: PLR2004  a matrix
        return ""
    advised = math.sqrt(2 / sum(kernel.shape))
    return f" (their standard deviation is {short(float(kernel.std()), 2)}, its would be {short(advised, 2)})"
