"""What the learning-rate column tells: from where to where, and in which steps."""

import numpy as np

from mlpdoctor.analysis.curves.noise import finite
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column

FALL = 0.1
"""A smaller fall from one epoch to the next is the course of a smooth schedule, and no step of it."""


@dataclass(frozen=True)
class Drop:
    """One fall of the learning rate.

    Attributes:
        epoch: the first with the lower rate.
        before: the rate before.
        after: the rate after.
    """

    epoch: int
    before: float
    after: float


@dataclass(frozen=True)
class Rates:
    """The learning rate over the epochs.

    Attributes:
        first: at the first epoch.
        largest: of all epochs.
        last: at the last epoch.
        drops: falls by more than a tenth from one epoch to the next.
    """

    first: float
    largest: float
    last: float
    drops: tuple[Drop, ...]


def learning_rates(column: Column) -> Rates | None:
    """The course of the learning rate; None for a column without finite values."""
    curve = finite(column)
    if not len(curve):
        return None
    rates = curve.values
    fell = np.flatnonzero(rates[1:] < (1 - FALL) * rates[:-1]) + 1
    return Rates(
        float(rates[0]),
        float(rates.max()),
        float(rates[-1]),
        tuple(Drop(int(curve.epochs[place]), float(rates[place - 1]), float(rates[place])) for place in fell),
    )
