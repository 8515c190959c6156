"""How fast a curve moves at its end, on a log scale, with an error bar; and what it reaches at this pace."""

from dataclasses import dataclass

from mlpdoctor.history import Column


@dataclass(frozen=True)
class Slope:
    """The pace at the end of a curve.

    Attributes:
        per_epoch: change of ln(loss - offset) in one epoch: -0.01 is one per cent less each epoch.
        error: half the width of its 95 % interval, scatter and rounding together.
        first: epoch at which the stretch looked at begins.
        last: epoch at which it ends.
        end: the loss at the last epoch on the fitted line.
    """

    per_epoch: float
    error: float
    first: int
    last: int
    end: float

    @property
    def falling(self) -> bool:
        """Whether the loss surely still falls."""
        return self.per_epoch + self.error < 0

    @property
    def rising(self) -> bool:
        """Whether the loss surely rises."""
        return self.per_epoch - self.error > 0


@dataclass(frozen=True)
class Reach:
    """Epochs from the end of the curve to a level, at the pace of its end.

    Attributes:
        epochs: the best guess; infinite where the curve does not fall.
        low: at the quickest pace that the error bar allows.
        high: at the slowest; infinite where it allows standing still.
    """

    epochs: float
    low: float
    high: float


def final_slope(column: Column) -> Slope | None:
    """The pace at the end; None for curves too short, or with losses that are not positive."""
    raise NotImplementedError


def epochs_to(slope: Slope, level: float) -> Reach | None:
    """Epochs until the loss is down to ``level`` if it goes on falling by the same share each epoch.

    None where the level is not positive: at this pace it is never reached, however long. 0 where it is reached already.
    Curves slow down as a rule, so this is the least that it takes.
    """
    raise NotImplementedError
