"""Trains one side of a trial, once a seed, and remembers where each run came to."""

import math
import time
from collections.abc import Callable, Sequence

from mlpdoctor.course import Arm
from mlpdoctor.lean import dataclass
from mlpdoctor.trials.batches import Batches
from mlpdoctor.trials.budget import Clock
from mlpdoctor.trials.fit import AT_ONCE, Snapshot
from mlpdoctor.trials.side import Side

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
        side: that was trained.
        places: weights and optimizer after each run, by seed.
        losses: after each run, by the side's own loss.
        updates: made by the longest run.
    """

    side: Side
    places: Sequence[Snapshot]
    losses: tuple[float, ...]
    updates: int

    def by(self, measure: Callable[[Side], float]) -> Arm:
        """The runs judged by something else than the side's own loss."""
        found = []
        for place in self.places:
            self.side.trainee.put(place)
            found.append(measure(self.side))
        return Arm(tuple(found))

    @property
    def arm(self) -> Arm:
        """The runs by the side's own loss."""
        return Arm(self.losses)

    @property
    def best(self) -> int:
        """The run that came furthest."""
        return min(range(len(self.losses)), key=lambda k: (not math.isfinite(self.losses[k]), self.losses[k]))


def run(
    side: Side,
    seeds: Sequence[int],
    updates: int,
    batch: int,
    of_one: float,
    clock: Clock,
    enough: Callable[[float], bool] | None = None,
) -> Runs:
    """Train a side from its start, once a seed.

    Args:
        side: what to train.
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
    losses: list[float] = []
    made = 0
    for number, seed in enumerate(seeds):
        try:
            loss, done = _one(side, number, seed, updates, batch, of_one, clock, enough)
        except TimeUp:
            if not places:
                raise
            break
        places.append(side.trainee.snapshot())
        losses.append(loss)
        made = max(made, done)
    return Runs(side, places, tuple(losses), made)


def _one(
    side: Side,
    number: int,
    seed: int,
    updates: int,
    batch: int,
    of_one: float,
    clock: Clock,
    enough: Callable[[float], bool] | None,
) -> tuple[float, int]:
    trainee = side.trainee
    trainee.restart(seed, side.starts[number])
    batches = Batches(trainee.table.rows, min(batch, trainee.table.rows), seed)
    most = int(min(max(PATIENCE / max(of_one, 1e-9), 1), 16 * AT_ONCE))
    loss, done = math.nan, 0
    for look in range(1, LOOKS + 1):
        stop = updates * look // LOOKS
        for block in batches.blocks(stop - done, most):
            trainee.train(block)
            if clock.left < 0:
                raise TimeUp
        done = stop
        loss = trainee.loss()
        if not math.isfinite(loss) or (enough is not None and enough(loss)):
            break
    return loss, done


def cost(side: Side, batch: int) -> tuple[float, float]:
    """Seconds of one update, and of getting ready for the first; the side is back at its start afterwards."""
    trainee = side.trainee
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
    trainee.put(side.starts[0])
    return spent / updates, ready
