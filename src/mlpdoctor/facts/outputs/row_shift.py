"""Whether unseen rows come from where the rows trained on come from: the two-sample test of each column."""

import math

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.generalisation import Unseen
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.statistics.rows import RowSample

RARE = 0.001
"""How often chance alone may make any of all columns differ so, by the bound of Kolmogorov and Smirnov."""
APART = 0.3
"""The distance of two normal columns whose means are 0.8 standard deviations apart: what differs by less, a network
trained on many rows has usually met."""


@dataclass(frozen=True)
class ShiftedColumn:
    """A column that is another one in the unseen rows.

    Attributes:
        name: of the column.
        target: whether it is a target.
        distance: the largest difference between the shares of rows at or below one value, 0 to 1.
        value: that value.
        below: share of the rows trained on that are at or below it.
        below_unseen: the same of the unseen rows.
        median: of the rows trained on.
        median_unseen: of the unseen rows.
    """

    name: str
    target: bool
    distance: float
    value: float
    below: float
    below_unseen: float
    median: float
    median_unseen: float


@dataclass(frozen=True)
class RowShift:
    """The columns that differ, the farthest apart first, out of so many.

    Attributes:
        columns: that differ by more than chance, and by ``APART`` or more.
        of: columns that were compared.
        chance: the distance that chance alone reaches in a thousandth of such files.
        rows: sampled of both sides.
    """

    columns: tuple[ShiftedColumn, ...]
    of: int
    chance: float
    rows: tuple[int, int]


@fact
def row_shift(objective: Objective, unseen: Unseen, sample: RowSample) -> RowShift | Absent:
    """Compare samples of both, column by column."""
    if isinstance(unseen.objective, Absent):
        return unseen.objective
    names = objective.passes.dataset
    every = (*names.feature_names, *names.target_names)
    one, other = (np.concatenate([few.features, few.targets], axis=1) for few in (sample.few, unseen.sample.few))
    chance = by_chance(len(one), len(other), len(every))
    found = []
    for place, name in enumerate(every):
        distance, value = farthest(one[:, place], other[:, place])
        if distance > max(APART, chance):
            found.append(
                ShiftedColumn(
                    name=name,
                    target=place >= len(names.feature_names),
                    distance=distance,
                    value=value,
                    below=float((one[:, place] <= value).mean()),
                    below_unseen=float((other[:, place] <= value).mean()),
                    median=float(np.median(one[:, place])),
                    median_unseen=float(np.median(other[:, place])),
                )
            )
    found.sort(key=lambda column: -column.distance)
    return RowShift(tuple(found), len(every), chance, (len(one), len(other)))


def farthest(one: Array, other: Array) -> tuple[float, float]:
    """The distance of Kolmogorov and Smirnov between two samples of numbers, and where it is reached."""
    values = np.unique(np.concatenate([one, other]))
    shares = [np.searchsorted(np.sort(sample), values, side="right") / len(sample) for sample in (one, other)]
    apart = np.abs(shares[0] - shares[1])
    place = int(apart.argmax())
    return float(apart[place]), float(values[place])


def by_chance(rows: int, others: int, columns: int) -> float:
    """The distance that samples of one source exceed with a probability of at most ``RARE`` in any column.

    The bound of Smirnov's limit, ``2 exp(-2 d^2 n m / (n + m))``, shared out among the columns.
    """
    return math.sqrt(math.log(2 * columns / RARE) / 2 * (rows + others) / (rows * others))
