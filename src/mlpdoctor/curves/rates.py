"""What the learning-rate column tells: from where to where, and in which steps."""

from dataclasses import dataclass

from mlpdoctor.history import Column


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
        steady: epochs at the end with the last rate.
    """

    first: float
    largest: float
    last: float
    drops: tuple[Drop, ...]
    steady: int


def learning_rates(column: Column) -> Rates | None:
    """The course of the learning rate; None for a column without finite values."""
    raise NotImplementedError
