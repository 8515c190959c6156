"""What some more updates of the saved optimizer do: tried, not guessed."""

import math
from dataclasses import field

from mlpdoctor.descent import Descent, Trial
from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.current_rate import CurrentRate
from mlpdoctor.facts.gradients import gradient_rows
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.standing import Standing
from mlpdoctor.facts.training import Training
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Network
from mlpdoctor.statistics.row_sample import RowSample

UNCLIPPED = -1.0
"""Stands for the trial without clipping among those at factors of the rate."""


@dataclass(frozen=True, eq=False)
class Continuation:
    """The training taken up where the file left it, on a sample of the rows, at the saved rate and at others.

    Every trial starts from the saved weights and the saved state of the optimizer, goes through the same minibatches
    of 32 rows, and is looked at on the same rows. Other rates are tried only when somebody asks.

    Attributes:
        saved: at the saved rate.
        rate: the saved rate.
        trials: those made so far, by the factor on the rate.
    """

    saved: Trial
    rate: float
    _descent: Descent
    _trials: dict[float, Trial] = field(default_factory=dict)

    def at(self, factor: float) -> Trial:
        """The trial at so many times the saved rate."""
        if factor == 1:
            return self.saved
        if factor not in self._trials:
            trial = self._descent.run(self.rate * factor)
            if isinstance(trial, str):
                raise ValueError(trial)
            self._trials[factor] = trial
        return self._trials[factor]

    def unclipped(self) -> Trial:
        """The trial at the saved rate without any clipping of gradients."""
        if UNCLIPPED not in self._trials:
            trial = self._descent.unclipped().run(self.rate)
            if isinstance(trial, str):
                raise ValueError(trial)
            self._trials[UNCLIPPED] = trial
        return self._trials[UNCLIPPED]


@fact
def continuation(
    network: Network,
    objective: Objective,
    sample: RowSample,
    current: CurrentRate,
    where: Standing,
    training: Training,
) -> Continuation | Absent:
    """Train on, unless the model needs no more of it or has had none yet."""
    engine, optimizer = objective.passes.engine, network.optimizer
    if training.never:
        return Absent("the model has not been trained yet", applicable=False)
    if not math.isfinite(where.model):
        return Absent("the loss of the saved weights is not a number", applicable=False)
    if where.well:
        return Absent("the model does about as well as anything is known to", applicable=False)
    if engine is None or optimizer is None:
        return Absent("there is no optimizer to train on with")
    if engine.blind is not None:
        return Absent(engine.blind)
    if not engine.weights:
        return Absent("the model has no weight that training may change", applicable=False)
    engine = engine.at({}, training=True)
    descent = Descent(engine, objective.heads, optimizer, gradient_rows(engine, sample), objective.rows)
    saved = descent.run(current.rate)
    return Absent(saved) if isinstance(saved, str) else Continuation(saved, current.rate, descent)
