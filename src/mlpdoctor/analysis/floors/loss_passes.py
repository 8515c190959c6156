"""Passes over the rows of a convex loss, in the coordinates of orthonormal columns: what ``matrix_free`` steps by."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.analysis.floors.newton import SURE, Bend, bent, predictors
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.convex import ConvexLoss

Kept: TypeAlias = tuple[npt.NDArray[np.floating], Array, Array]
"""Features (rows, features) as they are, targets framed by the loss, weights (rows,)."""
Rows: TypeAlias = Callable[[], Iterator[Kept]]

SAMPLED = 8
"""Rows for each column that a second derivative is made from."""
FEW_CELLS = 1 << 22
"""Numbers of which a second derivative is made where there are few columns, as with a hundred classes."""
STRIP = 1 << 19
"""Numbers of a block that are worked on at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss over rows, in the coordinates of orthonormal columns.

    Attributes:
        rows: starts another pass; always in the same blocks.
        loss: convex in the predictors.
        back: turns a line in orthonormal columns into intercept and slopes, shape (1 + features, columns).
        origin: where features are counted from.
        intercept: False for predictors that vanish where all features do.
        count: of the rows, the square of the norm of each orthonormal column.
    """

    rows: Rows
    loss: ConvexLoss
    back: Array
    origin: Array
    intercept: bool
    count: int

    def natural(self, line: Array) -> tuple[Array, Array]:
        """Slopes and intercepts of a line."""
        found = self.back @ line
        if not self.intercept:
            return found, np.zeros(line.shape[1])
        return found[1:], found[0] - self.origin @ found[1:]

    def gathered(self, slopes: Array, starts: Array) -> Array:
        """Sums over rows of ``features x pull`` and of ``pull``, in the coordinates of a line."""
        if not self.intercept:
            return np.asarray(self.back.T @ slopes, np.float64)
        counted = np.concatenate([starts[None], slopes - np.outer(self.origin, starts)])
        return np.asarray(self.back.T @ counted, np.float64)

    def design(self, features: Array) -> Array:
        """The orthonormal columns of some rows."""
        if not self.intercept:
            return np.asarray(features @ self.back, np.float64)
        found: Array = (features - self.origin) @ self.back[1:] + self.back[0]
        return found

    def strips(self) -> Iterator[Kept]:
        """One pass, in strips, the features of the type in which they are kept."""
        for features, targets, weights in self.rows():
            height = max(STRIP // max(features.shape[1], targets.shape[1]), 1)
            for start in range(0, len(features), height):
                part = slice(start, start + height)
                yield features[part], targets[part], weights[part]


@dataclass(frozen=True, eq=False)
class Look:
    """What one pass sees of the loss around a line.

    Attributes:
        value: sum over rows.
        gradient: in the coordinates of the line.
        pulls: sum of the squares of each row's slopes.
        apart: whether the line tells all classes apart.
    """

    value: float
    gradient: Array
    pulls: float
    apart: bool


def look(problem: Problem, line: Array, *, exact: bool) -> Look:
    """One pass around a line, shape (columns, free predictors); in the precision of the features where not exact."""
    loss, free = problem.loss, line.shape[1]
    slopes, starts = problem.natural(line)
    total = pulls = farthest = 0.0
    nearest = np.inf
    pulled, summed = np.zeros_like(slopes), np.zeros(free)
    for kept, targets, weights in problem.strips():
        features = kept.astype(np.float64, copy=False) if exact else kept
        z = predictors(loss, features @ slopes.astype(features.dtype, copy=False) + starts)
        total += float(weights @ loss.at(targets, z))
        pull = weights[:, None] * loss.slope(targets, z)[:, :free]
        pulled += features.T @ pull.astype(features.dtype, copy=False)
        summed += pull.sum(axis=0)
        pulls += float(np.square(pull).sum())
        margin = loss.margin(targets, z)
        nearest = -np.inf if margin is None else min(nearest, float(margin[weights > 0].min(initial=np.inf)))
        farthest = max(farthest, float(np.abs(z).max(initial=0.0)))
    return Look(total, problem.gathered(pulled, summed), pulls, nearest > SURE * farthest)


def alike(loss: ConvexLoss, slopes: Array) -> Array:
    """The step of the free predictors for some slopes, shape (..., free), that is the same whichever is the reference.

    The slope of the reference is minus the sum of the others', and a step of it is one of all others the other way.
    Without that, directions in which all others move together would be steeper than the rest by their number.
    """
    return slopes + slopes.sum(axis=-1, keepdims=True) if loss.reference else slopes


def bends(problem: Problem, line: Array) -> Iterator[Bend]:
    """How the loss of each row bends at a line, times its weight, strip by strip."""
    loss, free = problem.loss, line.shape[1]
    slopes, starts = problem.natural(line)
    for kept, targets, weights in problem.strips():
        z = predictors(loss, kept.astype(np.float64, copy=False) @ slopes + starts)
        diagonal, factor = loss.curvature(targets, z)
        root = np.sqrt(weights)[:, None]
        yield weights[:, None] * diagonal[:, :free], None if factor is None else root * factor[:, :free]


def own(bend: Bend) -> Array:
    """How much each row bends along each predictor, shape (rows, free)."""
    diagonal, factor = bend
    return np.maximum(diagonal if factor is None else diagonal - factor**2, 0.0)


def steepest(problem: Problem, line: Array) -> npt.NDArray[np.bool_]:
    """The rows that bend most at a line, as many as a second derivative is made from: shape (rows,)."""
    size = np.concatenate([own(bend).sum(axis=1) for bend in bends(problem, line)])
    most = max(SAMPLED * len(line), FEW_CELLS // len(line))
    chosen = np.ones(len(size), bool)
    chosen[np.argsort(-size, kind="stable")[most:]] = False
    return chosen


def turned(problem: Problem, held: tuple[Bend, ...], direction: Array) -> Array:
    """The second derivative that the rows' bends add up to, times a direction."""
    along, ahead = problem.natural(direction)
    pulled, summed = np.zeros_like(along), np.zeros(len(ahead))
    for (kept, _, _), bend in zip(problem.strips(), held, strict=True):
        features = kept.astype(np.float64, copy=False)
        pull = bent(bend, features @ along + ahead)
        pulled += features.T @ pull
        summed += pull.sum(axis=0)
    return problem.gathered(pulled, summed)


def own_bends(problem: Problem, held: tuple[Bend, ...], columns: int) -> Array:
    """For each predictor its own second derivative, shape (free, columns, columns)."""
    found = np.zeros((held[0][0].shape[1], columns, columns))
    for (kept, _, _), bend in zip(problem.strips(), held, strict=True):
        design = problem.design(kept.astype(np.float64, copy=False)).astype(np.float32)
        for k, root in enumerate(np.sqrt(own(bend)).astype(np.float32).T):
            scaled = root[:, None] * design
            found[k] += scaled.T @ scaled
    return found
