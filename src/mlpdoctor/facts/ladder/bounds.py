"""Lower bounds that hold for every setting of a network's weights, one theorem each."""

import math
from functools import partial

import numpy as np

from mlpdoctor.analysis.floors import knots
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.network import Array, Network
from mlpdoctor.core.text import short
from mlpdoctor.facts.ladder.linear_floor import LinearFloor, affine_fit
from mlpdoctor.facts.ladder.model_loss import Objective, Perfection
from mlpdoctor.facts.network.collapse import Collapse
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.layers.properties import most_kinks
from mlpdoctor.nn.losses.loss import TargetKind
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.nn.saved_options import computes_in, half
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.losses_and_targets import TargetValues
from mlpdoctor.statistics.views import Rows


@dataclass(frozen=True)
class Bound:
    """What no setting of the weights goes below.

    Attributes:
        per_part: the bound for each part of the loss; minus infinity where the theorem says nothing of it.
        reason: the theorem, in a few words.
        doubt: what the theorem leaves out, in a few words; None where it is a proof as it stands.
    """

    per_part: tuple[float, ...]
    reason: str
    doubt: str | None

    @property
    def certainty(self) -> Certainty:
        """How sure it is."""
        return certainty(self.doubt)


def certainty(doubt: str | None) -> Certainty:
    """How sure what leaves such a doubt is."""
    return Certainty.PROVED if doubt is None else Certainty.ESTIMATED


def caveat(doubt: str | None) -> str:
    """A doubt as a sentence behind others; empty without one."""
    return "" if doubt is None else f" That holds {doubt}."


def rounding(network: Network) -> str | None:
    """What theorems on exact maps leave out in half precision, whose steps of three digits training can lean on."""
    name = half(network)
    return None if name is None else f"but for the rounding of {name}"


@dataclass(frozen=True)
class HeadBound:
    """The same for the loss of each output as a whole, where the theorem speaks of all its units together."""

    per_head: tuple[float, ...]
    reason: str
    doubt: str | None

    @property
    def certainty(self) -> Certainty:
        """How sure it is."""
        return certainty(self.doubt)


@dataclass(frozen=True)
class CollapseBound(Bound):
    """The bound of a network that is affine up to its last activation.

    Attributes:
        total: on the whole loss; None where the theorem does not speak of all its parts.
        model: what the network is no more than: ``logistic regression``.
    """

    total: float | None
    model: str


@fact
def collapse_bound(
    objective: Objective,
    network: Network,
    collapse: Collapse,
    linear: LinearFloor,
    factor: TargetFactor,
    perfect: Perfection,
) -> CollapseBound | Absent:
    """Outputs that are affine in the inputs lose at least what the best affine predictor loses.

    Theorem: a composition of affine maps is affine, so whatever the weights, what the loss reads is one of the
    predictors over which the affine rung is the minimum. Its witness is the line that reaches the rung. Without any
    bias the predictor is zero at the origin as well, and the minimum over those is at least as high. Losses that Keras
    caps for answers near zero could give some rows up for good, which no line is charged with: there it is no proof.
    """
    bounds = []
    for k, part in enumerate(objective.parts):
        if not (part.head.straight and collapse.affine_heads[part.head.output]):
            bounds.append(-math.inf)
        elif collapse.intercept:
            bounds.append(linear.fits[k].lower)
        else:
            bare = affine_fit(objective, part, factor, lowest=perfect.per_part[k], intercept=False)
            bounds.append(max(bare.lower, linear.fits[k].lower))
    if max(bounds) == -math.inf:
        return Absent("no output is affine in the inputs", applicable=False)
    model = linear.model.removeprefix("best ")
    plain = "an affine network" if all(part.head.loss.linear != "convex" for part in objective.parts) else f"a {model}"
    reason = plain if collapse.intercept else f"{plain} without any bias"
    total = objective.total(tuple(bounds)) if min(bounds) > -math.inf else None
    capped = any(bound > -math.inf and part.loss.capped for bound, part in zip(bounds, objective.parts, strict=True))
    doubt = rounding(network) or (CAPPED if capped else None)
    return CollapseBound(tuple(bounds), reason, doubt, total, model)


CAPPED = "but for rows given up, whose loss Keras caps at 16 times the target"


MOST_KINKS = 256
"""Beyond it the bound is next to nothing for any rows worth plotting, and its search takes seconds."""
MOST_ROWS = 1 << 21
"""Rows sorted in memory, 32 MiB."""


@dataclass(frozen=True)
class KnotBound(Bound):
    """The bound of a piecewise linear network with one input.

    Attributes:
        kinks: how many kinks its answer can have at most, whatever the weights.
    """

    kinks: int


@fact
def knot_bound(objective: Objective, network: Network) -> KnotBound | Absent:
    """A network of one input with piecewise linear units draws a line with a countable number of kinks.

    Theorem: between two kinks it is a straight line, so on the sorted rows it loses at least what the best partition
    into as many runs loses, each with a least squares line of its own (Bellman, On the approximation of curves by
    line segments using dynamic programming, 1961).
    """
    counts = most_kinks(network)
    if counts is None:
        return Absent("the kinks of this network cannot be counted", applicable=False)
    if not any(counts):
        return Absent("this network draws a straight line, without kinks", applicable=False)
    squares = [part.loss.linear == "squares" and 0 < counts[part.head.output] <= MOST_KINKS for part in objective.parts]
    if not any(squares) or objective.rows > MOST_ROWS:
        return Absent("the kinks of this network are too many, or its loss is no squared error", applicable=False)
    bounds = []
    for part, fits in zip(objective.parts, squares, strict=True):
        if not fits:
            bounds.append(-math.inf)
            continue
        x, y, weights = (np.concatenate(arrays) for arrays in zip(*objective.judged(part), strict=True))
        bounds.append(knots.lower_bound(x[:, 0], y[:, 0], counts[part.head.output], weights))
    kinks = max(counts[part.head.output] for part, fits in zip(objective.parts, squares, strict=True) if fits)
    reason = f"a line with at most {kinks} {'kink' if kinks == 1 else 'kinks'}"
    return KnotBound(tuple(bounds), reason, rounding(network), kinks)


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
