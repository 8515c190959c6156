"""O204: targets that the output's activation cannot reach."""

import math
from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.ladder.range_bound import RangeBound, span
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.losses_and_targets import TargetValues


@check(
    "O204",
    Severity.ERROR,
    "the output ({activation}) stays {span}, but {beyond_share} of the rows have targets beyond, from {low} to {high}",
    stage=Stage.CONTRACT,
    disturbs=Part.UNITS | Part.PACE | Part.LOSS,
    because="O202 O203 O205 O206 O207",
)
def output_range(
    network: Network,
    objective: Objective,
    bound: RangeBound,
    values: TargetValues,
    position: LossPosition,
    training: Training,
    *,
    tolerated: float = 0.01,
) -> Iterator[Evidence]:
    """Targets that the output's activation cannot reach.

    Why it matters
        A sigmoid stays between 0 and 1, tanh between -1 and 1, a ReLU nothing below 0. Where targets lie beyond, the
        best the network can do is to predict the end of its range for every such row, and training drives it there.
    How to fix it
        For numbers of any size take no activation at the output; or bring the targets into its range.
    When it stays silent
        Targets exactly on the end of the range, as labels 0 and 1 of a sigmoid; targets beyond it that cost less than
        the tolerated share of what the best constant loses; a softmax over one unit (see O201).
    How sure
        Proved: each row is charged the loss of the nearest prediction within the range, whatever the inputs.
    """
    cost = position.of_constant(bound.total) if position.above(position.constant) > 0 else math.inf
    if not cost > tolerated:
        return
    for head, (low, high), beyond in zip(objective.heads.heads, bound.intervals, bound.beyond, strict=True):
        if beyond == 0 or low == high or head.activation is None:
            continue
        columns = head.own
        least, most = float(values.low[columns].min()), float(values.high[columns].max())
        layer = network.nodes[head.node].layer
        yield Evidence(
            numbers={
                "output": head.name,
                "activation": head.activation.name,
                "span": span(low, high),
                "beyond_share": beyond,
                "low": least,
                "high": most,
                "floor": bound.total,
                "floor_of_constant_share": cost if math.isfinite(cost) else None,
            },
            certainty=Certainty.PROVED,
            why=f"Whatever its weights, the loss stays at {short(bound.total)} or above; predicting the best constant "
            f"without this activation would give {short(position.constant)}.",
            remedy=_remedy(head, layer.short_name, least, most),
            explains=None if training.never else position.share(bound.total),
            strength=min(cost, 1.0),
            verdict=f"Your last layer ({head.activation.name}) only outputs numbers {span(low, high)}, but the targets "
            f"go from {short(least)} to {short(most)}: the loss cannot go below {short(bound.total)}.",
            rules_out=("learning rate", "optimizer", "epochs", "width") if position.share(bound.total) == 1 else (),
        )


def _remedy(head: OutputHead, name: str, low: float, high: float) -> Remedy:
    code = f"Dense({head.units}, name={quoted(name)})"
    if head.activation is not None and low >= 0 and head.activation.bounds[1] != math.inf:
        return Remedy(f"remove the activation of the output, or divide the targets by {short(high)}", code)
    return Remedy("remove the activation of the output", code)
