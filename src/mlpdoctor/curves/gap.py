"""Where the validation loss parts from the training loss, and whether it turned."""

from dataclasses import dataclass

from mlpdoctor.curves.best import Best
from mlpdoctor.curves.level import Level
from mlpdoctor.history import Column


@dataclass(frozen=True)
class Gap:
    """Training and validation side by side.

    Attributes:
        best: the best validation epoch, on the curve smoothed by a running median.
        training: the level on which the training loss ends.
        validation: the level on which the validation loss ends.
        ratio: ``validation / training``, None where training is not positive.
        rise: by how much the validation level is above its best, as a share of the best.
        error: half the width of the 95 % interval of ``rise``.
        fall: by how much the training loss fell since that epoch, as a share of what it was then.
        turned: whether the validation loss surely rose since its best while the training loss did not rise.
    """

    best: Best
    training: Level
    validation: Level
    ratio: float | None
    rise: float
    error: float
    fall: float
    turned: bool


def validation_gap(training: Column, validation: Column) -> Gap | None:
    """The two curves side by side; None where one has too few values."""
    raise NotImplementedError
