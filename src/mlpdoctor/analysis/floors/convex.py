"""The least mean of a convex loss over all affine predictors, between two proved bounds, in bounded memory."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from mlpdoctor.analysis.floors import matrix_free, newton
from mlpdoctor.analysis.floors.basis import affine_design, from_triangle
from mlpdoctor.analysis.floors.least_squares import LinearFit
from mlpdoctor.analysis.floors.loss_passes import Kept, Problem
from mlpdoctor.analysis.floors.newton import Block, Blocks, Solution, predictors, value
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.statistics.views import hash_rows

Judged: TypeAlias = tuple[Array, Array, Array]
"""Features (rows, features), targets encoded by the loss (rows, units), weights (rows,)."""
Reread: TypeAlias = Callable[[], Iterator[Judged]]

KEPT_CELLS = 1 << 22
"""Numbers kept in memory at once, 32 MiB. More rows are read again for each step, from the best line of a sample."""
MOST_PASSES = 8
"""Steps over rows that do not fit: from the line of a sample two or three bring all the digits that are shown."""
QUICK_WORK = 5e8
"""Multiplications for one second derivative that take no time worth saving; beyond it a random share of the rows leads
near the optimum, and the rest is two or three steps."""
MOST_WORK = 1e10
"""Multiplications for one exact second derivative, a second or less; beyond it no second derivative is worked out, only
its products with single steps."""
HELD_CELLS = 1 << 26
"""Numbers kept for such a search, which passes over them hundreds of times: 256 MiB in the single precision in which
most files hold them. Of more rows a random share is searched, and the loss of its line on all rows is reached, without
a proof that nothing is lower."""


def fit(
    reread: Reread,
    loss: ConvexLoss,
    rows: int,
    features: int,
    *,
    triangle: Array,
    origin: Array,
    lowest: float,
    intercept: bool = True,
) -> LinearFit:
    """The best affine predictors.

    Args:
        reread: starts another pass over the rows.
        loss: convex in the predictors.
        rows: how many there are.
        features: how many of the features enter, from the first on; 0 for the best constant.
        triangle: the triangular factor of the design ``[1, X - origin]`` (of ``X`` without an intercept).
        origin: where features are counted from, shape (features,).
        lowest: mean loss of a perfect answer to every row.
        intercept: False for predictors that vanish where all features do.

    Returns:
        The best line found, its mean loss over the rows, and the proved lower bound.
    """
    back = from_triangle(triangle) * np.sqrt(rows)

    def blocks() -> Iterator[Block]:
        for inputs, targets, weights in reread():
            # A row that does not count may be as far off as it likes, and nothing times infinity is no number.
            used = weights > 0
            design = affine_design(inputs[used, :features], origin, intercept=intercept) @ back
            yield design, loss.frame(targets[used]), weights[used]

    first = next(blocks())
    columns, predictors = first[0].shape[1], first[1].shape[1]
    start = np.zeros((columns, predictors - loss.reference))
    cells, work = rows * (columns + predictors + 1), rows * float(start.size) ** 2
    level = loss.level(_mean(blocks)) if features == 0 and intercept else None
    if level is not None:
        line = np.linalg.lstsq(back, level[None, : start.shape[1]], rcond=None)[0]
        total = value(blocks, loss, line)
        found = Solution(line, total, total)
        return _as_fit(_as_in_keras(blocks, loss, found, lowest * rows), back, origin, rows, intercept=intercept)
    if work > MOST_WORK:
        found = _matrix_free(reread, blocks, loss, back, origin, rows, start, lowest * rows, intercept=intercept)
        return _as_fit(_as_in_keras(blocks, loss, found, lowest * rows), back, origin, rows, intercept=intercept)
    kept = _kept(blocks, min(1.0, KEPT_CELLS / cells))
    every = kept if cells <= KEPT_CELLS else blocks
    if every is kept and work <= QUICK_WORK:
        found = newton.minimise(kept, loss, start, lowest=lowest * rows)
    else:
        few = _kept(kept, min(1.0, QUICK_WORK / work))
        near = newton.minimise(few, loss, start, lowest=-np.inf)
        found = newton.minimise(every, loss, near.line, lowest=lowest * rows, most=MOST_PASSES)
    return _as_fit(_as_in_keras(blocks, loss, found, lowest * rows), back, origin, rows, intercept=intercept)


def _as_in_keras(blocks: Blocks, loss: ConvexLoss, found: Solution, lowest: float) -> Solution:
    """The lower end for the formula with Keras's epsilon, where it is lower than the convex form."""
    if not loss.capped:
        return found
    slack = 0.0
    for design, targets, weights in blocks():
        slack += float(weights @ loss.slack(targets, predictors(loss, design @ found.line)))
    return Solution(found.line, found.value, max(found.lower - slack, min(lowest, found.lower)), found.attained)


def _mean(blocks: Blocks) -> Array:
    """Of the framed targets, over all rows by their weights."""
    total, weight = np.zeros(1), 0.0
    for _, targets, weights in blocks():
        total = total + weights @ targets
        weight += float(weights.sum())
    return total / weight


def _kept(blocks: Blocks, share: float) -> Blocks:
    """All rows in memory, or a random share of them."""
    held = list(_shared(blocks(), share))
    return lambda: iter(held)


def _shared(blocks: Iterator[Block], share: float) -> Iterator[Block]:
    """A random share of the rows, chosen by a hash of where they stand; the blocks as they are where it is all."""
    below = np.uint64(min(int(share * 2**64), 2**64 - 1))
    seen = 0
    for design, targets, weights in blocks:
        places = np.arange(seen, seen + len(design), dtype=np.float64)
        seen += len(design)
        chosen = slice(None) if share >= 1 else hash_rows(places[:, None]) <= below
        yield design[chosen], targets[chosen], weights[chosen]


def _matrix_free(
    reread: Reread,
    every: Blocks,
    loss: ConvexLoss,
    back: Array,
    origin: Array,
    rows: int,
    start: Array,
    lowest: float,
    *,
    intercept: bool,
) -> Solution:
    """Too many coefficients for a second derivative."""
    share = min(1.0, HELD_CELLS / (rows * max(len(origin), 1)))
    held = [_held(block) for block in _shared(reread(), share)]
    framed = [(inputs[:, : len(origin)], loss.frame(targets), weights) for inputs, targets, weights in held]
    problem = Problem(lambda: iter(framed), loss, back, origin, intercept, sum(len(weights) for *_, weights in framed))
    found = matrix_free.minimise(problem, start, lowest=lowest * share)
    if share >= 1:
        return found
    total = value(every, loss, found.line)
    return Solution(found.line, total, min(lowest, total))


def _held(block: Judged) -> Kept:
    """The rows that count, in single precision where that holds all digits."""
    inputs, targets, weights = block
    used = weights > 0
    inputs = inputs if used.all() else inputs[used]
    single = inputs.astype(np.float32)
    return single if np.array_equal(single, inputs) else np.array(inputs), targets[used], weights[used]


def _as_fit(found: Solution, back: Array, origin: Array, rows: int, *, intercept: bool) -> LinearFit:
    """A solution for the orthonormal design in terms of the features, sums over rows turned into means."""
    line = back @ found.line
    slopes = line[1:] if intercept else line
    starts = line[0] - origin @ slopes if intercept else np.zeros(line.shape[1])
    return LinearFit(
        value=found.value / rows,
        lower=found.lower / rows,
        coefficients=tuple((float(starts[k]), *map(float, slopes[:, k])) for k in range(line.shape[1])),
        attained=found.attained,
    )
