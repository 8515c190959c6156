"""What the logged loss is held against: how far it is from what is known to be reachable, and what is worth a word."""

import math

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.facts.history.run_ending import RunEnding
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.facts.training.training import Training

DONE = 0.1
"""A loss that has come nine tenths of the way to what is known to be reachable may be left where it is."""
WORTH = 0.05
"""A gain of a twentieth of the whole way is worth a word."""
HALF = 0.5
"""Where nobody knows what is reachable, a loss that is not down to half of what it began with has not come far."""


@dataclass(frozen=True)
class ReferenceGap:
    """How far the loss has come.

    Attributes:
        top: the loss at the top of the way: of the best constant; without data the first that was logged.
        goal: the lowest loss that something is known to reach; None without data.
        left: the share of the way from ``top`` to ``goal`` that is still to go, of the saved model where its loss is
            known, else of the curve; without data the last loss as a share of the first.
        of_model: whether ``left`` is that of the saved model.
        resumed: whether the run began with trained weights, so that its first loss is no measure.
    """

    top: float
    goal: float | None
    left: float
    of_model: bool
    resumed: bool = False

    @property
    def known(self) -> bool:
        """Whether it is known what is reachable."""
        return self.goal is not None

    @property
    def span(self) -> float:
        """The whole way."""
        return self.top - (self.goal or 0.0)

    @property
    def done(self) -> bool:
        """Whether the loss is known to be about as low as anything gets it."""
        return self.known and self.left <= DONE

    @property
    def far(self) -> bool:
        """Whether the loss has not come half of the way."""
        return self.left > HALF and (self.known or not self.resumed)

    def worth(self, gain: float) -> bool:
        """Whether to be told of so much less loss: there is way to go, and the gain is a fair part of it."""
        if not self.known and not self.far:
            return False
        return not self.done and gain >= WORTH * self.span


@fact
def reference_gap(
    curve: TrainingCurve,
    ending: RunEnding,
    training: Training,
    position: LossPosition | None,
    ladder: Ladder | None,
    opinion: SecondOpinion | None,
) -> ReferenceGap | Absent:
    """Take what is known: the saved model on its data, else the curve beside the ladder, else the curve alone."""
    if position is not None and not training.never and position.constant > position.reach:
        left = 0.0 if position.well else position.shortfall
        return ReferenceGap(position.constant, position.reach, left if math.isfinite(left) else math.inf, of_model=True)
    last = curve.level.value if curve.level is not None else math.inf
    constant = None if ladder is None else ladder.value("constant")
    affine = None if ladder is None else ladder.value("affine")
    if ladder is not None and constant is not None and affine is not None:
        added = 0.0 if ladder.penalty is None else ladder.penalty.total
        reach = min(constant, affine)
        if opinion is not None and opinion.structure:
            reach = min(reach, opinion.curve)
        reach = max(reach, ladder.value("data") or 0.0)
        if constant > reach:
            return ReferenceGap(constant, reach, (last - added - reach) / (constant - reach), of_model=False)
    if curve.first is None:
        return Absent("the history holds no finite loss", applicable=False)
    left = last / curve.first if curve.first > 0 else 1.0
    return ReferenceGap(curve.first, None, left, of_model=False, resumed=ending.resumed)
