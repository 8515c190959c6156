"""How long trials may train: seconds for the whole command, or epochs for each run."""

import re
import time

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.fast_dataclass import dataclass

USUAL = "60s"
UNITS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "m": 60.0, "min": 60.0, "minutes": 60.0, "h": 3600.0}
EPOCHS = ("epoch", "epochs", "e")
MOST_UPDATES = 30_000
"""Of one run, where seconds are given: small networks make them in less than a second, and more than ten times as many
as most people ever let one run are more than a diagnosis needs."""
LEAST_UPDATES = 100
LEAST_MODELS = 4
"""The control, two changes, and one on top of the other."""
TO_COMPILE = 2.5
"""XLA takes this many times as long as tracing does, on top of it: 0.5 to 2.5 s beside 0.25 to 0.9 s."""
GAINED = 6.0
"""And makes updates cheaper by this, for networks so small that the way to them is most of the work."""
SLOW_ANYWAY = 2e-3
"""Seconds of an update that is nearly all arithmetic."""
WORTH = 2000
"""Updates that a run should have to show something: rather than with fewer, fewer changes are tried."""


@dataclass(frozen=True)
class Budget:
    """What the user allows.

    Attributes:
        seconds: for everything, from the start of the command; None where epochs are given.
        epochs: of each run; None where seconds are given.
    """

    seconds: float | None = None
    epochs: int | None = None

    @classmethod
    def read(cls, text: str) -> "Budget":
        """What ``60s``, ``2m``, ``90`` (seconds) or ``200 epochs`` means.

        Raises:
            UsageError: it means nothing.
        """
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
        number, unit = (float(found[1]), found[2] or "s") if found else (0.0, "")
        if found and unit in EPOCHS and number >= 1 and number.is_integer():
            return cls(epochs=int(number))
        if found and unit in UNITS and number > 0:
            return cls(seconds=number * UNITS[unit])
        raise UsageError(f"--budget {text}: expected a time or a number of epochs, such as 60s, 5m or '200 epochs'")


@dataclass(frozen=True)
class Cost:
    """What training takes, in seconds.

    Attributes:
        model: to get one ready, tracing included.
        tracing: of that, to trace its loop.
        update: one update.
    """

    model: float
    tracing: float
    update: float


@dataclass(frozen=True)
class Clock:
    """The time that is left.

    Attributes:
        end: on the clock of ``time.monotonic``; infinite where epochs are given.
    """

    end: float

    @classmethod
    def of(cls, budget: Budget, started: float, ready: float) -> "Clock":
        """What is left once Keras is there: at least half of the budget, however long that took.

        Args:
            budget: what the user allows.
            started: when the command was.
            ready: when the first trial may begin.
        """
        if budget.seconds is None:
            return cls(float("inf"))
        return cls(max(started + budget.seconds, ready + budget.seconds / 2))

    @property
    def left(self) -> float:
        """Seconds."""
        return self.end - time.monotonic()


def updates_of(budget: Budget, rows: int, batch: int, free: float, of_all: float) -> int:
    """How many updates each run may make.

    Args:
        budget: what the user allows.
        rows: to train on.
        batch: rows of an update.
        free: seconds for updates alone.
        of_all: seconds that one update of every run takes.
    """
    if budget.epochs is not None:
        return max(1, -(-budget.epochs * rows // batch))
    return int(min(max(free / of_all, 1), MOST_UPDATES))


def affordable(budget: Budget, left: float, of_one_model: float, of_all: float, wanted: int, least: int) -> int:
    """How many models can be trained for long enough.

    Args:
        budget: what the user allows.
        left: seconds.
        of_one_model: seconds to get one ready.
        of_all: seconds that one update of all its runs takes.
        wanted: models that there is something to try with.
        least: models below which it makes no sense.
    """
    if budget.epochs is not None:
        return wanted
    room = int(left / max(of_one_model + WORTH * of_all, 1e-9))
    return min(wanted, max(room, least))


def worth_compiling(left: float, wanted: int, runs: int, cost: Cost) -> bool:
    """Whether XLA pays: it takes some times as long as tracing a loop, and then updates of small networks cost little.

    Args:
        left: seconds.
        wanted: models that there is something to try with.
        runs: of each model.
        cost: of a loop that is not compiled.
    """
    if cost.update > SLOW_ANYWAY:
        return False
    compiled = Cost(cost.model + TO_COMPILE * cost.tracing, cost.tracing, cost.update / GAINED)
    return _use(left, wanted, runs, compiled) > _use(left, wanted, runs, cost)


def _use(left: float, wanted: int, runs: int, cost: Cost) -> float:
    """What can be made of the time: models, times the updates of each as far as more of them say more."""
    models = min(wanted, max(int(left / (cost.model + WORTH * runs * cost.update)), LEAST_MODELS))
    updates = (left - models * cost.model) / (models * runs * cost.update)
    return models * min(max(updates, 0.0), MOST_UPDATES)
