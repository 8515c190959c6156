"""How many more epochs the curve needs to each rung below it, at the pace of its end."""

from mlpdoctor.curves.slope import Reach, Slope, epochs_to
from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.training_curve import TrainingCurve
from mlpdoctor.ladder import Ladder, Rung
from mlpdoctor.lean import dataclass

RUNGS = ("constant", "affine", "noise", "data", "architecture")
"""What a curve may be on its way to; the model's own loss and its readout are where it is."""


@dataclass(frozen=True, eq=False)
class CurvePace:
    """The pace at the end of the training loss, and what it means.

    Attributes:
        slope: the pace.
        ways: each rung of the ladder that is surely below the end of the curve, with the epochs to it at this pace;
            from the nearest down. Empty without a ladder.
    """

    slope: Slope
    ways: tuple[tuple[Rung, Reach], ...]

    def to(self, level: float) -> Reach | None:
        """Epochs until the loss is down to a level at this pace; None where it never gets there."""
        return epochs_to(self.slope, level)


@fact
def curve_pace(curve: TrainingCurve, ladder: Ladder | None) -> CurvePace | Absent:
    """Hold the pace against the rungs, as Keras would log them."""
    if curve.slope is None:
        return Absent("the curve is too short to tell its pace", applicable=False)
    added = 0.0 if ladder is None or ladder.penalty is None else ladder.penalty.total
    ways = []
    for rung in () if ladder is None else ladder.rungs:
        logged = rung.value + added
        if rung.name not in RUNGS or logged >= curve.slope.end:
            continue
        reach = epochs_to(curve.slope, logged)
        if reach is not None:
            ways.append((rung, reach))
    return CurvePace(curve.slope, tuple(sorted(ways, key=lambda way: -way[0].value)))
