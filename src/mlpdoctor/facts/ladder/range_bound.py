"""No prediction within the range of the outputs goes below it, whatever the weights."""

import math
from functools import partial

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.bounds import Bound
from mlpdoctor.facts.ladder.model_loss import Objective, Perfection
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.losses.loss import TargetKind
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.nn.saved_options import computes_in
from mlpdoctor.statistics.losses_and_targets import TargetValues
from mlpdoctor.statistics.views import Rows

ROUNDING = 1e-12
"""Share of a row's loss that rounding may put between the nearest answer and a perfect one."""


@dataclass(frozen=True)
class RangeBound(Bound):
    """The bound of outputs that cannot leave an interval.

    Attributes:
        total: on the whole loss, perfect answers where the theorem says nothing.
        intervals: for each output the interval that holds all its answers.
        beyond: for each output the share of rows with a target out of reach.
    """

    total: float
    intervals: tuple[tuple[float, float], ...]
    beyond: tuple[float, ...]


@fact
def range_bound(objective: Objective, values: TargetValues, perfect: Perfection) -> RangeBound | Absent:
    """An activation function with bounds loses at least what the nearest values within them lose on each row.

    Theorem: the minimum over more answers than the network can give is not above the minimum over those it can give;
    here all answers within the bounds, for each row by itself. A softmax over one unit is the bound at its narrowest:
    it answers one, whatever its weights.
    """
    heads = objective.heads.heads
    intervals = tuple(answers_within(head) for head in heads)
    confined = [not _reaches(head, within, values) for head, within in zip(heads, intervals, strict=True)]
    if not any(confined):
        return Absent("the output's activation reaches all targets", applicable=False)
    reached = tuple(_rounded(head, within) for head, within in zip(heads, intervals, strict=True))
    missed = objective.passes.kept(partial(_missed, objective.heads, reached))
    sums, beyond = (np.sum(part, axis=0) for part in zip(*missed, strict=True))
    means = tuple(float(total) / objective.rows for total in sums)
    inside = [confined[part.head.output] for part in objective.parts]
    per_part = tuple(mean if narrow else -math.inf for mean, narrow in zip(means, inside, strict=True))
    known = tuple(mean if narrow else base for mean, narrow, base in zip(means, inside, perfect.per_part, strict=True))
    total, shares = objective.total(known), tuple(float(count) / objective.rows for count in beyond)
    return RangeBound(per_part, _reason(heads, intervals, confined), None, total, intervals, shares)


def _missed(heads: Heads, intervals: tuple[tuple[float, float], ...], rows: Rows) -> tuple[Array, Array]:
    """What the nearest answers within the intervals cost, summed for each part; rows of each head that they miss."""
    weights = np.ones(len(rows.targets)) if rows.weights is None else rows.weights
    pairs = zip(heads.heads, intervals, strict=True)
    costs = [head.loss.nearest(head.targets(rows.targets), *within) for head, within in pairs]
    least, beyond, place = heads.perfect(rows.targets), np.zeros(len(costs)), 0
    for k, cost in enumerate(costs):
        own = least[:, place : place + cost.shape[1]]
        beyond[k] = int((cost > own + ROUNDING * np.abs(cost)).any(axis=1).sum())
        place += cost.shape[1]
    return weights @ np.concatenate(costs, axis=1), beyond


def answers_within(head: OutputHead) -> tuple[float, float]:
    """The closed interval that holds all that the loss reads of an output, whatever training makes of its weights."""
    if head.behind or head.activation is None:
        return -math.inf, math.inf
    if head.activation.name == "softmax" and head.units == 1:
        return 1.0, 1.0
    return head.activation.bounds


def _rounded(head: OutputHead, within: tuple[float, float]) -> tuple[float, float]:
    """The interval with room for how the layer's arithmetic rounds ends that are no whole numbers, as that of selu."""
    room = 4 * GRAIN.get(computes_in(head.layer), GRAIN["float32"])
    low, high = (0.0 if not math.isfinite(end) or float(end).is_integer() else room * abs(end) for end in within)
    return within[0] - low, within[1] + high


GRAIN = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
"""The step between 1 and the next number of each type."""


def _reaches(head: OutputHead, within: tuple[float, float], values: TargetValues) -> bool:
    """Whether it is clear without another pass that every target has its best answer within an interval."""
    low, high = within
    if head.loss.targets in (TargetKind.REAL, TargetKind.COUNT):
        own = head.own
        return bool(low <= values.low[own].min() and values.high[own].max() <= high)
    if head.loss.targets is TargetKind.SIGN:
        return low <= -1 and high >= 1
    logits = bool(getattr(head.loss, "from_logits", False))
    return (low, high) == (-math.inf, math.inf) if logits else low <= 0 and high >= 1


def span(low: float, high: float) -> str:
    """An interval in words."""
    if low == -math.inf:
        return f"below {short(high)}"
    return f"above {short(low)}" if high == math.inf else f"between {short(low)} and {short(high)}"


def _reason(heads: tuple[OutputHead, ...], intervals: tuple[tuple[float, float], ...], confined: list[bool]) -> str:
    words = []
    for head, (low, high), narrow in zip(heads, intervals, confined, strict=True):
        if narrow and head.activation is not None:
            name = head.activation.name
            fixed = f"a {name} of one unit always outputs {short(low)}"
            words.append(fixed if low == high else f"{name} outputs stay {span(low, high)}")
    return ", ".join(dict.fromkeys(words))
