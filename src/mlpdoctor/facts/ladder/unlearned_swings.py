"""Whether swings of the targets can be why the loss is where it is."""

import math

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.swings import Swings
from mlpdoctor.facts.network.line_in_reach import Entrance

STUCK = 0.5
"""A model with more than half the loss of the best line has not learned the swings."""
ABOVE_NOISE = 1.1
"""One at the noise that is left about the swings has."""
OFTEN = 2.0
"""Periods across one standard deviation of the inputs: twice as many as are hard."""


@dataclass(frozen=True, eq=False)
class UnlearnedSwings:
    """The same for a model that has not learned them.

    Attributes:
        swings: of the targets; of which none may be fast.
    """

    swings: Swings

    @property
    def fast(self) -> bool:
        """Whether a target swings so often that no scale of its inputs lets a network learn it soon."""
        return self.swings.found is not None and self.swings.found.periods >= OFTEN


@fact
def unlearned_swings(swings: Swings, entrance: Entrance, position: LossPosition) -> UnlearnedSwings | Absent:
    """Leave out models that have learned what there is, or that make something else of their inputs."""
    if any(door.first_feature is None for door in entrance.doors):
        return Absent("the first layer does not see the features themselves", applicable=False)
    if not math.isfinite(position.model):
        return Absent("the model has no finite loss")
    line = position.constant if position.affine is None else min(position.affine, position.constant)
    noise = 0.0 if swings.found is None else ABOVE_NOISE * (1 - swings.found.smooth)
    if swings.found is not None and position.above(position.model) < max(STUCK, noise) * position.above(line):
        return Absent("the model has learned the swings of its target", applicable=False)
    return UnlearnedSwings(swings)
