"""How many models there is time for and how long each of their runs may be, from what an update costs."""

import math

from mlpdoctor.lean import dataclass
from mlpdoctor.trials.budget import (
    LEAST_MODELS,
    LEAST_UPDATES,
    Budget,
    Clock,
    Cost,
    affordable,
    updates_of,
    worth_compiling,
)

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
