"""The least mean of a convex loss where the second derivative is too large to be held, as with pictures and classes.

L-BFGS (Nocedal and Wright, Numerical optimization, 2006, section 7.2) goes down in the coordinates of the columns made
orthonormal, where a few dozen passes do what takes thousands in those of the features.

The lower bound is that of ``newton``: the slopes of all rows, moved until they are orthogonal to every column, are a
dual point. Any such move proves as much as its gaps are small. Here the rows that bend most are moved, each as it
bends: the equation is then of few rows, and conjugate gradients solve it to all digits. A sum that is orthogonal over
all rows is what counts, and that is looked at.
"""

import math
from collections import deque

import numpy as np
import numpy.typing as npt

from mlpdoctor.analysis.floors.basis import EPSILON
from mlpdoctor.analysis.floors.loss_passes import Look, Problem, alike, bends, look, own_bends, steepest, turned
from mlpdoctor.analysis.floors.newton import ENOUGH, LEAST_STEP, ORTHOGONAL, Bend, Solution, bent, predictors, proved
from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.convex import ConvexLoss

MEMORY = 10
"""Steps that L-BFGS remembers: thirty are no quicker on pictures."""
MOST_STEPS = 60
"""Overlapping classes take thirty, classes that a plane tells apart fifteen; of those that it nearly does the loss only
creeps on."""
WINDOW, GAIN = 5, 1e-5
"""The descent ends where so many steps gained less than this share of what is left above the least loss: near enough
that the dual point of next to every row is a probability, which one proof saves several by."""
SAME = 1e-4
"""Share of what a constant loses by which the loss in single precision may be off before steps are taken in double."""
LAST_TURNS = 120
"""Products with the second derivative for the dual point."""
LAST_STEPS = 8
"""Steps that are solved to all digits: the first proves the bound, unless a row is too far from its optimum."""
CLOSE = 1e-3
"""A bracket as narrow as this share of what a constant loses is as many digits as a rung of this size is read to."""
PATIENCE, DIGIT = 40, 0.1
"""An equation of which so many turns do not take a digit off is given up: some directions are so much flatter than
others that no number of turns would solve it, as where next to all rows are told apart."""
RIDGE = 1e-6
"""Share of its mean diagonal that is added to the preconditioner, which a few rows may leave without full rank."""
LEAST_SCALE = 1e-12
"""Second derivative of a row under which a loss is straight there, as a hinge is: the step is then left as it is."""


@dataclass(frozen=True, eq=False)
class Equation:
    """Newton's equation of a part of the rows at a line.

    Attributes:
        few: those rows and the loss.
        held: how each of them bends.
        precondition: for each predictor about the inverse of its own second derivative.
    """

    few: Problem
    held: tuple[Bend, ...]
    precondition: tuple[Array, ...]

    @classmethod
    def at(cls, problem: Problem, chosen: npt.NDArray[np.bool_], line: Array) -> "Equation":
        """Of the rows that are chosen, preconditioned by the predictors' own second derivatives."""
        held, seen = [], 0
        for features, targets, weights in problem.rows():
            part = chosen[seen : seen + len(features)]
            seen += len(features)
            held.append((features[part], targets[part], weights[part]))
        few = twin(problem, rows=lambda: iter(held))
        bent_so = tuple(bends(few, line))
        prepared = own_bends(few, bent_so, len(line))
        for k, own in enumerate(prepared):  # in their place, for they are large and as many as classes
            scale = max(float(np.trace(own)) / len(own), LEAST_SCALE * problem.count)
            prepared[k] = np.linalg.inv(own / scale + RIDGE * np.eye(len(own))) / scale
        return cls(few, bent_so, tuple(prepared))

    def prepared(self, rest: Array) -> Array:
        """What is left of the equation, preconditioned."""
        return np.stack([inverse @ rest[:, k] for k, inverse in enumerate(self.precondition)], axis=1)

    def solved(self, right: Array, until: float) -> Array | None:
        """The step for a right side to a rest, by preconditioned conjugate gradients; None where that is given up."""
        step, rest = np.zeros_like(right), right
        first = float(np.abs(right).max())
        direction = prepared = self.prepared(rest)
        product = float((rest * prepared).sum())
        for turn in range(LAST_TURNS):
            left = float(np.abs(rest).max())
            if left <= until:
                return step
            if not product > 0 or (turn >= PATIENCE and left > DIGIT * first):
                return None
            bent = turned(self.few, self.held, direction)
            along = float((direction * bent).sum())
            if not along > 0:
                return None
            step = step + product / along * direction
            rest = rest - product / along * bent
            prepared = self.prepared(rest)
            product, before = float((rest * prepared).sum()), product
            direction = prepared + product / before * direction
        return None


