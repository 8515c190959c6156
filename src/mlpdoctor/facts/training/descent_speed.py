"""How fast the loss falls at the saved rate, beside how far it has to go."""

import math

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.loss_position import GOOD, LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.gradients import norm
from mlpdoctor.facts.training.training import Training
from mlpdoctor.facts.training.trial_updates import Continuation, FirstUpdates

READILY = 0.05
"""A trial that closes a twentieth of the gap, scatter taken off, shows a training that is not at its end."""
BARELY = 0.02
"""And one that closes less than a fiftieth of it, scatter added, one that rests."""
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
        start: how far a fresh start is above the model, where that was looked at.
    """

    gap: float
    span: float
    came: float
    continuation: Continuation
    updates: int | None
    size: float
    start: float | None = None

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
    def falls(self) -> bool:
        """Whether the loss still falls readily when training goes on as it was saved."""
        return self.sure_share(self.saved) >= READILY and not self.contradicted

    @property
    def rests(self) -> bool:
        """Whether training goes nowhere: this is what makes a loss stuck, whatever is seen in the network."""
        return self.share(self.saved) < BARELY

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
        return made > ELSEWHERE * max(max(self.came, 0.0) + self.span / 2, self.start or 0.0)


@fact
def descent_speed(
    objective: Objective,
    continuation: Continuation,
    position: LossPosition,
    training: Training,
    first: FirstUpdates | None,
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
        start=_start(first, position),
        size=norm(engine.weights) if (engine := objective.passes.engine) is not None else 0.0,
    )


def _start(first: FirstUpdates | None, position: LossPosition) -> float | None:
    """How far training has come from a fresh start, where nothing but a constant says what could be reached.

    A model far above the constant may have come down from much further up. Where an affine fit is known to do better,
    rows on another scale than those of the training are the likelier reason for such a loss.
    """
    if first is None or not first.fresh or position.affine is not None:
        return None
    before = first.trials.saved.before
    return before - position.model if math.isfinite(before) else None
