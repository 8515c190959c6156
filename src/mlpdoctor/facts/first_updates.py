"""What the first updates of a training do: tried from a fresh start, where the saved weights cannot tell any more."""

import math
from dataclasses import replace

import numpy as np

from mlpdoctor.curvature.initializers import fans
from mlpdoctor.descent import Descent
from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.continuation import Continuation
from mlpdoctor.facts.current_rate import CurrentRate
from mlpdoctor.facts.fresh_start import FreshStart
from mlpdoctor.facts.gradients import gradient_rows
from mlpdoctor.facts.objective import Objective
from mlpdoctor.facts.standing import Standing
from mlpdoctor.facts.training import Training
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Array, Key, Network
from mlpdoctor.statistics.row_sample import RowSample

FAR = 0.5
"""A model that has not come half the way from the constant to what is known to be reachable is stuck."""
WILD = 2.5
"""Factor by which a kernel makes a signal larger beyond which the start itself is at fault: Keras's own initialisers
have 1.4 at most."""


@dataclass(frozen=True, eq=False)
class FirstUpdates:
    """A training from its start, on a sample of the rows.

    Attributes:
        trials: at the rate that training started with, and at others when somebody asks.
        fresh: whether the weights were drawn anew; else they are the saved ones, which have never been trained.
        wild: whether these weights are far too large from the start.
    """

    trials: Continuation
    fresh: bool
    wild: bool


@fact
def first_updates(
    network: Network,
    objective: Objective,
    sample: RowSample,
    current: CurrentRate,
    where: Standing,
    training: Training,
    start: FreshStart | None,
) -> FirstUpdates | Absent:
    """Start training anew, where the model is untrained, broken, or has not come half of the way."""
    engine, optimizer = objective.passes.engine, network.optimizer
    if not training.never and where.shortfall <= FAR:
        return Absent("training has led somewhere", applicable=False)
    if engine is None or optimizer is None:
        return Absent("there is no optimizer to train with")
    if engine.blind is not None:
        return Absent(engine.blind)
    if not engine.weights:
        return Absent("the model has no weight that training may change", applicable=False)
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
