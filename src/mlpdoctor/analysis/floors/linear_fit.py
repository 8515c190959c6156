"""The best affine prediction of one part of the loss, and the best constant."""

from collections.abc import Callable, Iterator

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.nn.losses.loss import Loss


@dataclass(frozen=True)
class LinearFit:
    """A line (or plane, or one for each class) with its loss.

    Attributes:
        value: mean loss of this line over the rows: no line is known to be better. Where the loss only falls towards
            a limit as coefficients grow, that limit.
        lower: no line at all is below this. Equal to ``value`` up to rounding unless the fit was cut short.
        coefficients: for each predictor the intercept, then a slope for each feature.
        attained: False where only ever larger coefficients come ever closer to ``value``.
    """

    value: float
    lower: float
    coefficients: tuple[tuple[float, ...], ...]
    attained: bool = True

    @property
    def intercept(self) -> float:
        """Of the first predictor: its value where all features are zero."""
        return self.coefficients[0][0]

    @property
    def slopes(self) -> tuple[float, ...]:
        """Of the first predictor, one for each feature."""
        return self.coefficients[0][1:]


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
