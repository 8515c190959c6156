"""What a few updates do, from the saved weights and from fresh ones: tried, not guessed."""

import math
from dataclasses import field, replace
from typing import TypeAlias

import numpy as np

from mlpdoctor.core.check import Absent, dear_fact, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Network, Optimizer
from mlpdoctor.engine.passes import Engine
from mlpdoctor.engine.training import BATCH, Descent, Trial
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.gradients import gradient_rows
from mlpdoctor.facts.training.training import CurrentRate, FreshStart, Training
from mlpdoctor.nn.initializers import fans
from mlpdoctor.statistics.rows import RowSample

OWN, UNCLIPPED, ADAM = "its own", "unclipped", "Adam"
"""The optimizers of trials: as saved, without clipping, Keras's Adam."""
TIMES, TIMES_OF_FEW = 4, 16
"""How many times as long a longer trial is; and where all rows are one batch, as in XOR, so that updates are epochs."""
Way: TypeAlias = tuple[str, float, int]
"""How a trial is made: the optimizer, the factor on the rate, and how many times as many updates as usual."""
ADAM_RATE = 0.001
"""Keras's default."""


@dataclass(frozen=True, eq=False)
class Continuation:
    """The training taken up where the file left it, on a sample of the rows, at the saved rate and at others.

    Every trial starts from the saved weights and the saved state of the optimizer, goes through the same minibatches
    of 32 rows, and is looked at on the same rows. Other rates are tried only when somebody asks.

    Attributes:
        saved: at the saved rate.
        rate: the saved rate.
        descent: what makes them.
        trials: those made so far.
    """

    saved: Trial
    rate: float
    descent: Descent
    _trials: dict[Way, Trial] = field(default_factory=dict)

    def at(self, factor: float, times: int = 1) -> Trial:
        """The trial at so many times the saved rate, with so many times as many updates as usual."""
        if (factor, times) == (1, 1):
            return self.saved
        return self._tried((OWN, factor, times), self.descent, self.rate * factor)

    @property
    def times(self) -> int:
        """How many times as long a longer trial is."""
        return TIMES if len(self.descent.rows.features) > BATCH else TIMES_OF_FEW

    def unclipped(self) -> Trial:
        """The trial at the saved rate without any clipping of gradients."""
        return self._tried((UNCLIPPED, 1, 1), self.descent.unclipped(), self.rate)

    def adam(self, times: int = 1) -> Trial:
        """The trial with Adam as it is by default, which has seen no gradient yet."""
        return self._tried((ADAM, 1, times), replace(self.descent, optimizer=Optimizer("Adam")), ADAM_RATE)

    def longer(self) -> Trial:
        """The trial at the saved rate with several times as many updates."""
        return self.at(1, self.times)

    def _tried(self, way: Way, descent: Descent, rate: float) -> Trial:
        if way not in self._trials:
            self._trials[way] = made(descent, rate, way[-1])
        return self._trials[way]


def made(descent: Descent, rate: float, times: int) -> Trial:
    """A trial by an optimizer that is known to make a step here.

    Raises:
        ValueError: it makes none.
    """
    trial = descent.run(rate, times)
    if isinstance(trial, Trial):
        return trial
    raise ValueError(trial)


@dear_fact("making trial updates")
def continuation(
    network: Network,
    objective: Objective,
    sample: RowSample,
    current: CurrentRate,
    position: LossPosition,
    training: Training,
) -> Continuation | Absent:
    """Train on, unless the model needs no more of it or has had none yet."""
    engine, optimizer = objective.passes.engine, network.optimizer
    if training.never:
        return Absent("the model has not been trained yet", applicable=False)
    if not math.isfinite(position.model):
        return Absent("the loss of the saved weights is not a number", applicable=False)
    if position.well:
        return Absent("the model does about as well as anything is known to", applicable=False)
    if engine is None or optimizer is None:
        return Absent("there is no optimizer to train with")
    if (reason := _idle(engine)) is not None:
        return reason
    engine = engine.at({}, training=True)
    descent = Descent(engine, objective.heads, optimizer, gradient_rows(engine, sample), objective.rows)
    saved = descent.run(current.rate)
    return Absent(saved) if isinstance(saved, str) else Continuation(saved, current.rate, descent)


def _idle(engine: Engine) -> Absent | None:
    if engine.blind is not None:
        return Absent(engine.blind)
    return None if engine.weights else Absent("the model has no weight that training may change", applicable=False)


