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
"""Rows for each column that the preconditioner is made from."""
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
        bends: how each row bends, strip by strip.
        apart: whether the line tells all classes apart.
    """

    value: float
    gradient: Array
    pulls: float
    bends: tuple[Bend, ...]
    apart: bool


def look(problem: Problem, line: Array) -> Look:
    """One pass around a line, shape (columns, free predictors)."""
    loss, free = problem.loss, line.shape[1]
    slopes, starts = problem.natural(line)
    total = pulls = farthest = 0.0
    nearest, bends = np.inf, []
    pulled, summed = np.zeros_like(slopes), np.zeros(free)
    for kept, targets, weights in problem.strips():
        features = kept.astype(np.float64, copy=False)
        z = predictors(loss, features @ slopes + starts)
        total += float(weights @ loss.at(targets, z))
        pull = weights[:, None] * loss.slope(targets, z)[:, :free]
        pulled += features.T @ pull
        summed += pull.sum(axis=0)
        pulls += float(np.square(pull).sum())
        diagonal, factor = loss.curvature(targets, z)
        root = np.sqrt(weights)[:, None]
        bends.append((weights[:, None] * diagonal[:, :free], None if factor is None else root * factor[:, :free]))
        margin = loss.margin(targets, z)
        nearest = -np.inf if margin is None else min(nearest, float(margin[weights > 0].min(initial=np.inf)))
        farthest = max(farthest, float(np.abs(z).max(initial=0.0)))
    return Look(total, problem.gathered(pulled, summed), pulls, tuple(bends), nearest > SURE * farthest)


def turned(problem: Problem, here: Look, direction: Array, *, exact: bool) -> Array:
    """The second derivative at a line, times a direction; in the precision of the features where not exact."""
    along, ahead = problem.natural(direction)
    pulled, summed = np.zeros_like(along), np.zeros(len(ahead))
    for (kept, _, _), bend in zip(problem.strips(), here.bends, strict=True):
        features = kept.astype(np.float64, copy=False) if exact else kept
        pull = bent(bend, features @ along.astype(features.dtype, copy=False) + ahead)
        pulled += features.T @ pull.astype(features.dtype, copy=False)
        summed += pull.sum(axis=0)
    return problem.gathered(pulled, summed)


def own_bends(problem: Problem, here: Look) -> Array:
    """For each predictor its own second derivative, from some rows of each strip: shape (free, columns, columns)."""
    columns, free = here.gradient.shape
    every = max(problem.count // (SAMPLED * columns), 1)
    found = np.zeros((free, columns, columns))
    for (kept, _, _), (diagonal, factor) in zip(problem.strips(), here.bends, strict=True):
        own = diagonal[::every] - (0.0 if factor is None else factor[::every] ** 2)
        design = problem.design(kept[::every].astype(np.float64, copy=False)).astype(np.float32)
        root = np.sqrt(np.maximum(own, 0.0)).astype(np.float32)
        for k in range(free):
            scaled = root[:, k : k + 1] * design
            found[k] += scaled.T @ scaled
    found *= every
    return found
