"""The learning rate at the time of saving, of schedules too."""

from mlpdoctor.fact import Absent, fact
from mlpdoctor.layers.configured import number
from mlpdoctor.lean import dataclass
from mlpdoctor.network import Network
from mlpdoctor.optimizers.rate import rate_at, rate_now, schedule_of


@dataclass(frozen=True)
class CurrentRate:
    """The learning rate that the next update would have.

    Attributes:
        rate: its value.
        compiled: the rate that training started with, as far as the file tells; Keras 3 saves the current rate in its
            place when there is no schedule.
        schedule: the class name of the schedule, None without one.
    """

    rate: float
    compiled: float
    schedule: str | None


@fact
def current_rate(network: Network) -> CurrentRate | Absent:
    """Read it, or work it out from the schedule and the number of updates."""
    optimizer = network.optimizer
    if optimizer is None:
        return Absent("the model was saved without an optimizer", applicable=False)
    rate, start = rate_now(optimizer), rate_at(optimizer, 0)
    schedule, _ = schedule_of(optimizer)
    if schedule is not None:
        if rate is None or start is None:
            return Absent(f"the schedule {schedule} is not one of Keras's that can be followed")
        return CurrentRate(rate, max(start, rate), schedule)
    if optimizer.learning_rate is None or rate is None:
        return Absent("the file does not tell the learning rate", applicable=False)
    spec = optimizer.options.get("learning_rate", optimizer.options.get("lr"))
    compiled = number(spec, optimizer.learning_rate) if isinstance(spec, int | float) else optimizer.learning_rate
    return CurrentRate(rate, compiled, None)
