"""How fast the loss falls at the saved rate, what that rate can still do, and whether it was higher before."""

import math

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Network, Optimizer
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.ladder.loss_position import GOOD, HALFWAY, LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.gradients import norm
from mlpdoctor.facts.training.training import CurrentRate, Training, constant_start
from mlpdoctor.facts.training.trial_updates import Continuation, FirstUpdates, Revived, come_from, of_zeros
from mlpdoctor.nn.layers.properties import rate_of, size_of, trained_kernels
from mlpdoctor.nn.optimizers.rate import at_rate, rate_at
from mlpdoctor.nn.optimizers.traits import most_per_update, moves_by_a_share, moves_by_the_rate
from mlpdoctor.statistics.rows import RowSample

READILY = 0.05
"""A trial that closes a twentieth of the gap, scatter taken off, shows that training goes on; less stands still."""
BARELY_AT_ALL = 0.02
"""And one that closes less than a fiftieth of it, scatter added, one that rests."""
HEAVY = 0.4
"""A share from which on dropout makes training so much slower than its trials that their pace says nothing of it."""
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
        longer: a trial four times as long, where the loss falls in the first, and too little to be sure of: sigmoids
            and small rates are slow to start.
        dropped: the largest share that a layer drops in training, and in no trial.
    """

    gap: float
    span: float
    came: float
    continuation: Continuation
    updates: int | None
    size: float
    start: float | None = None
    longer: Trial | None = None
    dropped: float = 0.0

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
        """Whether the loss still falls readily when training goes on as it was saved.

        A trial four times as long has to close twice as much, unless it is longer than the whole training was.
        """
        short = self.longer is not None and self.updates is not None and self.updates < self.longer.updates
        longer = self.longer is not None and self.sure_share(self.longer) >= (READILY if short else 2 * READILY)
        return (longer or self.sure_share(self.saved) >= READILY) and not self.contradicted

    @property
    def shown(self) -> Trial:
        """The trial that shows whether the loss falls."""
        return self.saved if self.longer is None else self.longer

    @property
    def rests(self) -> bool:
        """Whether training goes nowhere: this is what makes a loss stuck, whatever is seen in the network."""
        return self.share(self.saved) < BARELY_AT_ALL

    @property
    def swift(self) -> bool:
        """Whether a short trial leaves less than half of the way from the best constant: then nothing keeps it back."""
        return self.gap * (1 - self.sure_share(self.saved)) <= HALFWAY * self.span

    @property
    def to_go(self) -> float:
        """How many updates the rest would take if the loss went on falling like that; it slows down as a rule."""
        share = self.share(self.shown)
        return self.shown.updates / share if share > 0 else math.inf

    @property
    def contradicted(self) -> bool:
        """Whether the updates made cannot have been like those of the trial.

        Had they brought the loss down at this pace, it would be far below where it is: the training saw other rows,
        other targets, or something that the file does not show. Early updates gain more than later ones as a rule, but
        for the very first: fewer than the trial's own say nothing.
        """
        updates, saved = self.updates or 0, self.saved
        made = updates * (saved.gain / saved.updates)
        far = ELSEWHERE * max(max(self.came, 0.0) + self.span / 2, self.start or 0.0)
        return updates >= saved.updates and made > far and self.dropped < HEAVY


@fact
def descent_speed(
    network: Network,
    objective: Objective,
    sample: RowSample,
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
    speed = DescentSpeed(
        gap=gap,
        span=max(position.constant - position.reach, 0.0),
        came=position.constant - position.model,
        continuation=continuation,
        updates=training.updates,
        start=max(come_from(first, position) or 0.0, of_zeros(objective, sample) - position.model),
        size=norm(engine.weights) if (engine := objective.passes.engine) is not None else 0.0,
        dropped=max(map(rate_of, network.layers)),
    )
    if speed.sure_share(speed.saved) >= READILY or speed.rests:
        return speed
    return twin(speed, longer=continuation.longer())


FASTER = 4.0
"""At the rate it came down from the loss has to fall so many times as far."""
SLOW = 1e5
"""A rate at which a weight takes so many updates for its own size moves nothing that anybody would see."""
LOOKS = 100
MOST = 0.5
"""A rate that was low for more than half of the training came down too early."""
LOW = 0.1
"""A rate brought down to less than a tenth was brought down on purpose or by a schedule."""


@dataclass(frozen=True)
class RateLeft:
    """The rate of the next update beside the weights it has to move.

    Attributes:
        optimizer: its class.
        rate: of the next update.
        started: the rate that training began with, as far as the file tells; never less.
        schedule: the class of its schedule; None without one.
        size: root mean square of all trainable kernels.
        updates_to_move: how many updates it takes to move a weight by its own size; infinite where the steps follow the
            gradient and nothing can be said.
        share_of_weights: a step beside the weights; infinite likewise.
        spent: share of the updates made that had less than a tenth of the rate that training began with.
        once_higher: whether some weight has gone further than this rate can have carried it in the updates made.
    """

    optimizer: str
    rate: float
    started: float
    schedule: str | None
    size: float
    updates_to_move: float
    share_of_weights: float
    spent: float
    once_higher: bool

    @property
    def scheduled(self) -> bool:
        """Whether a schedule has brought the rate down."""
        return self.schedule is not None and self.rate < self.started

    @property
    def outrun(self) -> bool:
        """Whether the weights tell of a higher rate, and this one moves nothing any more."""
        return self.once_higher and self.updates_to_move > SLOW

    def revived(self, speed: DescentSpeed) -> Revived | None:
        """Whether the loss stands still at this rate and falls at the one it came down from.

        A schedule that comes to its end together with training leaves most updates an ordinary rate: then it is
        something else that holds the loss, though a high rate moves it.
        """
        saved = speed.saved
        lowered = self.spent >= MOST and 0 < self.rate < LOW * self.started
        if not (lowered and saved.finite) or speed.share(saved) >= READILY:
            return None
        before = speed.continuation.at(self.started / self.rate)
        falls = speed.sure_share(before) >= READILY and before.gain >= FASTER * max(saved.gain, 0.0)
        return Revived(saved, before) if falls else None


@fact
def rate_left(network: Network, current: CurrentRate, training: Training) -> RateLeft | Absent:
    """Hold the rate against the weights."""
    size, optimizer = size_of(trained_kernels(network)), network.optimizer
    if optimizer is None or size is None:
        return Absent("there is no weight for a rate to move", applicable=False)
    step = current.rate if moves_by_a_share(optimizer) else math.inf
    step = current.rate / size if moves_by_the_rate(optimizer) else step
    limit = most_per_update(at_rate(optimizer, current.rate))
    reach = None if limit is None or training.updates is None else limit * training.updates
    return RateLeft(
        optimizer=optimizer.name,
        rate=current.rate,
        started=max(current.compiled, current.rate),
        schedule=current.schedule,
        size=size,
        updates_to_move=0.0 if math.isinf(step) else math.inf if step == 0 else 1 / step,
        share_of_weights=step,
        spent=_spent(optimizer, current),
        once_higher=reach is not None and bool(training.updates) and _gone(network) > reach,
    )


def _spent(optimizer: Optimizer, current: CurrentRate) -> float:
    """By a look at a hundred places of the schedule."""
    rates = (rate_at(optimizer, round((optimizer.iterations or 0) * place / LOOKS)) for place in range(LOOKS))
    return sum(rate is not None and rate < LOW * current.compiled for rate in rates) / LOOKS


def _gone(network: Network) -> float:
    """How far a weight is from the constant that it is known to have started from; 0 where none tells."""
    far = 0.0
    for layer in network.layers:
        for name, weight in layer.weights.items() if layer.trainable else ():
            start = constant_start(layer.config.get(f"{name}_initializer"))
            if start is not None and weight.size and np.isfinite(weight).all():
                far = max(far, float(np.abs(np.asarray(weight, np.float64) - start).max()))
    return far
