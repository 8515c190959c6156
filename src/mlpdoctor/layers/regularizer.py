"""Keras's regularisers: what each adds to the loss, and its gradient. The formulas are those of regularizers.py."""

import math

import numpy as np

from mlpdoctor.layers.unit_length import from_unit_length, to_unit_length
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array

FLOOR = 1e-14
"""A vector whose square is less is not scaled to length one: ``keras.utils.normalize``."""
MATRIX = 2
"""Number of axes that OrthogonalRegularizer takes."""


@dataclass(frozen=True)
class Regularizer:
    """One of Keras's regularisers with its factors.

    Attributes:
        name: for people: ``l1``, ``l2``, ``l1_l2`` or ``orthogonal``.
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.
        orthogonal: factor of the mean absolute cosine between the vectors of a matrix.
        mode: which vectors these are, ``rows`` or ``columns``.
    """

    name: str
    l1: float = 0.0
    l2: float = 0.0
    orthogonal: float = 0.0
    mode: str = "rows"

    @property
    def separable(self) -> bool:
        """Whether it is a sum over single numbers."""
        return not self.orthogonal

    def of_sums(self, absolute: float, squared: float) -> float:
        """The penalty of numbers of which only the sums of sizes and of squares are known."""
        return (self.l1 * absolute if self.l1 else 0.0) + (self.l2 * squared if self.l2 else 0.0)

    def of(self, weight: Array) -> float | None:
        """The penalty of a weight; None where Keras would refuse its shape."""
        values = np.asarray(weight, dtype=np.float64)
        # Weights of a diverged training are a finding of their own, not a warning of NumPy's.
        with np.errstate(all="ignore"):
            if self.separable:
                return self.of_sums(float(np.abs(values).sum()), float(np.square(values).sum()))
            return self.orthogonal * _mean_cosine(values, self.mode) if values.ndim == MATRIX else None

    def gradient(self, weight: Array) -> Array | None:
        """The derivative of the penalty, as TensorFlow has it (0 for a size at zero); None as above."""
        values = np.asarray(weight, dtype=np.float64)
        with np.errstate(all="ignore"):
            if self.separable:
                return self.l1 * np.sign(values) + 2.0 * self.l2 * values
            return self.orthogonal * _cosine_gradient(values, self.mode) if values.ndim == MATRIX else None


def _mean_cosine(matrix: Array, mode: str) -> float:
    """Mean absolute cosine between two different rows, or columns; NaN of a single one, as in Keras."""
    vectors = matrix if mode == "rows" else matrix.T
    if len(vectors) == 1:
        return math.nan
    cosines = np.abs(_cosines(vectors))
    return float(cosines.sum()) / (len(vectors) * (len(vectors) - 1))


def _cosine_gradient(matrix: Array, mode: str) -> Array:
    vectors = matrix if mode == "rows" else matrix.T
    if len(vectors) == 1:
        return np.full(matrix.shape, math.nan)
    towards = np.sign(_cosines(vectors)) @ to_unit_length(vectors, 1, FLOOR)
    # Each pair stands in the table of cosines twice.
    pulled = from_unit_length(vectors, 1, FLOOR, towards * (2.0 / (len(vectors) * (len(vectors) - 1))))
    return pulled if mode == "rows" else pulled.T


def _cosines(vectors: Array) -> Array:
    units = to_unit_length(vectors, 1, FLOOR)
    cosines = np.asarray(units @ units.T)
    np.fill_diagonal(cosines, 0.0)
    return cosines