@dataclass(frozen=True, eq=False)
class Revived:
    """Two trials from the saved weights: at the rate in force, where the loss stands, and at the one before."""

    low: Trial
    high: Trial


WILD = 2.5
"""Factor by which a kernel makes a signal larger beyond which the start itself is at fault: Keras's own initialisers
have 1.4 at most."""


@dataclass(frozen=True, eq=False)
class FirstUpdates:
    """A training from its start, on a sample of the rows.

    Attributes:
        trials: at the rate that training started with, and at others when somebody asks.
        fresh: whether the weights were re-initialised; else they are the saved ones, which have never been trained.
        wild: whether these weights are far too large from the start.
    """

    trials: Continuation
    fresh: bool
    wild: bool


def too_high_anyway(first: FirstUpdates, mean: Array, deviation: Array) -> bool:
    """Whether a training from fresh weights at its rate gets nowhere on standardised targets either.

    Args:
        first: the trial on the targets as they are.
        mean: of the target columns.
        deviation: likewise.
    """
    descent = first.trials.descent
    rows = replace(descent.rows, targets=(descent.rows.targets - mean) / np.where(deviation > 0, deviation, 1.0))
    trial = replace(descent, rows=rows).run(first.trials.rate)
    return not isinstance(trial, Trial) or not trial.finite or trial.after > trial.before


@dear_fact("making trial updates from a fresh start")
def first_updates(
    network: Network,
    objective: Objective,
    sample: RowSample,
    current: CurrentRate,
    position: LossPosition,
    training: Training,
    start: FreshStart | None,
) -> FirstUpdates | Absent:
    """Start training again, where the model is untrained, broken, or has not come half of the way."""
    engine, optimizer = objective.passes.engine, network.optimizer
    if position.trained and not position.far:
        return Absent("training has led somewhere", applicable=False)
    if engine is None or optimizer is None:
        return Absent("there is no optimizer to train with")
    if (reason := _idle(engine)) is not None:
        return reason
    engine = engine.at({}, training=True)
    if not training.never:
        if start is None:
            return Absent("the file does not tell how the weights are drawn")
        engine = engine.at(start.weights(0))
    anew = replace(optimizer, iterations=0, slots={})
    descent = Descent(engine, objective.heads, anew, gradient_rows(engine, sample), objective.rows)
    saved = descent.run(current.compiled)
    if isinstance(saved, str):
        return Absent(saved)
    if not math.isfinite(saved.before):
        return Absent("the loss of a fresh start is not a number")
    return FirstUpdates(Continuation(saved, current.compiled, descent), not training.never, _wild(engine.weights))


def _wild(weights: dict[Key, Array]) -> bool:
    kernels = [values for (_, name), values in weights.items() if name == "kernel" and values.size]
    gains = [math.sqrt(float(np.square(values).mean()) * fans(values.shape)[0]) for values in kernels]
    return any(gain > WILD for gain in gains)


@dataclass(frozen=True, eq=False)
class RateTrials:
    """What trials there are: without any nothing can be said of a rate."""

    continuation: Continuation | None
    first: FirstUpdates | None


@fact
def rate_trials(continuation: Continuation | None, first: FirstUpdates | None) -> RateTrials | Absent:
    """Put them side by side."""
    if continuation is None and first is None:
        return Absent("no training was tried, for there was no need or no way", applicable=False)
    return RateTrials(continuation, first)


def come_from(first: FirstUpdates | None, position: LossPosition) -> float | None:
    """How far training has come from a fresh start, where that is what these rows were trained from.

    A model far above the constant may have come down from much further up. Where an affine fit is known to do better,
    rows on another scale than those of the training are the likelier reason for such a loss, unless a fresh start on
    these rows comes no further by the updates of its trial: then it is how training begins on them.
    """
    if first is None or not first.fresh:
        return None
    before, span = first.trials.saved.before, max(position.constant - position.reach, 0.0)
    like_these = position.model > position.constant and first.trials.saved.after >= position.model - span / 2
    if position.affine is not None and not like_these:
        return None
    return before - position.model if math.isfinite(before) else None


def of_zeros(objective: Objective, sample: RowSample) -> float:
    """The loss of predicting nothing, or even odds, about which a network starts."""
    targets = sample.few.targets
    values = objective.heads.values(targets, np.zeros((len(targets), sum(h.units for h in objective.heads.heads))))
    found = objective.total(tuple(float(value) for value in values.mean(axis=0)))
    return found if math.isfinite(found) else 0.0
