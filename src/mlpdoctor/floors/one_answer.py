"""The best constant for a loss that has a closed form for it, or a search of its own, but no linear problem."""

from collections.abc import Callable, Iterator

import numpy as np

from mlpdoctor.floors.linear_fit import LinearFit
from mlpdoctor.losses.loss import Loss
from mlpdoctor.network import Array

MOST_CELLS = 1 << 22
"""Numbers kept in memory at once, 32 MiB of targets."""


def one_answer(reread: Callable[[], Iterator[tuple[Array, Array, Array]]], loss: Loss, rows: int) -> LinearFit | None:
    """The least mean loss of one answer to all rows; None where they do not fit into memory.

    Args:
        reread: starts another pass over features, encoded targets of one part, and weights.
        loss: of that part.
        rows: how many there are.
    """
    kept = [(targets, weights) for _, targets, weights in reread()]
    if rows * kept[0][0].shape[1] > MOST_CELLS:
        return None
    targets, weights = (np.concatenate(arrays) for arrays in zip(*kept, strict=True))
    least = float(loss.best(np.zeros(len(targets), np.intp), targets, weights)[0].sum()) / rows
    return LinearFit(least, least, ())
