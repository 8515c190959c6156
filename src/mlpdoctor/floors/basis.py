"""Well-conditioned columns with the same span as a design, whatever the scales and dependences of its own."""

import numpy as np

from mlpdoctor.network import Array

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
