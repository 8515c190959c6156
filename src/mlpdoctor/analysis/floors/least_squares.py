"""The best affine prediction of a part of the loss; exact for squared errors, from the triangular factor."""

from collections.abc import Callable, Iterator

import numpy as np

from mlpdoctor.analysis.floors.basis import EPSILON, ROUNDING
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.loss import Loss
from mlpdoctor.statistics.affine_factor import AffineFactor


@dataclass(frozen=True)
class LinearFit:
    """A line (or plane, or one for each class) with its loss.

    Attributes:
        value: mean loss of this line over the rows: no line is known to be better. Where the loss only falls towards
            a limit as coefficients grow, that limit.
        lower: no line at all is below this. Equal to ``value`` up to rounding unless the fit was cut short.
        coefficients: for each predictor the intercept, then a slope for each feature.
        attained: False where only ever larger coefficients come ever closer to ``value``.
    """

    value: float
    lower: float
    coefficients: tuple[tuple[float, ...], ...]
    attained: bool = True

    @property
    def intercept(self) -> float:
        """Of the first predictor: its value where all features are zero."""
        return self.coefficients[0][0]

    @property
    def slopes(self) -> tuple[float, ...]:
        """Of the first predictor, one for each feature."""
        return self.coefficients[0][1:]


MOST_CELLS = 1 << 22
"""Numbers kept in memory at once, 32 MiB of targets."""


def one_answer(reread: Callable[[], Iterator[tuple[Array, Array, Array]]], loss: Loss, rows: int) -> LinearFit | None:
    """The least mean loss of one answer to all rows; None where they do not fit into memory.

    Args:
        reread: starts another pass over features, encoded targets of one part, and weights.
        loss: of that part.
        rows: how many there are.
    """
    kept = [(targets, weights) for _, targets, weights in reread()]
    if rows * kept[0][0].shape[1] > MOST_CELLS:
        return None
    targets, weights = (np.concatenate(arrays) for arrays in zip(*kept, strict=True))
    least = float(loss.best(np.zeros(len(targets), np.intp), targets, weights)[0].sum()) / rows
    return LinearFit(least, least, ())


def fit(factor: AffineFactor, *, intercept: bool = True) -> tuple[LinearFit, ...]:
    """The best affine function of the features for each target, in mean squared error.

    Exact for collinear and constant columns and for fewer rows than columns: the minimum does not depend on which
    of the minimisers is taken, and the one of least norm is shown.

    Args:
        factor: of the rows.
        intercept: False for functions that vanish where all features are zero.

    Returns:
        One fit a target. The floor is zero within ``lower`` and ``value`` when the rows lie on a plane.
    """
    last = 1 + factor.features
    if intercept:
        design, targets = factor.triangle[:, :last], factor.triangle[:, last:]
    else:
        moved = factor.uncentred
        design, targets = moved[:, 1:last], moved[:, last:]
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1.0
    # Counted in columns, not rows: a direction that the rounding did not make is one that a line may use.
    # It bounds the error of a residual norm, too: Householder QR is backward stable with a small constant (Higham,
    # Accuracy and Stability of Numerical Algorithms, theorem 19.4).
    rounding = ROUNDING * EPSILON * last
    solution = _least(design / scale, targets, rounding) / scale[:, None]
    residual = np.linalg.norm(targets - design @ solution, axis=0)
    doubt = rounding * (np.linalg.norm(targets, axis=0) + scale @ np.abs(solution))
    # A term this small is rounding, and an equation that shows it would only puzzle its reader.
    solution[np.abs(solution) * scale[:, None] <= doubt] = 0.0
    return tuple(
        _fit(factor, solution[:, k], k, residual[k], doubt[k], intercept=intercept) for k in range(targets.shape[1])
    )


WIDE = 256
"""Columns from which singular values cost more than it takes to see that none of them is small."""


def _least(design: Array, targets: Array, rounding: float) -> Array:
    """The solution of least norm, by singular values, of which those below a share of the largest count as zero.

    None is that small where the inverse is not large: the least is at least one over its norm, and the largest at most
    the norm of the design. Then the solution is the one there is.
    """
    rows, columns = design.shape
    if rows >= columns >= WIDE and not design[columns:].any():  # below its own columns a triangle is zero
        design, targets = design[:columns], targets[:columns]
        try:
            inverse = np.linalg.inv(design)
        except np.linalg.LinAlgError:
            inverse = np.full((1, 1), np.inf)
        if rounding * np.linalg.norm(design) * np.linalg.norm(inverse) < 1:
            found = inverse @ targets
            found += inverse @ (targets - design @ found)
            return np.asarray(found)
    return np.asarray(np.linalg.lstsq(design, targets, rcond=rounding)[0])


