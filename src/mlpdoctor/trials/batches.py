"""Which rows each update sees: drawn from a seed, the same for every model that is compared."""

from collections.abc import Iterator
from dataclasses import field

import numpy as np
import numpy.typing as npt

from mlpdoctor.lean import dataclass

USUAL = 32
"""Rows in a batch, where nobody says otherwise: Keras's own default; the file does not remember."""
Block = npt.NDArray[np.int32]


@dataclass
class Batches:
    """Batches without end, epoch after epoch, each epoch in an order of its own.

    An epoch whose last batch is short goes on in the next one, so that all batches are of one size.

    Attributes:
        rows: how many there are.
        size: of a batch.
        seed: where the order starts.
    """

    rows: int
    size: int
    seed: int
    _rng: np.random.Generator = field(init=False, repr=False)
    _left: Block = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Start at the first epoch."""
        self._rng = np.random.default_rng([0x7EA7, self.seed])
        self._left = np.empty(0, np.int32)

    def take(self, updates: int) -> Block:
        """The rows of the next updates, shape (updates, size)."""
        if self.size >= self.rows:
            return np.tile(np.arange(self.rows, dtype=np.int32), (updates, 1))
        wanted = updates * self.size
        parts, have = [self._left], len(self._left)
        while have < wanted:
            parts.append(self._rng.permutation(self.rows).astype(np.int32))
            have += self.rows
        drawn = np.concatenate(parts)
        self._left = drawn[wanted:]
        return drawn[:wanted].reshape(updates, self.size)

    def blocks(self, updates: int, most: int) -> Iterator[Block]:
        """The next updates in blocks of at most so many."""
        for start in range(0, updates, most):
            yield self.take(min(most, updates - start))
