"""The least mean of a convex loss where the second derivative is too large to be held, as with pictures and classes.

Newton's steps are found by conjugate gradients, for which products with the second derivative are enough: one pass
over the rows each, in the coordinates of the columns made orthonormal (Nocedal and Wright, Numerical optimization,
2006, section 7.1). Each step is preconditioned by the second derivative of each predictor alone, on a sample of the
rows. The last step is solved until its dual point is orthogonal to every column, and then bounds the optimum from
below as that of ``newton`` does.
"""

import math

import numpy as np

from mlpdoctor.analysis.floors.basis import EPSILON
from mlpdoctor.analysis.floors.loss_passes import Look, Problem, look, own_bends, turned
from mlpdoctor.analysis.floors.newton import DAMPINGS, ENOUGH, LEAST_STEP, ORTHOGONAL, Solution, bent, predictors
from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.convex import ConvexLoss

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
DIGIT = 0.1
"""Share of what is left that a round has to get below for another to be worth it."""
REFINED = 1e-4
"""Share of what is left that one round in single precision may leave in its turn."""
CLOSE = 1e-3
"""The search ends where one more step would gain less than this share of what a constant loses: the bound is proved
from there, and three digits are what a rung of this size is read to."""
RIDGE = 1e-6
"""Share of its mean diagonal that is added to the preconditioner, which a few rows may leave without full rank."""
LEAST_SCALE = 1e-12
"""Second derivative of a row under which a loss is straight there, as a hinge is: the step is then left as it is."""


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

    def refined(self, until: float) -> Array | None:
        """The Newton step to all digits: rounds in single precision, what each leaves worked out in double.

        None where a round does not take a digit off: some directions are so much flatter than others that no number of
        rounds would, as where next to all rows are told apart.
        """
        step, rest = np.zeros_like(self.here.gradient), -self.here.gradient
        for _ in range(ROUNDS):
            before = float(np.abs(rest).max())
            if before <= until:
                break
            step = step + self.solved(rest, share=REFINED, most=LAST_TURNS)
            rest = -self.here.gradient - turned(self.problem, self.here, step, exact=True)
            if float(np.abs(rest).max()) > max(DIGIT * before, until):
                return None
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
            dual = smooth.slope(targets, z) + bent(smooth.curvature(targets, z), move)
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
    own, steepness = own_bends(problem, here), float(np.linalg.norm(here.gradient))
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
        step = Equation.at(problem, here, own_bends(problem, here)).refined(until)
        total, lower = bounds(problem, loss, line, np.zeros_like(line) if step is None else step)
        if total < best.value:
            best = Solution(line, total, best.lower)
        if lower > best.lower:
            return Solution(best.line, best.value, lower)
        if step is None:
            break
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
