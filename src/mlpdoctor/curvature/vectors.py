"""All weights as one vector and back."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array, Key


@dataclass(frozen=True, eq=False)
class Vectors:
    """The order in which weights lie in a vector.

    Attributes:
        like: weights of the right shapes; their order is that of the vector.
    """

    like: Mapping[Key, Array]

    @cached_property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(values.size for values in self.like.values())

    def vector(self, weights: Mapping[Key, Array]) -> Array:
        """All weights in a row, shape (size,)."""
        return np.concatenate([np.asarray(weights[key], np.float64).ravel() for key in self.like])

    def weights(self, vector: Array) -> dict[Key, Array]:
        """The weights that such a row stands for."""
        found, start = {}, 0
        for key, values in self.like.items():
            found[key] = vector[start : start + values.size].reshape(values.shape)
            start += values.size
        return found
