"""What a piecewise linear function of one input with so few kinks loses at least."""

import math

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.bounds import Bound
from mlpdoctor.facts.objective import Objective
from mlpdoctor.floors import knots
from mlpdoctor.layers.kinks import most_kinks
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Network

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
    return KnotBound(tuple(bounds), f"a line with at most {kinks} {'kink' if kinks == 1 else 'kinks'}", kinks)
