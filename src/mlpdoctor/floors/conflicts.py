"""What identical inputs with different targets cost any function of the inputs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlpdoctor.network import Array
from mlpdoctor.statistics.row_hashes import RowHashes, at_level, hash_rows
from mlpdoctor.views import Rows

MOST_CELLS = 1 << 22
"""Numbers of repeated rows kept at once, 32 MiB. Beyond it whole groups are left out, which only lowers the floor."""


@dataclass(frozen=True)
class Conflicts:
    """Groups of rows with identical inputs, and the loss they cost.

    Attributes:
        floors: for each target, the part of the mean loss that no function of the inputs avoids.
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


def find(
    reread: Callable[[], Iterator[Rows]], hashes: RowHashes, rows: int, losses: tuple[str, ...], features: int
) -> Conflicts:
    """Group the rows with identical inputs.

    A function gives the same answer to all rows of a group, so it loses at least what the best constant loses on
    the group: the squared distances from its mean, or the distances from its median. The sum over groups is a
    lower bound for every function, and the function that takes those constants reaches it.

    Args:
        reread: starts another pass over the usable rows.
        hashes: of all rows.
        rows: how many rows there are.
        losses: for each target, ``squares`` or ``absolute``.
        features: number of features.
    """
    repeated, level = _few_enough(hashes, MOST_CELLS // (features + len(losses) + 1))
    complete = level == 0
    if not len(repeated):
        return Conflicts((0.0,) * len(losses), 0, 0, complete, None)
    kept = [_among(block, repeated) for block in reread()]
    inputs, targets, numbers = (np.concatenate(part) for part in zip(*kept, strict=True))
    group = np.unique(inputs + 0.0, axis=0, return_inverse=True)[1].ravel()
    cost = np.stack([_costs(group, y, loss) for y, loss in zip(targets.T, losses, strict=True)], axis=1)
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


def _among(block: Rows, repeated: npt.NDArray[np.uint64]) -> tuple[Array, Array, Array]:
    chosen = np.isin(hash_rows(block.features), repeated)
    return block.features[chosen], block.targets[chosen], block.numbers[chosen]


def _spread(group: npt.NDArray[np.intp], targets: Array) -> Array:
    """For each group, how far apart the targets lie that lie farthest apart."""
    count = int(group.max()) + 1
    high, low = (np.full((count, targets.shape[1]), sign * -np.inf) for sign in (1.0, -1.0))
    np.maximum.at(high, group, targets)
    np.minimum.at(low, group, targets)
    spread: Array = (high - low).max(axis=1)
    return spread


def _costs(group: npt.NDArray[np.intp], target: Array, loss: str) -> Array:
    """For each group, the least loss of a constant, summed over its rows."""
    order = np.lexsort((target, group))
    values, groups = target[order], group[order]
    size = np.bincount(groups)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    if loss == "squares":
        # Deviations from a member of the group first, so that a large common offset costs no digits.
        near = values - values[start][groups]
        best = np.bincount(groups, near) / size
        return np.bincount(groups, np.square(near - best[groups])).astype(np.float64)
    best = values[start + (size - 1) // 2]
    return np.bincount(groups, np.abs(values - best[groups])).astype(np.float64)
