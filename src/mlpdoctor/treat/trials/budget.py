"""How long trials may train: seconds for the whole command, counted as work, or epochs for each run."""

import math
import re
import time

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.treat.trials.costs import Cost

USUAL = "60s"
UNITS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "m": 60.0, "min": 60.0, "minutes": 60.0, "h": 3600.0}
EPOCHS = ("epoch", "epochs", "e")
MOST_UPDATES = 30_000
"""Of one run, where seconds are given: small networks make them in less than a second, and more than ten times as many
as most people ever let one run are more than a diagnosis needs."""
LEAST_UPDATES = 100
LEAST_MODELS = 4
"""The control, two changes, and one on top of the other."""
START = 6.0
"""Seconds to start Keras and to diagnose, which are taken off the budget."""
BUSY = 10.0
"""A machine that takes so many times as long as an ordinary one would, or has so much else to do, is not waited for."""
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


@dataclass(eq=False)
class Meter:
    """What is left of the budget, counted in what trials cost and not on a clock: a busy machine gives the same answer.

    Attributes:
        work: seconds of an ordinary machine; infinite where epochs are given.
        deadline: on the clock of ``time.monotonic``, after which trials end all the same.
        cut: whether they did, with work left to do.
    """

    work: float
    deadline: float = math.inf
    cut: bool = False

    @classmethod
    def of(cls, budget: Budget, started: float) -> "Meter":
        """What is left once Keras is there: at least half of the budget.

        Args:
            budget: what the user allows.
            started: when the command was.
        """
        if budget.seconds is None:
            return cls(math.inf)
        return cls(max(budget.seconds - START, budget.seconds / 2), started + BUSY * budget.seconds)

    @property
    def left(self) -> float:
        """Seconds of work; less than none once the deadline is over."""
        if self.work > 0 and time.monotonic() > self.deadline:
            self.cut = True
        return -1.0 if self.cut else self.work

    def spend(self, seconds: float) -> None:
        """Take off what something costs."""
        self.work -= seconds


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


def worth_compiling(left: float, wanted: int, runs: int, plain: Cost, compiled: Cost) -> bool:
    """Whether XLA pays: it takes longer than tracing a loop, and then updates of small networks cost little.

    Args:
        left: seconds.
        wanted: models that there is something to try with.
        runs: of each model.
        plain: of a loop that is not compiled.
        compiled: of one that is.
    """
    return _use(left, wanted, runs, compiled) > _use(left, wanted, runs, plain)


def _use(left: float, wanted: int, runs: int, cost: Cost) -> tuple[float, float]:
    """What can be made of the time: models, times updates as far as more say more; and minus what it takes."""
    models = min(wanted, max(int(left / (cost.model + WORTH * runs * cost.update)), LEAST_MODELS))
    updates = (left - models * cost.model) / (models * runs * cost.update)
    made = models * min(max(updates, 0.0), MOST_UPDATES)
    return made, -(models * cost.model + made * runs * cost.update)
