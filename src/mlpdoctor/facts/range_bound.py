"""What targets out of reach of the output's activation cost at least."""

import math

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.bounds import Bound
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.perfection import Perfection
from mlpdoctor.heads import Head
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.statistics.target_values import TargetValues
from mlpdoctor.wording import short

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
    sums, beyond = np.zeros(len(objective.parts)), np.zeros(len(heads))
    for rows in objective.passes.rows():
        weights = np.ones(len(rows.targets)) if rows.weights is None else rows.weights
        costs = [h.loss.nearest(h.targets(rows.targets), *within) for h, within in zip(heads, intervals, strict=True)]
        least = objective.heads.perfect(rows.targets)
        sums += weights @ np.concatenate(costs, axis=1)
        place = 0
        for k, cost in enumerate(costs):
            own = least[:, place : place + cost.shape[1]]
            beyond[k] += int((cost > own + ROUNDING * np.abs(cost)).any(axis=1).sum())
            place += cost.shape[1]
    means = tuple(float(total) / objective.rows for total in sums)
    inside = [confined[part.head.output] for part in objective.parts]
    per_part = tuple(mean if narrow else -math.inf for mean, narrow in zip(means, inside, strict=True))
    known = tuple(mean if narrow else base for mean, narrow, base in zip(means, inside, perfect.per_part, strict=True))
    total, shares = objective.total(known), tuple(float(count) / objective.rows for count in beyond)
    return RangeBound(per_part, _reason(heads, intervals, confined), total, intervals, shares)


def answers_within(head: Head) -> tuple[float, float]:
    """The closed interval that holds all that the loss reads of an output."""
    if head.behind or head.activation is None:
        return -math.inf, math.inf
    if head.activation.name == "softmax" and head.units == 1:
        return 1.0, 1.0
    return head.activation.bounds


def _reaches(head: Head, within: tuple[float, float], values: TargetValues) -> bool:
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


def _reason(heads: tuple[Head, ...], intervals: tuple[tuple[float, float], ...], confined: list[bool]) -> str:
    words = []
    for head, (low, high), narrow in zip(heads, intervals, confined, strict=True):
        if narrow and head.activation is not None:
            name = head.activation.name
            fixed = f"a {name} of one unit always answers {short(low)}"
            words.append(fixed if low == high else f"{name} answers stay {span(low, high)}")
    return ", ".join(dict.fromkeys(words))
