"""G602: a gradient that grows on its way back to the first layers."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Draws, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.loss_position import LossPosition, OpenQuestion
from mlpdoctor.facts.training.gradient_flow import GradientFlow
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.properties import activation_of, own_activation
from mlpdoctor.nn.layers.unsupported_layers import layer_code

MOST_LAYERS = 100


@check(
    "G602",
    Severity.ERROR,
    "the gradient grows {grown_shown}on its way from {last} back to {first}",
    clears="an exploding gradient",
    stage=Stage.STEP,
    about=Part.SIZE,
    disturbs=Part.PACE | Part.LOSS,
    because="G603 W301",
)
def exploding_gradient(
    network: Network,
    flow: GradientFlow,
    question: OpenQuestion,
    position: LossPosition,
    training: Training,
    *,
    grown: float = 1e3,
) -> Iterator[Evidence]:
    """A gradient that grows by orders of magnitude on its way back to the first layers.

    Why it matters
        Weights that make a signal larger in each layer make the gradient larger in each layer on its way back, and
        the predictions with it. A rate small enough for the first layers is then far too small for the last ones; any
        other throws the first layers about, until the loss jumps, stays high or is no longer a number.
    How to fix it
        Re-initialise the weights at their ordinary size (glorot_uniform, he_uniform), put BatchNormalization between
        the layers, scale inputs and targets; clipnorm=1.0 keeps single steps in bounds meanwhile.
    When it stays silent
        Models that do about as well as anything is known to, or have come nine tenths of the way; networks with
        weights that are not numbers (see W301); what the output layer alone adds, for its weights are as
        large as the targets ask. Without training a warning: it is a prediction.
    How sure
        Measured: the root mean square, over the rows, of the gradient of each row's loss with respect to each
        layer's pre-activations, all units together. Estimated where only a sample of the rows was looked at. Of
        ordinary networks, fresh or trained, none let it grow more than a hundred times.
    References
        Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, 2013.
    """
    del question  # without one the check does not apply
    finite = all(math.isfinite(one.size) for one in flow.layers)
    if finite and not flow.passed >= grown:
        return
    times = f"{short(flow.passed, 2)} times " if finite else "beyond all numbers "
    yield Evidence(
        numbers={
            "grown_shown": times,
            "times": flow.passed if finite else None,
            "first": flow.first.layer,
            "last": flow.last.layer,
            "gradient_at": {
                one.layer: one.size if math.isfinite(one.size) else None for one in flow.layers[:MOST_LAYERS]
            },
            "rows": flow.rows,
        },
        certainty=Certainty.MEASURED if flow.share >= 1 else Certainty.ESTIMATED,
        severity=Severity.ERROR if position.trained and position.barely else Severity.WARNING,
        why=f"It is {short(flow.last.size, 2)} at {flow.last.layer} and {short(flow.first.size, 2)} at "
        f"{flow.first.layer}: no one rate suits both.",
        remedy=_remedy(network, flow.first.layer),
        strength=min(math.log10(flow.passed) / 10, 1.0) if finite else 1.0,
        verdict=f"The gradient grows {times}on its way from {flow.last.layer} back to {flow.first.layer}: every step "
        f"{'will throw' if training.never else 'throws'} the first layers about.",
        layers=_between(flow),
    )


def _between(flow: GradientFlow) -> tuple[str, ...]:
    names = [one.layer for one in flow.layers]
    return tuple(names[names.index(flow.first.layer) : names.index(flow.last.layer) + 1]) or (flow.first.layer,)


def _remedy(network: Network, name: str) -> Remedy:
    (layer,) = (layer for layer in network.layers if layer.name == name)
    units, activation = layer.config.get("units", layer.config.get("filters")), layer.config.get("activation")
    start = "he_uniform" if activation == "relu" else "glorot_uniform"
    if activation_of(layer) is None:
        return Remedy("put a LayerNormalization between the layers, and clip the gradient", "LayerNormalization()")
    return Remedy(
        "re-initialise all layers with weights of ordinary size, or put a BatchNormalization behind each",
        layer_code(layer, units, *own_activation(layer), f'kernel_initializer="{start}"'),
        Draws((layer.name,), start),
    )