def constant(factor: AffineFactor) -> tuple[LinearFit, ...]:
    """The best constant for each target: its mean, with its variance, from the same triangle as the affine floor.

    The first column of the triangle belongs to the constant alone, so what a target has below the first row is its
    distance from the best constant. The affine floor is a distance of the same entries: never above, but for rounding.
    """
    last = 1 + factor.features
    targets = factor.triangle[:, last:]
    means = factor.origin[factor.features :] + targets[0] / factor.triangle[0, 0]
    residual = np.linalg.norm(targets[1:], axis=0)
    doubt = ROUNDING * EPSILON * np.linalg.norm(targets, axis=0)
    return tuple(
        LinearFit(
            value=0.0 if residual[k] <= doubt[k] else float(residual[k] ** 2 / factor.rows),
            lower=float(max(residual[k] - doubt[k], 0.0) ** 2 / factor.rows),
            coefficients=((float(means[k]),),),
        )
        for k in range(targets.shape[1])
    )


def _fit(
    factor: AffineFactor, solution: Array, target: int, residual: float, doubt: float, *, intercept: bool
) -> LinearFit:
    slopes = solution[1:] if intercept else solution
    centre = factor.origin
    start = float(centre[factor.features + target] + solution[0] - slopes @ centre[: factor.features])
    return LinearFit(
        value=0.0 if residual <= doubt else float(residual**2 / factor.rows),
        lower=float(max(residual - doubt, 0.0) ** 2 / factor.rows),
        coefficients=((start if intercept else 0.0, *map(float, slopes)),),
    )


def of_rank(
    factor: AffineFactor, rank: int, weights: tuple[float, ...] | None = None, *, intercept: bool = True
) -> tuple[float, float]:
    """The least weighted mean squared error of all maps ``x -> b + W x`` whose W has at most the given rank.

    Pythagoras splits the loss of any such map into the residual of the best affine one, and the distance of its
    predictions from those of the best affine one. The latter is a problem of low-rank approximation, solved by
    cutting singular values off (Eckart and Young, 1936; Izenman, Reduced-rank regression, 1975).

    Exact for collinear and constant columns and for fewer rows than columns.

    Args:
        factor: of the rows.
        rank: of W at most; 0 leaves the best constant.
        weights: what the mean squared error of each target counts, zero or more; 1 each if not given.
        intercept: False for maps without b.

    Returns:
        The loss, and what no such map is below: the same but for rounding.
    """
    last = 1 + factor.features
    if intercept:
        design, targets = factor.triangle[:, :last], factor.triangle[:, last:]
    else:
        moved = factor.triangle.copy()
        moved[:, 1:] += moved[:, :1] * factor.origin
        design, targets = moved[:, 1:last], moved[:, last:]
    targets = targets * _roots(weights, targets.shape[1])
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1.0
    # Counted in columns, not rows: a direction that the rounding did not make is one that a map may use.
    rounding = ROUNDING * EPSILON * last
    solution = np.linalg.lstsq(design / scale, targets, rcond=rounding)[0]
    fitted = design / scale @ solution
    residual = float(np.linalg.norm(targets - fitted))
    # The constant has the first row of the triangle to itself, so the rows below are the centred predictions.
    lost = _tail(fitted[1:] if intercept else fitted, rank) if rank < factor.features else 0.0
    doubt = rounding * float(np.linalg.norm(targets) + np.linalg.norm(solution, axis=1).sum())
    return _bounds(float(np.hypot(residual, lost)), doubt, factor.rows)


def targets_only(factor: AffineFactor, rank: int, weights: tuple[float, ...] | None = None) -> tuple[float, float]:
    """The least of the same loss over any functions at all whose outputs stay in one affine subspace.

    So do those of a network whose last hidden layer has fewer units than there are outputs, whatever comes before.
    The subspace of principal components is the best one, and what it leaves is the tail of their spectrum (Eckart
    and Young, The approximation of one matrix by another of lower rank, 1936).

    Args:
        factor: of the rows.
        rank: dimension of the subspace.
        weights: what the mean squared error of each target counts, zero or more; 1 each if not given.

    Returns:
        The loss, and what no such function is below: the same but for rounding.
    """
    targets = factor.triangle[:, 1 + factor.features :]
    targets = targets * _roots(weights, targets.shape[1])
    doubt = ROUNDING * EPSILON * factor.triangle.shape[1] * float(np.linalg.norm(targets))
    return _bounds(_tail(targets[1:], rank), doubt, factor.rows)


def _roots(weights: tuple[float, ...] | None, targets: int) -> Array:
    return np.ones(targets) if weights is None else np.sqrt(np.array(weights, np.float64))


def _tail(matrix: Array, rank: int) -> float:
    """The distance from the nearest matrix of this rank."""
    return float(np.linalg.norm(np.linalg.svd(matrix, compute_uv=False)[rank:]))


def _bounds(distance: float, doubt: float, rows: int) -> tuple[float, float]:
    value = 0.0 if distance <= doubt else distance**2 / rows
    return value, max(distance - doubt, 0.0) ** 2 / rows
