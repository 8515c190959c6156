"""The least mean of a convex loss where the second derivative is too large to be held, as with pictures and classes.

Newton's steps are found by conjugate gradients, for which products with the second derivative are enough: one pass
over the rows each, in the coordinates of the columns made orthonormal (Nocedal and Wright, Numerical optimization,
2006, section 7.1). Each step is preconditioned by the second derivative of each predictor alone, on a sample of the
rows. The last step is solved until its dual point is orthogonal to every column, and then bounds the optimum from
below as that of ``newton`` does.
"""

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.analysis.floors.basis import EPSILON
from mlpdoctor.analysis.floors.newton import DAMPINGS, ENOUGH, LEAST_STEP, ORTHOGONAL, SURE, Solution, predictors
from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.convex import ConvexLoss

Kept: TypeAlias = tuple[npt.NDArray[np.floating], Array, Array]
"""Features (rows, features) as they are, targets framed by the loss, weights (rows,)."""
Rows: TypeAlias = Callable[[], Iterator[Kept]]

MOST_STEPS = 25
"""Newton needs ten steps or so; classes that all but a few rows tell apart take one for each digit."""
MOST_TURNS = 60
"""Products with the second derivative for one step."""
LAST_TURNS = 120
"""And for each round of the last one, whose dual point is to be a proof."""
LAST_STEPS = 8
"""Steps that are solved to all digits: the first proves the bound, unless a row is too far from its optimum."""
ROUNDS = 4
"""Each round of single precision takes four digits off what is left of the equation; eight are needed."""
FORCING = 0.1
"""A step is solved to this share of the gradient: closer ones cost more turns than they save steps."""
REFINED = 1e-4
"""Share of what is left that one round in single precision may leave in its turn."""
CLOSE = 1e-3
"""The search ends where one more step would gain less than this share of what a constant loses: the bound is proved
from there, and three digits are what a rung of this size is read to."""
SAMPLED = 8
"""Rows for each column that the preconditioner is made from."""
RIDGE = 1e-6
"""Share of its mean diagonal that is added to the preconditioner, which a few rows may leave without full rank."""
LEAST_SCALE = 1e-12
"""Second derivative of a row under which a loss is straight there, as a hinge is: the step is then left as it is."""
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


Bend: TypeAlias = tuple[Array, Array | None]
"""The second derivative of each row's loss, times the row's weight: ``diag(d) - f f'``."""


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
        pull = _bent(bend, features @ along.astype(features.dtype, copy=False) + ahead)
        pulled += features.T @ pull.astype(features.dtype, copy=False)
        summed += pull.sum(axis=0)
    return problem.gathered(pulled, summed)


def _bent(bend: Bend, move: Array) -> Array:
    diagonal, factor = bend
    bent: Array = diagonal * move
    if factor is not None:
        bent -= factor * (factor * move).sum(axis=1, keepdims=True)
    return bent


def _own_bends(problem: Problem, here: Look) -> Array:
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


@dataclass(frozen=True, eq=False)
class Equation:
    """Newton's equation at a line.

    Attributes:
        problem: the rows and the loss.
        here: the line.
        precondition: for each predictor about the inverse of its own second derivative.
        damping: added to the second derivative, in each direction (Levenberg, 1944).
    """

    problem: Problem
    here: Look
    precondition: tuple[Array, ...]
    damping: float = 0.0

    @classmethod
    def at(cls, problem: Problem, here: Look, own: Array, damping: float = 0.0) -> "Equation":
        """Precondition it by the predictors' own second derivatives."""
        unit = np.eye(own.shape[1])
        scales = [max(float(np.trace(one)) / len(one) + damping, LEAST_SCALE * problem.count) for one in own]
        prepared = [
            np.linalg.inv((one + damping * unit) / scale + RIDGE * unit) / scale
            for one, scale in zip(own, scales, strict=True)
        ]
        return cls(problem, here, tuple(prepared), damping)

    def prepared(self, rest: Array) -> Array:
        """What is left of the equation, preconditioned."""
        return np.stack([inverse @ rest[:, k] for k, inverse in enumerate(self.precondition)], axis=1)

    def solved(self, right: Array, *, share: float, most: int) -> Array:
        """The step for a right side, to a share of it, by preconditioned conjugate gradients."""
        step, rest = np.zeros_like(right), right
        until = share * float(np.abs(right).max())
        direction = prepared = self.prepared(rest)
        product = float((rest * prepared).sum())
        for _ in range(most):
            if not product > 0:
                break
            bent = turned(self.problem, self.here, direction, exact=False) + self.damping * direction
            along = float((direction * bent).sum())
            if not along > 0:
                break
            step = step + product / along * direction
            rest = rest - product / along * bent
            if float(np.abs(rest).max()) <= until:
                break
            prepared = self.prepared(rest)
            product, before = float((rest * prepared).sum()), product
            direction = prepared + product / before * direction
        return step

    def refined(self, until: float) -> Array:
        """The Newton step to all digits: rounds in single precision, what each leaves worked out in double."""
        step, rest = np.zeros_like(self.here.gradient), -self.here.gradient
        for _ in range(ROUNDS):
            if float(np.abs(rest).max()) <= until:
                break
            step = step + self.solved(rest, share=REFINED, most=LAST_TURNS)
            rest = -self.here.gradient - turned(self.problem, self.here, step, exact=True)
        return step


