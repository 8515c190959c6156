"""All that least squares needs to know of the rows, in a triangle as small as the columns are few."""

from functools import cached_property
from typing import Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.statistics.views import Outputs, Rows

PIECE_ROWS = 512
"""Rows of a block that are factored at a time, beside as many as there are columns."""
STACKED = 3
"""Rows for each column that are kept as they are, or factored at a time: to factor fewer would cost as much again to
merge them."""


@dataclass(frozen=True, eq=False)
class AffineFactor:
    """The triangular factor R of ``[1, X - origin, Y - origin]``, built block by block (TSQR), and late.

    Rows with a weight w enter as their multiples by the root of w, so that their squares count w times.

    Any least squares problem of columns of Y on columns of X has the same solutions and the same residuals on R as
    on the rows themselves (Demmel, Grigori, Hoemmen and Langou, 2012). Columns are counted from an origin, their
    first row, because R keeps digits relative to a column's norm: an offset of 1e9 would cost nine of them.

    Attributes:
        rows: rows summarised.
        features: number of columns in X.
        origin: shape (columns of X and Y,).
        stack: rows that stand for all rows, shape (few, 1 + columns): they have the same triangle.
    """

    rows: int
    features: int
    origin: Array
    stack: Array

    @cached_property
    def triangle(self) -> Array:
        """Shape (1 + columns or rows, if they are fewer, 1 + columns), upper triangular."""
        return _triangle(self.stack)

    @classmethod
    def of_values(cls, features: Array, values: Array, weights: Array | None = None) -> Self:
        """Factor one block of rows."""
        rows, width = features.shape
        origin = np.concatenate([features[0], values[0]])
        design = np.empty((rows, 1 + len(origin)))
        design[:, 0] = 1.0
        np.subtract(features, origin[:width], out=design[:, 1 : 1 + width])
        np.subtract(values, origin[width:], out=design[:, 1 + width :])
        if weights is not None:
            design *= np.sqrt(weights)[:, None]
        return cls(rows, width, origin, _few(design))

    def __add__(self, other: Self) -> Self:
        """Take both blocks as one, counted from this one's origin."""
        stacked = np.concatenate([self.stack, other.stack])
        moved = stacked[len(self.stack) :]
        moved[:, 1:] += moved[:, :1] * (other.origin - self.origin)
        return type(self)(self.rows + other.rows, self.features, self.origin, _few(stacked))

    def turned(self, origin: Array, turn: Array) -> "AffineFactor":
        """The factor for other features, ``(X - origin) @ turn``, from this one alone."""
        width, new = self.features, turn.shape[1]
        constant, features, values = np.split(self.triangle, [1, 1 + width], axis=1)
        starts = np.concatenate([(self.origin[:width] - origin) @ turn, self.origin[width:]])
        return AffineFactor(self.rows, new, starts, np.hstack([constant, features @ turn, values]))

    @property
    def uncentred(self) -> Array:
        """The same for ``[1, X, Y]``, counted from zero; triangular no more."""
        moved = self.triangle.copy()
        moved[:, 1:] += moved[:, :1] * self.origin
        return moved


def _few(design: Array) -> Array:
    """A design as it is while it has few rows, else its triangle."""
    rows, columns = design.shape
    return design if rows <= STACKED * columns else _triangle(design)


def _triangle(design: Array) -> Array:
    """The triangle of a design: of short pieces first, which fit into the cache, and then of their triangles."""
    rows, columns = design.shape
    height = max(PIECE_ROWS + columns, STACKED * columns)
    whole = rows // height
    if whole > 1:
        pieces = np.asarray(np.linalg.qr(design[: whole * height].reshape(whole, height, columns), mode="r"))
        design = np.concatenate([pieces.reshape(-1, columns), design[whole * height :]])
    return np.asarray(np.linalg.qr(design, mode="r"), np.float64)


class TargetFactor(AffineFactor):
    """The factor for fitting the targets by the features."""

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Factor one batch."""
        return cls.of_values(view.features, view.targets, view.weights)


class OutputFactor(AffineFactor):
    """The factor for fitting the network's own outputs by the features."""

    @classmethod
    def of(cls, view: Outputs) -> Self | None:
        """Factor one batch; absent where an output is not finite."""
        return cls.of_values(view.features, view.values) if np.isfinite(view.values).all() else None
