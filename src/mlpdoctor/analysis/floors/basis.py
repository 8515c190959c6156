"""Well-conditioned columns with the span of a design, which depend on others, and equations that are triangular."""

from typing import Any

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.affine_factor import AffineFactor

EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 16.0
"""Columns count as dependent within so many units of rounding each. Counted in rows it would be more than columns
such as the start and the end of an event differ by, and a line that uses their difference would be missed."""


def affine_design(features: Array, origin: Array, *, intercept: bool = True) -> Array:
    """A column of ones, then the features counted from an origin: shape (rows, 1 + features).

    Without an intercept the features alone, as they are.
    """
    if not intercept:
        return features
    return np.concatenate([np.ones((len(features), 1)), features - origin], axis=1)


def orthonormal(design: Array) -> tuple[Array, Array]:
    """Orthonormal columns with the same span, and the matrix that turns their coefficients into the design's."""
    scale = _scale(design)
    orthogonal, triangle = np.linalg.qr(design / scale)
    left, back = _small(triangle, scale)
    return orthogonal @ left, back


def from_triangle(triangle: Array) -> Array:
    """The matrix that turns a design into orthonormal columns, from the triangular factor of the design alone."""
    scale = _scale(triangle)
    return _small(triangle / scale, scale)[1]


def _scale(design: Array) -> Array:
    scale: Array = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1.0
    return scale


def _small(triangle: Array, scale: Array) -> tuple[Array, Array]:
    """By SVD of the small factor, so that columns that depend on others drop out."""
    left, singular, right = np.linalg.svd(triangle, full_matrices=False)
    kept = singular > singular.max(initial=0.0) * ROUNDING * EPSILON * len(scale)
    return left[:, kept], (right[kept].T / singular[kept]) / scale[:, None]


EXACT = 1e-6
"""A rest under a millionth of the spread is rounding: float32, and most text files, keep seven digits."""
NOISE = 1e-13
"""What is left of a column after its mean is taken off, where that is all rounding of float64."""
MOST_TERMS = 4
"""Longer equations tell nobody anything."""
MOST_EXPLAINED = 32


@dataclass(frozen=True)
class Dependence:
    """One column as a combination of others.

    Attributes:
        column: the column that depends.
        rest: root mean square of what the combination leaves, as a share of the column's standard deviation.
        intercept: of the combination.
        others: the columns it is made of; empty where it was not worked out.
        slopes: their coefficients.
    """

    column: int
    rest: float
    intercept: float = 0.0
    others: tuple[int, ...] = ()
    slopes: tuple[float, ...] = ()


def dependences(factor: AffineFactor, tolerance: float) -> tuple[Dependence, ...]:
    """The columns of X that the columns before them make up to a rest of ``tolerance``; constant ones left out.

    Columns are taken in their order: one that is near the span of those taken is a dependence, any other joins them.
    So the first of a number of copies is kept and the later ones are named.
    """
    width = factor.features
    centred = factor.triangle[1 : 1 + width, 1 : 1 + width]
    norms = np.linalg.norm(centred, axis=0)
    varied = np.flatnonzero(norms > NOISE * np.linalg.norm(factor.triangle[:, 1 : 1 + width], axis=0))
    scaled = centred[:, varied] / norms[varied]
    # No unit column is nearer to the span of the others than the least singular value.
    if len(varied) < 2:  # noqa: PLR2004
        return ()
    if len(varied) <= len(scaled) and np.linalg.svd(scaled, compute_uv=False)[-1] > tolerance:
        return ()
    basis = np.zeros((len(scaled), len(varied)))
    taken: list[int] = []
    found: list[Dependence] = []
    for place in range(len(varied)):
        rest = scaled[:, place]
        for _ in range(2):  # twice is enough (Kahan and Parlett) for the basis to stay orthogonal
            rest = rest - basis[:, : len(taken)] @ (basis[:, : len(taken)].T @ rest)
        left = float(np.linalg.norm(rest))
        if left > tolerance:
            basis[:, len(taken)] = rest / left
            taken.append(place)
        elif len(found) < MOST_EXPLAINED:
            chosen, slopes = _combination(scaled, taken, place, left)
            found.append(_written(factor, varied, norms, place, chosen, slopes, left))
        else:
            found.append(Dependence(int(varied[place]), left))
    return tuple(found)


def _combination(scaled: Array, taken: list[int], place: int, left: float) -> tuple[list[int], Array]:
    """The fewest columns, as far as is easily seen, that do as well as all of them."""
    enough = max(10 * left, EXACT)
    near = np.abs(scaled[:, taken].T @ scaled[:, place])
    alone = [taken[int(near.argmax())]]
    full = _fitted(scaled, taken, place)
    size = np.abs(full)
    for chosen in (alone, [one for one, is_part in zip(taken, size > 1e-3 * size.max(), strict=True) if is_part]):
        slopes = _fitted(scaled, chosen, place)
        if np.linalg.norm(scaled[:, place] - scaled[:, chosen] @ slopes) <= enough:
            return chosen, slopes
    return taken, full


def _fitted(scaled: Array, chosen: list[int], place: int) -> Array:
    return np.asarray(np.linalg.lstsq(scaled[:, chosen], scaled[:, place], rcond=None)[0], np.float64)


def _written(
    factor: AffineFactor,
    varied: npt.NDArray[np.intp],
    norms: Array,
    place: int,
    chosen: list[int],
    slopes: Array,
    left: float,
) -> Dependence:
    """In the units of the data, without the dust of rounding."""
    column, others = int(varied[place]), [int(varied[one]) for one in chosen]
    natural = slopes * norms[column] / norms[others]
    means = factor.origin + factor.triangle[0, 1:] / factor.triangle[0, 0]
    parts = natural * means[others]
    intercept = float(means[column] - parts.sum())
    deviation = norms[column] / abs(factor.triangle[0, 0])
    if abs(intercept) <= EXACT * (abs(means[column]) + np.abs(parts).sum() + deviation):
        intercept = 0.0
    return Dependence(column, left, intercept, tuple(others), tuple(float(slope) for slope in natural))


BLOCK = 128
"""Rows that are solved at a time, as a full matrix; all before them enter by a product."""


def solved(lower: npt.NDArray[np.floating[Any]], right: Array) -> Array:
    """The x for which ``lower @ lower.T @ x`` is ``right``, by substitution (Golub, Van Loan, 2013, algorithm 3.1.3).

    Args:
        lower: the Cholesky factor of a positive definite matrix, shape (n, n).
        right: shape (n,), or (n, k) for k of them.
    """
    found = right.copy()
    blocks = [slice(start, start + BLOCK) for start in range(0, len(right), BLOCK)]
    for here in blocks:
        rest = found[here] - lower[here, : here.start] @ found[: here.start] if here.start else found[here]
        found[here] = np.linalg.solve(lower[here, here], rest)
    for here in reversed(blocks):
        rest = found[here] - lower[here.stop :, here].T @ found[here.stop :] if here.stop < len(right) else found[here]
        found[here] = np.linalg.solve(lower[here, here].T, rest)
    return found
