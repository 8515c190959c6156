"""What identical inputs with different targets cost any function of the inputs."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses import grouped
from mlpdoctor.statistics.rows import RowHashes, at_level
from mlpdoctor.statistics.views import Rows, hash_rows

MOST_CELLS = 1 << 22
"""Numbers of repeated rows kept at once, 32 MiB. Beyond it whole groups are left out, which only lowers the floor."""


@dataclass(frozen=True)
class Conflicts:
    """Groups of rows with identical inputs, and the loss they cost.

    Attributes:
        floors: for each part of the loss, what they add to the mean loss of perfect answers, whatever the function.
        groups: groups of identical inputs in which some target differs.
        rows: rows in those groups.
        complete: False when rows were too many to look at all groups; the floors then hold but may be too low.
        example: numbers of two rows of one such group, counted from 0; None without one.
    """

    floors: tuple[float, ...]
    groups: int
    rows: int
    complete: bool
    example: tuple[int, int] | None


class Judge(Protocol):
    """What knows the losses of all outputs; arrays of targets hold all target columns."""

    def best(self, groups: npt.NDArray[np.intp], columns: Array, weights: Array, /) -> Array:
        """What one answer to all rows of a group costs, summed over them, shape (groups, parts)."""

    def perfect(self, columns: Array, /) -> Array:
        """What a perfect answer to each row costs, shape (rows, parts)."""


Few: TypeAlias = tuple[Array, Array, Array, Array]
"""Of some rows the features, the targets, the numbers and the weights."""


def find(
    of_blocks: Callable[[Callable[[Rows], Few]], list[Few]],
    hashes: RowHashes,
    rows: int,
    judge: Judge,
    parts: int,
    features: int,
) -> Conflicts:
    """Group the rows with identical inputs.

    A function gives the same answer to all rows of a group, so it loses at least what the best constant loses on
    the group: the squared distances from its mean, the distances from its median, the entropy of its classes. The sum
    over groups is a lower bound for every function, and the function that takes those constants reaches it.

    Args:
        of_blocks: what a function makes of each block of usable rows, in order, in another pass.
        hashes: of all rows.
        rows: how many rows there are.
        judge: what knows the losses.
        parts: of the loss.
        features: number of features.
    """
    repeated, level = _few_enough(hashes, MOST_CELLS // (features + parts + 1))
    complete = level == 0
    if not len(repeated):
        return Conflicts((0.0,) * parts, 0, 0, complete, None)
    kept = of_blocks(partial(_among, repeated=repeated))
    inputs, targets, numbers, weights = (np.concatenate(part) for part in zip(*kept, strict=True))
    group = np.unique(inputs + 0.0, axis=0, return_inverse=True)[1].ravel()
    perfect = grouped.sums(group, weights[:, None] * judge.perfect(targets))
    cost = np.maximum(judge.best(group, targets, weights) - perfect, 0.0)
    differing = np.flatnonzero(_spread(group, targets) > 0)
    inside = np.isin(group, differing)
    example = numbers[group == differing[0]][:2] if len(differing) else None
    return Conflicts(
        floors=tuple(float(total) / rows for total in cost[differing].sum(axis=0)),
        groups=len(differing),
        rows=int(inside.sum()),
        complete=complete,
        example=None if example is None else (int(example[0]), int(example[1])),
    )


def _few_enough(hashes: RowHashes, most: int) -> tuple[npt.NDArray[np.uint64], int]:
    level, kept = hashes.level, hashes.hashes
    while True:
        values, counts = np.unique(kept, return_counts=True)
        if counts[counts > 1].sum() <= most:
            return values[counts > 1], level
        level += 1
        kept = at_level(kept, level)


def _among(block: Rows, repeated: npt.NDArray[np.uint64]) -> Few:
    chosen = np.isin(hash_rows(block.features), repeated)
    weights = np.ones(int(chosen.sum())) if block.weights is None else block.weights[chosen]
    return block.features[chosen], block.targets[chosen], block.numbers[chosen], weights


def _spread(group: npt.NDArray[np.intp], targets: Array) -> Array:
    """For each group, how far apart the targets lie that lie farthest apart."""
    count = int(group.max()) + 1
    high, low = (np.full((count, targets.shape[1]), sign * -np.inf) for sign in (1.0, -1.0))
    np.maximum.at(high, group, targets)
    np.minimum.at(low, group, targets)
    spread: Array = (high - low).max(axis=1)
    return spread