def bounds(
    problem: Problem, loss: ConvexLoss, line: Array, step: Array, chosen: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """The loss of a line, and the lower bound of the dual point that a step of some rows from it gives.

    Args:
        problem: whose loss may be a smooth stand-in.
        loss: the one to bound.
        line: near the optimum.
        step: the Newton step for the rows chosen, to all digits.
        chosen: shape (rows,).

    Returns:
        Sums over rows; a bound of minus infinity where the point is none.
    """
    smooth, free = problem.loss, line.shape[1]
    (slopes, starts), (along, ahead) = problem.natural(line), problem.natural(step)
    total = gap = pulls = 0.0
    pulled, summed = np.zeros_like(along), np.zeros(free)
    seen = 0
    with np.errstate(all="ignore"):
        for kept, targets, weights in problem.strips():
            features = kept.astype(np.float64, copy=False)
            z = predictors(loss, features @ slopes + starts)
            move = predictors(loss, (features @ along + ahead) * chosen[seen : seen + len(kept), None])
            seen += len(kept)
            dual = smooth.slope(targets, z) + bent(smooth.curvature(targets, z), move)
            total += float(weights @ loss.at(targets, z))
            used = weights > 0
            gap += float(weights[used] @ loss.gap(targets[used], z[used], dual[used]))
            pull = weights[:, None] * dual[:, :free]
            pulled += features.T @ pull
            summed += pull.sum(axis=0)
            pulls += float(np.square(pull).sum())
    left_over = problem.gathered(pulled, summed)
    return total, proved(total, gap, left_over, ORTHOGONAL * math.sqrt(problem.count * pulls), line)


def minimise(problem: Problem, start: Array, *, lowest: float) -> Solution:
    """Minimise the sum of the loss over all rows.

    Args:
        problem: the rows and the loss.
        start: shape (columns, free predictors); a reference predictor is left out, it is zero.
        lowest: what no predictors of any kind go below.
    """
    best, flat = Solution(start, np.inf, lowest), 0.0
    for stage in problem.loss.stages():
        smooth = twin(problem, loss=stage)
        line, here = best.line, look(smooth, best.line, exact=True)
        flat = max(flat, here.value - lowest)
        line, about = _descended(smooth, line, here, lowest, exact=False)
        here = look(smooth, line, exact=True)
        if abs(about.value - here.value) > SAME * flat:  # as of columns that are far off
            line, here = _descended(smooth, line, here, lowest, exact=True)
        if here.apart:
            return Solution(line, lowest, lowest, attained=stage.link == "identity")
        best = _proved(smooth, problem.loss, line, here, best, CLOSE * flat)
    return Solution(best.line, best.value, min(best.lower, best.value))


def _descended(problem: Problem, line: Array, here: Look, lowest: float, *, exact: bool) -> tuple[Array, Look]:
    """L-BFGS, while it gains what can be seen."""
    past: deque[tuple[Array, Array]] = deque(maxlen=MEMORY)
    values = [here.value]
    for _ in range(MOST_STEPS):
        if here.apart or (len(values) > WINDOW and values[-WINDOW - 1] - here.value <= GAIN * (here.value - lowest)):
            break
        ahead = _kept_promise(problem, line, _step(problem, here.gradient, past), here, exact=exact)
        if ahead is None:
            break
        past.append((ahead[0] - line, ahead[1].gradient - here.gradient))
        line, here = ahead
        values.append(here.value)
    return line, here


def _step(problem: Problem, gradient: Array, past: deque[tuple[Array, Array]]) -> Array:
    """The step of L-BFGS: minus the gradient, times what the last steps tell of the inverse second derivative."""
    curved = [(move, turn, product) for move, turn in past if (product := float((move * turn).sum())) > 0]
    step, shares = -gradient, []
    for move, turn, product in reversed(curved):
        shares.append(float((move * step).sum()) / product)
        step = step - shares[-1] * turn
    step = alike(problem.loss, step)
    if not curved:
        return step / max(float(np.linalg.norm(step)), EPSILON)
    _, turn, product = curved[-1]
    step = step * (product / float((turn * alike(problem.loss, turn)).sum()))
    for move, turn, product in curved:
        step = step + (shares.pop() - float((turn * step).sum()) / product) * move
    return step


def _proved(problem: Problem, loss: ConvexLoss, line: Array, here: Look, best: Solution, close: float) -> Solution:
    """The better of the best so far and this line, with the greater of their bounds."""
    for _ in range(LAST_STEPS):
        chosen = steepest(problem, line)
        until = ORTHOGONAL / 2 * math.sqrt(problem.count * here.pulls)
        step = Equation.at(problem, chosen, line).solved(-here.gradient, until)
        total, lower = bounds(problem, loss, line, np.zeros_like(line) if step is None else step, chosen)
        if total < best.value:
            best = Solution(line, total, best.lower)
        best = Solution(best.line, best.value, max(best.lower, lower))
        if step is None or best.value - best.lower <= close:
            break
        # So far from the optimum that the dual point of a row is no probability: with the step taken it will be.
        ahead = _kept_promise(problem, line, step, here, exact=True)
        if ahead is None:
            break
        line, here = ahead
    return best


def _kept_promise(problem: Problem, line: Array, step: Array, here: Look, *, exact: bool) -> tuple[Array, Look] | None:
    """The line after as much of a step as gains what it promises (Armijo); None where none does."""
    promise, length = -float((here.gradient * step).sum()), 1.0
    while promise > 0 and length > LEAST_STEP:
        there = line + length * step
        seen = look(problem, there, exact=exact)
        if seen.value <= here.value - ENOUGH * length * promise:
            return there, seen
        length /= 4
    return None
