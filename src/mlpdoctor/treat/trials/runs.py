"""Trains one variant, once a seed, and works out how many there is time for."""

import math
from collections.abc import Callable, Sequence

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.trial_result import RunGroup
from mlpdoctor.treat.trials.budget import (
    LEAST_MODELS,
    LEAST_UPDATES,
    WORTH,
    Budget,
    Meter,
    affordable,
    updates_of,
    worth_compiling,
)
from mlpdoctor.treat.trials.costs import Cost
from mlpdoctor.treat.trials.fit import AT_ONCE, Snapshot
from mlpdoctor.treat.trials.rows import Batches
from mlpdoctor.treat.trials.variant import Variant

MANY = 5000
"""Updates of one model from which compiling its loop pays on any machine."""
CAUTION = 0.8
"""Share of the time that is planned with: changed models may cost more than the control."""


@dataclass(eq=False)
class Pace:
    """The plan of time.

    Attributes:
        budget: what the user allows.
        meter: what is left of it.
        rows: to train on.
        batch: rows of an update, no more than there are.
        runs: of each model.
        updates: of each run.
    """

    budget: Budget
    meter: Meter
    rows: int
    batch: int
    runs: int
    updates: int = 0

    def models(self, wanted: int, cost: Cost) -> int:
        """How many models there is time for; sets how long runs are.

        Args:
            wanted: models that there is something to try with.
            cost: of the control.
        """
        left, of_all = self.meter.left, (cost.update + LOOKS * cost.look / WORTH) * self.runs
        found = affordable(self.budget, left, cost.model, of_all, wanted, LEAST_MODELS)
        free = CAUTION * max(left - (found - 1) * cost.model, left / LEAST_MODELS)
        free = max(free - found * self.runs * LOOKS * cost.look, free / 2)
        self.updates = updates_of(self.budget, self.rows, self.batch, free, cost.update * self.runs * found)
        if self.budget.epochs is None:
            self.updates = max(self.updates, LEAST_UPDATES)
        return found

    def many(self) -> bool:
        """Whether so many epochs are asked for that compiling pays; the same on every machine."""
        updates = math.ceil((self.budget.epochs or 0) * self.rows / self.batch)
        return updates * self.runs >= MANY

    def compiling_pays(self, models: int, plain: Cost, compiled: Cost) -> bool:
        """Whether compiling pays, of so many models that there is something to try with."""
        return worth_compiling(self.meter.left, models, self.runs, plain, compiled)


LOOKS = 8
"""How often a run is looked at on its way: one that has arrived, or is broken, ends there."""
PATIENCE = 0.3
"""Seconds after which the compiled loop hands control back, so that Ctrl-C and the clock are heard."""


class TimeUp(Exception):  # noqa: N818  no fault
    """The budget is spent."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Where the runs of one side came to.

    Attributes:
        variant: that was trained.
        places: weights and optimizer after each run, by seed.
        losses: after each run, by the side's own loss.
        updates: made by the longest run.
        curves: of each run the updates made and the loss then, at its start and at each look.
    """

    variant: Variant
    places: Sequence[Snapshot]
    losses: tuple[float, ...]
    updates: int
    curves: tuple[tuple[tuple[int, float], ...], ...] = ()

    def by(self, measure: Callable[[Variant], float]) -> RunGroup:
        """The runs judged by something else than the side's own loss."""
        found = []
        for place in self.places:
            self.variant.trainee.put(place)
            found.append(measure(self.variant))
        return RunGroup(tuple(found))

    @property
    def group(self) -> RunGroup:
        """The runs by the side's own loss."""
        return RunGroup(self.losses, self.curves)

    @property
    def best(self) -> int:
        """The run that came furthest."""
        return min(range(len(self.losses)), key=lambda k: (not math.isfinite(self.losses[k]), self.losses[k]))


def run(
    variant: Variant,
    seeds: Sequence[int],
    updates: int,
    batch: int,
    cost: Cost,
    meter: Meter,
    enough: Callable[[float], bool] | None = None,
) -> Runs:
    """Train a side from its start, once a seed.

    Args:
        variant: what to train.
        seeds: of the runs; the same seed gives every side the same batches in the same order.
        updates: of each run.
        batch: rows of an update.
        cost: of the side.
        meter: runs after the first one end when there is nothing left on it.
        enough: says of a loss that no more is to be had.

    Raises:
        TimeUp: not even one run could be finished.
    """
    places: list[Snapshot] = []
    curves: list[tuple[tuple[int, float], ...]] = []
    made = 0
    for number, seed in enumerate(seeds):
        try:
            curve = _one(variant, number, seed, updates, batch, cost, meter, enough)
        except TimeUp:
            if not places:
                raise
            break
        places.append(variant.trainee.snapshot())
        curves.append(curve)
        made = max(made, curve[-1][0])
    return Runs(variant, places, tuple(curve[-1][1] for curve in curves), made, tuple(curves))


def _one(
    variant: Variant,
    number: int,
    seed: int,
    updates: int,
    batch: int,
    cost: Cost,
    meter: Meter,
    enough: Callable[[float], bool] | None,
) -> tuple[tuple[int, float], ...]:
    """Train once, and return the updates made so far and the loss, at the start and at each look."""
    trainee = variant.trainee
    trainee.restart(seed, variant.starts[number])
    batches = Batches(trainee.table.rows, min(batch, trainee.table.rows), seed)
    most = int(min(max(PATIENCE / max(cost.update, 1e-9), 1), 16 * AT_ONCE))
    done, curve = 0, [(0, trainee.loss())]
    for look in range(1, LOOKS + 1):
        stop = updates * look // LOOKS
        for block in batches.blocks(stop - done, most):
            trainee.train(block)
            meter.spend(len(block) * cost.update)
            if meter.left < 0:
                raise TimeUp
        done = stop
        loss = trainee.loss()
        meter.spend(cost.look)
        curve.append((done, loss))
        if not math.isfinite(loss) or (enough is not None and enough(loss)):
            break
    return tuple(curve)
