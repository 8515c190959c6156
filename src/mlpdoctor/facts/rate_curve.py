"""What the learning rate did in the last run of the history."""

from mlpdoctor.curves.rates import Rates, learning_rates
from mlpdoctor.fact import Absent, fact
from mlpdoctor.history import Column, History
from mlpdoctor.lean import dataclass


@dataclass(frozen=True, eq=False)
class RateCurve:
    """The learning rate of the last run.

    Attributes:
        column: as logged.
        rates: its course.
    """

    column: Column
    rates: Rates


@fact
def rate_curve(history: History) -> RateCurve | Absent:
    """Read the learning-rate column."""
    run = history.last
    column = None if run is None else run.learning_rate
    rates = None if column is None or not len(column) else learning_rates(column)
    if column is None or rates is None:
        return Absent("the history holds no learning rate", applicable=False)
    return RateCurve(column, rates)
