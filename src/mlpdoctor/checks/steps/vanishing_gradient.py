"""G601: a gradient that fades on its way back to the first layers."""

import math
from collections.abc import Iterator, Mapping

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import count, short
from mlpdoctor.facts.ladder.loss_position import LossPosition, OpenQuestion
from mlpdoctor.facts.training.gradient_flow import GradientFlow
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.properties import activation_of, mixes
from mlpdoctor.nn.layers.unsupported_layers import layer_code

MOST_LAYERS = 100


@check(
    "G601",
    Severity.ERROR,
    "{passed_shown} of the gradient at {last} reaches {first}, {layers_shown} further back",
    clears="a vanishing gradient",
    stage=Stage.UNITS,
    about=Part.UNITS,
    disturbs=Part.PACE | Part.LOSS,
    because="A103 A105 A106 U401 U402",
)
def vanishing_gradient(
    network: Network,
    flow: GradientFlow,
    question: OpenQuestion,
    position: LossPosition,
    training: Training,
    *,
    faint: float = 1e-3,
) -> Iterator[Evidence]:
    """A gradient that fades by orders of magnitude on its way back to the first layers.

    Why it matters
        Each layer multiplies the gradient by the slopes of its activation and by its weights. Where that makes it
        smaller layer after layer, the layers next to the inputs are hardly told what to change: plain gradient
        descent leaves them where they are, and Adam, which rescales every weight's steps, follows what is left of
        the signal beside the noise of the batches, down to its epsilon of 1e-7. The network stays at about the best
        constant.
    How to fix it
        relu with he_uniform instead of sigmoid, BatchNormalization between the layers, skip connections, fewer
        layers; weights drawn at an ordinary size.
    When it stays silent
        Models that do about as well as anything is known to, or have come nine tenths of the way; a gradient that
        is small everywhere alike, as at the end of training; networks in which any first layer is reached, by a
        skip connection or a short branch; what the output layer passes on, which is little where it starts from
        tiny weights, and much after the first updates; dead layers, which U401 names. Without training a warning: it
        is a prediction.
    How sure
        Measured: the root mean square, over the rows, of the gradient of each row's loss with respect to each
        layer's pre-activations, all units together; the mean over rows would be small in any trained model.
        Estimated where only a sample of the rows was looked at. In trials networks that passed on less than a
        thousandth were stuck at the constant, and those that had left it passed on more than a hundredth.
    References
        Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, 1991; Glorot and Bengio, Understanding the
        difficulty of training deep feedforward neural networks, 2010.
    """
    del question  # without one the check does not apply
    passed = flow.passed
    if not passed <= faint:
        return
    names = [one.layer for one in flow.layers]
    back = max(names.index(flow.last.layer) - names.index(flow.first.layer), 1)
    yield Evidence(
        numbers={
            "passed": passed,
            "passed_shown": "nothing" if passed == 0 else short(passed, 2),
            "share": passed,
            "first": flow.first.layer,
            "last": flow.last.layer,
            "layers_between": back,
            "layers_shown": count(back, "layer"),
            "gradient_at": _table({one.layer: one.size for one in flow.layers}),
            "gradient_over_weights": _table({one.layer: one.relative for one in flow.layers}),
            "rows": flow.rows,
        },
        certainty=Certainty.MEASURED if flow.share >= 1 else Certainty.ESTIMATED,
        severity=Severity.ERROR if position.trained and position.barely else Severity.WARNING,
        why=_why(flow, training),
        remedy=_remedy(network, flow.first.layer),
        strength=1.0 if passed == 0 else min(-math.log10(passed) / 10, 1.0),
        verdict=f"The gradient fades on its way back: {_left(passed)} at {flow.last.layer} reaches "
        f"{flow.first.layer}, {count(back, 'layer')} before it, so the first layers "
        f"{'will hardly learn' if training.never else 'hardly learn'}.",
        layers=tuple(names[names.index(flow.first.layer) : names.index(flow.last.layer) + 1]) or (flow.first.layer,),
    )


def _left(passed: float) -> str:
    return "nothing of it" if passed == 0 else f"{short(passed, 2)} of it"


def _why(flow: GradientFlow, training: Training) -> str:
    sizes = f"It is {short(flow.last.size, 2)} at {flow.last.layer} and {short(flow.first.size, 2)} at "
    so_far = " before the first update" if training.never else ""
    beside = f"beside its weights the gradient of {flow.first.layer} is {short(flow.first.relative, 2)}"
    return f"{sizes}{flow.first.layer}{so_far}; {beside}, that of {flow.last.layer} {short(flow.last.relative, 2)}."


def _table(sizes: Mapping[str, float]) -> Mapping[str, float | None]:
    listed = list(sizes.items())[:MOST_LAYERS]
    return {name: size if math.isfinite(size) else None for name, size in listed}


def _remedy(network: Network, name: str) -> Remedy:
    (layer,) = (layer for layer in network.layers if layer.name == name)
    activation, units = activation_of(layer), layer.config.get("units", layer.config.get("filters"))
    hidden = sum(mixes(one) for one in network.layers) - 1
    if activation is None:
        return Remedy("put a LayerNormalization between the layers, or take some of them out", "LayerNormalization()")
    if activation is not None and activation.name == "relu":
        return Remedy(
            f"put a BatchNormalization in front of each of the {hidden} hidden activations, or use two or three layers",
            layer_code(layer, units, 'kernel_initializer="he_uniform"') + ', BatchNormalization(), Activation("relu")',
        )
    return Remedy(
        f"use relu with he_uniform in the {count(hidden, 'hidden layer')}, or take some of them out",
        layer_code(layer, units, 'activation="relu"', 'kernel_initializer="he_uniform"'),
    )
