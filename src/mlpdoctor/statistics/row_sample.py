"""A random sample of rows that does not depend on how the rows were cut into blocks."""

from typing import Self

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.core.row_hash import hash_rows
from mlpdoctor.statistics.views import Rows

MOST_ROWS = 1 << 15
"""Enough to fit a last layer of a hundred units to within a percent."""
MOST_CELLS = 1 << 20
"""Numbers kept, 8 MiB: of wide tables fewer rows are."""
FEW_ROWS = 2_000
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
        if len(self.tickets) < len(other.tickets):
            return other + self
        # Most rows of a late block come too late for a full sample, and need not be copied.
        chosen = slice(None)
        if len(self.tickets) == self._most(self.features, self.targets):
            chosen = slice(int(np.searchsorted(other.tickets, self.tickets[-1])))
        weights = None
        if self.weights is not None and other.weights is not None:
            weights = np.concatenate([self.weights, other.weights[chosen]])
        return self._lowest(
            np.concatenate([self.tickets, other.tickets[chosen]]),
            np.concatenate([self.features, other.features[chosen]]),
            np.concatenate([self.targets, other.targets[chosen]]),
            weights,
        )

    @property
    def few(self) -> Self:
        """A smaller sample out of this one, for work that grows faster than its rows."""
        part = slice(FEW_ROWS)
        weights = None if self.weights is None else self.weights[part]
        return type(self)(self.tickets[part], self.features[part], self.targets[part], weights)

    @staticmethod
    def _most(features: Array, targets: Array) -> int:
        columns = int(features.shape[1] + targets.shape[1])
        return min(MOST_ROWS, max(MOST_CELLS // columns, FEW_ROWS))

    @classmethod
    def _lowest(cls, tickets: npt.NDArray[np.uint64], features: Array, targets: Array, weights: Array | None) -> Self:
        order = np.argsort(tickets, kind="stable")[: cls._most(features, targets)]
        kept = None if weights is None else weights[order]
        return cls(tickets[order], features.take(order, axis=0), targets.take(order, axis=0), kept)
