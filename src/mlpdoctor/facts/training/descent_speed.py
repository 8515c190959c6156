"""How fast the loss falls at the saved rate, beside how far it has to go."""

import math

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.loss_position import GOOD, LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.gradients import norm
from mlpdoctor.facts.training.training import Training
from mlpdoctor.facts.training.trial_updates import Continuation

ELSEWHERE = 1.5
"""The updates made would have brought the loss down so many times over, had they been like those of the trial."""


@dataclass(frozen=True, eq=False)
class DescentSpeed:
    """A trial at the saved rate, and what it is held against.

    Attributes:
        gap: how far the loss is above what is known to be reachable.
        span: how far the best constant is above that.
        came: how far the loss is below the best constant.
        continuation: the trials.
        updates: made before saving; None where the file does not tell.
        size: length of all weights that training may change, taken as one vector.
    """

    gap: float
    span: float
    came: float
    continuation: Continuation
    updates: int | None
    size: float

    @property
    def saved(self) -> Trial:
        """The trial at the saved rate."""
        return self.continuation.saved

    def share(self, trial: Trial) -> float:
        """What share of the gap a trial closed."""
        return trial.gain / self.gap

    def sure_share(self, trial: Trial) -> float:
        """What share of the gap a trial closed at least."""
        return trial.least_gain / self.gap

    @property
    def to_go(self) -> float:
        """How many updates the rest would take if the loss went on falling like that; it slows down as a rule."""
        share = self.share(self.saved)
        return self.saved.updates / share if share > 0 else math.inf

    @property
    def contradicted(self) -> bool:
        """Whether the updates made cannot have been like those of the trial.

        Had they brought the loss down at this pace, it would be far below where it is: the training saw other rows,
        other targets, or something that the file does not show. Early updates gain more than later ones as a rule.
        """
        per_update = self.saved.gain / self.saved.updates
        made = (self.updates or 0) * per_update
        return made > ELSEWHERE * (max(self.came, 0.0) + self.span / 2)


@fact
def descent_speed(
    objective: Objective, continuation: Continuation, position: LossPosition, training: Training
) -> DescentSpeed | Absent:
    """Hold the trial against the ladder."""
    # Where BatchNormalization works by stored moments the saved model may do worse than in training.
    gap = min(position.model, continuation.saved.before) - position.reach
    if position.near or gap <= GOOD * (position.constant - position.reach) or gap <= 0:
        return Absent("the model has come most of the way to what is known to be reachable", applicable=False)
    return DescentSpeed(
        gap=gap,
        span=max(position.constant - position.reach, 0.0),
        came=position.constant - position.model,
        continuation=continuation,
        updates=training.updates,
        size=norm(engine.weights) if (engine := objective.passes.engine) is not None else 0.0,
    )
