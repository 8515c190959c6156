"""O209: a start far above the best constant, for want of a bias."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import coefficient, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.outputs.regression import BiasStart
from mlpdoctor.nn.layers.properties import own_activation
from mlpdoctor.nn.layers.unsupported_layers import layer_code
from mlpdoctor.nn.output_head import OutputHead

HALVED = 0.5
"""The bias is to blame when setting it would take away at least half of the starting loss."""
ENDLESS = 30.0
"""A start so many times above the constant costs more than the first epoch: it is what training is busy with."""


@check(
    "O209",
    Severity.WARNING,
    "the first loss is {times} times the best constant's; with {bias} as bias it is {after}",
    stage=Stage.CONTRACT,
    because="D703",
)
def output_bias_start(
    network: Network, objective: Objective, position: LossPosition, start: BiasStart, *, far: float = 3.0
) -> Iterator[Evidence]:
    """A start far above the best constant, for want of a bias.

    Why it matters
        The last bias starts from 0, and the predictions with it. Where the mean of the targets is far from 0, or a
        class is rare, the first epochs do nothing but move one bias, at most by the learning rate with each
        update of Adam, and the loss seems to be stuck far above what a constant prediction gives.
    How to fix it
        Start the last bias from the best constant: the mean of the targets, the log-odds of the base rate, the
        logarithm of the mean count. Or standardise the targets.
    When it stays silent
        Models past their first updates; a start near the constant; a first loss that a bias would not halve, as
        where unscaled inputs make the first predictions huge.
    How sure
        Measured: the loss with the bias added is worked out on a sample of the rows.
    References
        Karpathy, A recipe for training neural networks, 2019: init well.
    """
    times = position.of_constant(start.before)
    if not (math.isfinite(times) and times >= far and start.after <= HALVED * start.before):
        return
    for head, bias in zip(objective.heads.heads, start.biases, strict=True):
        if not bias:
            continue
        shown = ", ".join(coefficient(value) for value in bias[:4]) + (", ..." if len(bias) > 4 else "")  # noqa: PLR2004
        yield Evidence(
            numbers={
                "output": head.name,
                "times": short(times, 2),
                "before": start.before,
                "after": start.after,
                "constant": position.constant,
                "bias": shown,
                "biases": bias[:100],
            },
            certainty=Certainty.MEASURED,
            severity=Severity.WARNING if times >= ENDLESS else Severity.NOTE,
            why=f"It starts at {short(start.before)}; always predicting the best constant gives "
            f"{short(position.constant)}.",
            remedy=_remedy(network, head, bias),
            strength=1 - start.after / start.before,
            verdict=f"Training starts {short(times, 2)} times above the best constant: the last bias starts from 0 "
            f"and has to find {shown} first.",
        )


def _remedy(network: Network, head: OutputHead, bias: tuple[float, ...]) -> Remedy:
    layer = network.nodes[head.node].layer
    name = layer.short_name
    text = "start the last bias from the best constant"
    if len(bias) > 1:
        return Remedy(
            text, f"model.get_layer({quoted(name)}).bias.assign([{', '.join(coefficient(value) for value in bias)}])"
        )
    start = f"bias_initializer=keras.initializers.Constant({coefficient(bias[0])})"
    return Remedy(text, layer_code(layer, 1, *own_activation(layer), start))
