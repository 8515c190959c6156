"""Lower bounds that hold for every setting of a network's weights, one theorem each."""

import math

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.network import Network
from mlpdoctor.facts.ladder.linear_floor import LinearFloor, affine_fit
from mlpdoctor.facts.ladder.model_loss import Objective, Perfection
from mlpdoctor.facts.network.collapse import Collapse
from mlpdoctor.nn.layers.properties import most_kinks
from mlpdoctor.nn.saved_options import half
from mlpdoctor.statistics.affine_factor import TargetFactor


@dataclass(frozen=True)
class Bound:
    """The lowest loss that any weights can reach, or a bound below it.

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
    """The same for the loss of each output as a whole, where the theorem is about all its units together."""

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
        total: on the whole loss; None where the theorem is not about all its parts.
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
    from mlpdoctor.analysis.floors import knots

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
