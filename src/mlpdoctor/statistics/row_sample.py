"""A random sample of rows that does not depend on how the rows were cut into blocks."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.network import Array
from mlpdoctor.statistics.row_hashes import hash_rows
from mlpdoctor.views import Rows

MOST_ROWS = 2_000
"""Enough for a standard error of two percent of a loss, few enough for a second opinion within a tenth of a second."""


@dataclass(frozen=True, eq=False)
class RowSample:
    """The rows whose numbers have the lowest hashes: a simple random sample, the same for any order of merging.

    Attributes:
        tickets: the hash of each row's number, ascending.
        features: shape (sampled rows, features).
        targets: shape (sampled rows, targets).
        weights: shape (sampled rows,); None where all rows count alike.
    """

    tickets: npt.NDArray[np.uint64]
    features: Array
    targets: Array
    weights: Array | None = None

    @classmethod
    def of(cls, view: Rows) -> Self:
        """Sample from one batch."""
        return cls._lowest(hash_rows(view.numbers[:, None]), view.features, view.targets, view.weights)

    def __add__(self, other: Self) -> Self:
        """Sample from both."""
        return self._lowest(
            np.concatenate([self.tickets, other.tickets]),
            np.concatenate([self.features, other.features]),
            np.concatenate([self.targets, other.targets]),
            None if self.weights is None or other.weights is None else np.concatenate([self.weights, other.weights]),
        )

    @classmethod
    def _lowest(cls, tickets: npt.NDArray[np.uint64], features: Array, targets: Array, weights: Array | None) -> Self:
        order = np.argsort(tickets, kind="stable")[:MOST_ROWS]
        return cls(tickets[order], features[order], targets[order], None if weights is None else weights[order])
