"""The least mean squared error of a network that must pass all its outputs through few units."""

import numpy as np

from mlpdoctor.analysis.floors.basis import EPSILON, ROUNDING
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.affine_factor import AffineFactor


def fit(
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