def bounds(problem: Problem, loss: ConvexLoss, line: Array, step: Array) -> tuple[float, float]:
    """The loss of a line, and the lower bound of the dual point that a Newton step from it gives.

    Args:
        problem: whose loss may be a smooth stand-in.
        loss: the one to bound.
        line: near the optimum.
        step: the Newton step, to all digits.

    Returns:
        Sums over rows; a bound of minus infinity where the point is none.
    """
    smooth, free = problem.loss, line.shape[1]
    (slopes, starts), (along, ahead) = problem.natural(line), problem.natural(step)
    total = gap = pulls = 0.0
    pulled, summed = np.zeros_like(along), np.zeros(free)
    with np.errstate(all="ignore"):
        for kept, targets, weights in problem.strips():
            features = kept.astype(np.float64, copy=False)
            z = predictors(loss, features @ slopes + starts)
            move = predictors(loss, features @ along + ahead)
            dual = smooth.slope(targets, z) + _bent(smooth.curvature(targets, z), move)
            total += float(weights @ loss.at(targets, z))
            used = weights > 0
            gap += float(weights[used] @ loss.gap(targets[used], z[used], dual[used]))
            pull = weights[:, None] * dual[:, :free]
            pulled += features.T @ pull
            summed += pull.sum(axis=0)
            pulls += float(np.square(pull).sum())
    left_over = problem.gathered(pulled, summed)
    # What rounding leaves of the products; for newton's reason a dual point that is not orthogonal proves nothing.
    if not np.all(np.abs(left_over) <= ORTHOGONAL * math.sqrt(problem.count * pulls)):
        return total, -np.inf
    lower = total - gap - float(np.abs(left_over * line).sum()) - EPSILON * abs(total)
    return total, lower if np.isfinite(lower) else -np.inf


def minimise(problem: Problem, start: Array, *, lowest: float) -> Solution:
    """Minimise the sum of the loss over all rows.

    Args:
        problem: the rows and the loss.
        start: shape (columns, free predictors); a reference predictor is left out, it is zero.
        lowest: what no predictors of any kind go below.
    """
    best = Solution(start, np.inf, lowest)
    for stage in problem.loss.stages():
        smooth = twin(problem, loss=stage)
        line, here = _descended(smooth, best.line, lowest)
        if here.apart:
            return Solution(line, lowest, lowest, attained=stage.link == "identity")
        best = _proved(smooth, problem.loss, line, here, best)
    return Solution(best.line, best.value, min(best.lower, best.value))


def _descended(problem: Problem, line: Array, lowest: float) -> tuple[Array, Look]:
    """Newton's steps, roughly solved, while they gain what can be seen."""
    here = look(problem, line)
    least = CLOSE * (here.value - lowest)
    for _ in range(MOST_STEPS):
        ahead = None if here.apart else _ahead(problem, line, here, least)
        if ahead is None:
            break
        line, here = ahead
    return line, here


def _ahead(problem: Problem, line: Array, here: Look, least: float) -> tuple[Array, Look] | None:
    """The line after a step, damped where the second derivative is too flat; None where none gains as much."""
    own, steepness = _own_bends(problem, here), float(np.linalg.norm(here.gradient))
    for damping in (0.0, *(share * steepness for share in DAMPINGS)):
        equation = Equation.at(problem, here, own, damping)
        step = equation.solved(-here.gradient, share=FORCING, most=MOST_TURNS)
        found = _kept_promise(problem, line, step, here, least)
        if found is not None:
            return found
        if damping == 0.0 and step.any() and -float((here.gradient * step).sum()) <= least:
            break  # at the optimum, not on a straight piece
    return None


def _proved(problem: Problem, loss: ConvexLoss, line: Array, here: Look, best: Solution) -> Solution:
    """The better of the best so far and this line, with the greater of their bounds."""
    for _ in range(LAST_STEPS):
        until = ORTHOGONAL / 2 * math.sqrt(problem.count * here.pulls)
        step = Equation.at(problem, here, _own_bends(problem, here)).refined(until)
        total, lower = bounds(problem, loss, line, step)
        if total < best.value:
            best = Solution(line, total, best.lower)
        if lower > best.lower:
            return Solution(best.line, best.value, lower)
        # So far from the optimum that the dual point of a row is no probability: with the step taken it will be.
        ahead = _kept_promise(problem, line, step, here, 0.0)
        if ahead is None:
            break
        line, here = ahead
    return best


def _kept_promise(problem: Problem, line: Array, step: Array, here: Look, least: float) -> tuple[Array, Look] | None:
    """The line after as much of a step as gains what it promises (Armijo); None for one that promises too little."""
    promise, length = -float((here.gradient * step).sum()), 1.0
    while promise > least and length > LEAST_STEP:
        there = line + length * step
        seen = look(problem, there)
        if seen.value <= here.value - ENOUGH * length * promise:
            return there, seen
        length /= 4
    return None
