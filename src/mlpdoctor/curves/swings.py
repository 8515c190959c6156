"""How far a curve swings about its own trend."""

from dataclasses import dataclass

from mlpdoctor.history import Column


@dataclass(frozen=True)
class Swings:
    """Swings about the trend on a log scale, over the second half of the curve.

    Attributes:
        typical: standard deviation of ln(loss) about its running median: 0.1 is swings of ten per cent.
        largest: the largest one upwards, as a factor: 3 is three times the trend.
        epoch: of the largest.
        rises: share of the epochs that are higher than the one before by more than rounding.
        spikes: epochs that stand above the trend by more than five times the typical swing and the rounding.
        first: epoch at which the stretch looked at begins.
    """

    typical: float
    largest: float
    epoch: int
    rises: float
    spikes: tuple[int, ...]
    first: int


def swings(column: Column) -> Swings | None:
    """The swings; None for curves too short, or with losses that are not positive."""
    raise NotImplementedError
