"""Trains one variant, once a seed, and works out how many there is time for."""

import math
import time
from collections.abc import Callable, Sequence

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.trial_result import RunGroup
from mlpdoctor.treat.trials.budget import (
    LEAST_MODELS,
    LEAST_UPDATES,
    Budget,
    Clock,
    Cost,
    affordable,
    updates_of,
    worth_compiling,
)
from mlpdoctor.treat.trials.fit import AT_ONCE, Snapshot
from mlpdoctor.treat.trials.rows import Batches
from mlpdoctor.treat.trials.variant import Variant

UNKNOWN_COST = (1e-4, 2.0)
"""Seconds of an update and of getting a model ready, where the control could not be timed."""
MANY = 5000
"""Updates of one model from which compiling its loop pays on any machine."""
CAUTION = 0.8
"""Share of the time that is planned with: machines have other things to do."""


@dataclass(eq=False)
class Pace:
    """The plan of time, made when the control has told what an update costs.

    Attributes:
        budget: what the user allows.
        clock: what is left of it.
        rows: to train on.
        batch: rows of an update, no more than there are.
        runs: of each model.
        updates: of each run.
        of_one: seconds of one update.
        of_a_model: seconds to get a model ready.
    """

    budget: Budget
    clock: Clock
    rows: int
    batch: int
    runs: int
    updates: int = 0
    of_one: float = UNKNOWN_COST[0]
    of_a_model: float = UNKNOWN_COST[1]

    @property
    def planned(self) -> float:
        """Seconds that all runs of a model take."""
        return self.of_one * self.updates * self.runs

    def models(self, wanted: int) -> int:
        """How many models there is time for, of those that there is something to try with; sets how long runs are."""
        of_all = self.of_one * self.runs
        found = affordable(self.budget, self.clock.left, self.of_a_model, of_all, wanted, LEAST_MODELS)
        self.share(found)
        return found

    def share(self, models: int) -> None:
        """Set how long each run may be, so that there is time for so many models."""
        left = self.clock.left
        free = CAUTION * max(left - (models - 1) * self.of_a_model, left / LEAST_MODELS)
        self.updates = updates_of(self.budget, self.rows, self.batch, free, self.of_one * self.runs * models)
        if self.budget.epochs is None:
            self.updates = max(self.updates, LEAST_UPDATES)

    def many(self) -> bool:
        """Whether so many epochs are asked for that compiling pays; the same on every machine."""
        updates = math.ceil((self.budget.epochs or 0) * self.rows / self.batch)
        return updates * self.runs >= MANY

    def compiling_pays(self, models: int, ready: float) -> bool:
        """Whether compiling seems to pay, by what a loop that is not compiled takes.

        Args:
            models: that there is something to try with.
            ready: seconds to trace a loop.
        """
        return worth_compiling(self.clock.left, models, self.runs, Cost(self.of_a_model, ready, self.of_one))


LOOKS = 8
"""How often a run is looked at on its way: one that has arrived, or is broken, ends there."""
PATIENCE = 0.3
"""Seconds after which the compiled loop hands control back, so that Ctrl-C and the clock are heard."""
WARM_UP = 16
"""Updates after which the cost of one is measured, and then with more of them until they take long enough to tell."""
LONG_ENOUGH = 0.05


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
    of_one: float,
    clock: Clock,
    enough: Callable[[float], bool] | None = None,
) -> Runs:
    """Train a side from its start, once a seed.

    Args:
        variant: what to train.
        seeds: of the runs; the same seed gives every side the same batches in the same order.
        updates: of each run.
        batch: rows of an update.
        of_one: seconds that an update takes, about.
        clock: runs after the first one end when there is no time left.
        enough: says of a loss that no more is to be had.

    Raises:
        TimeUp: not even one run could be finished.
    """
    places: list[Snapshot] = []
    curves: list[tuple[tuple[int, float], ...]] = []
    made = 0
    for number, seed in enumerate(seeds):
        try:
            curve = _one(variant, number, seed, updates, batch, of_one, clock, enough)
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
    of_one: float,
    clock: Clock,
    enough: Callable[[float], bool] | None,
) -> tuple[tuple[int, float], ...]:
    """Train once, and return the updates made so far and the loss, at the start and at each look."""
    trainee = variant.trainee
    trainee.restart(seed, variant.starts[number])
    batches = Batches(trainee.table.rows, min(batch, trainee.table.rows), seed)
    most = int(min(max(PATIENCE / max(of_one, 1e-9), 1), 16 * AT_ONCE))
    done, curve = 0, [(0, trainee.loss())]
    for look in range(1, LOOKS + 1):
        stop = updates * look // LOOKS
        for block in batches.blocks(stop - done, most):
            trainee.train(block)
            if clock.left < 0:
                raise TimeUp
        done = stop
        loss = trainee.loss()
        curve.append((done, loss))
        if not math.isfinite(loss) or (enough is not None and enough(loss)):
            break
    return tuple(curve)


def cost(variant: Variant, batch: int) -> tuple[float, float]:
    """Seconds of one update, and of getting ready for the first; the side is back at its start afterwards."""
    trainee = variant.trainee
    batches = Batches(trainee.table.rows, min(batch, trainee.table.rows), 0)
    started = time.monotonic()
    trainee.train(batches.take(1))
    ready = time.monotonic() - started
    updates = WARM_UP
    while True:
        block = batches.take(updates)
        started = time.monotonic()
        trainee.train(block)
        spent = time.monotonic() - started
        if spent >= LONG_ENOUGH or updates >= AT_ONCE:
            break
        updates *= 4
    trainee.put(variant.starts[0])
    return spent / updates, ready
