"""The learning rate of the last run: as logged, with which optimizer, and whether it came down to nothing too early."""

import math

import numpy as np

from mlpdoctor.analysis.curves.noise import Rates, finite, jitter, learning_rates, part
from mlpdoctor.analysis.curves.slope import final_slope
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column, History
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import recompiled
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.nn.optimizers.traits import follows_gradient


@dataclass(frozen=True, eq=False)
class RateCurve:
    """The learning rate of the last run.

    Attributes:
        column: as logged.
        rates: its course.
    """

    column: Column
    rates: Rates

    def raised(self, epoch: int, times: float) -> bool:
        """Whether the rate is at some later epoch so many times as high as at this one."""
        then = self.column.values[self.column.epochs <= epoch]
        return (
            bool(len(then))
            and float(self.column.values[self.column.epochs >= epoch].max(initial=0.0)) > times * then[-1]
        )


@fact
def rate_curve(history: History) -> RateCurve | Absent:
    """Read the learning-rate column."""
    run = history.last
    column = None if run is None else run.learning_rate
    rates = None if column is None or not len(column) else learning_rates(column)
    if column is None or rates is None:
        return Absent("the history holds no learning rate", applicable=False)
    return RateCurve(column, rates)


@dataclass(frozen=True)
class UsedOptimizer:
    """What the last run was trained with.

    Attributes:
        name: the class of the saved optimizer; Adam, Keras's most common, where no model tells.
        adaptive: whether its steps have a length of their own, whatever the size of the gradient, or nobody knows.
        largest: the highest learning rate, of the log where that tells, else the saved one; None where neither does.
        last: likewise, of the last epoch.
    """

    name: str
    adaptive: bool
    largest: float | None
    last: float | None

    @property
    def usable(self) -> float | None:
        """The highest rate, where it is one to go by."""
        return self.largest if self.largest and math.isfinite(self.largest) else None

    @property
    def instead(self) -> str:
        """What follows a rate that is advised: which it is in place of, where that is known."""
        return f" in place of {self.usable:.2g}" if self.usable else ""

    def again(self, rate: float, *options: str) -> str:
        """The line that trains with it at another rate."""
        return recompiled(self.name, f"{rate:.2g}", *options)


@fact
def used_optimizer(network: Network, rates: RateCurve | None) -> UsedOptimizer:
    """Join the log and the file."""
    optimizer = network.optimizer
    saved = None if optimizer is None else optimizer.learning_rate
    return UsedOptimizer(
        name="Adam" if optimizer is None else optimizer.name,
        adaptive=not follows_gradient(optimizer),
        largest=saved if rates is None else rates.rates.largest,
        last=saved if rates is None else rates.rates.last,
    )


GONE = 0.01
"""A hundredth of the highest rate moves the weights a hundredth as far: to the loss that is nothing."""
FEWEST_STILL = 5
"""Epochs at such a rate from which a standstill can be told."""
STILL = 0.01
"""The loss moves by less than this share ..."""
SCATTER = 3.0
"""... or by less than so many times the scatter of the medians that it is told from."""
CUT = 0.7
"""The first epoch with less than this share of the highest rate is the first cut; ReduceLROnPlateau divides by 2, by 5
or by 10, and a schedule that glides down has come that far."""
WORTH = 0.05
"""A loss that was falling: as many epochs again at that pace would have brought a twentieth."""


@dataclass(frozen=True)
class FrozenRate:
    """The end of a run at a rate of nothing.

    Attributes:
        since: the first epoch with less than a hundredth of the highest rate.
        epochs: how many are spent there.
        moved: change of the loss since, as a share of it; negative where it rose.
        cut: the first epoch with a rate that was cut.
        before: the highest rate.
        falling: whether the loss surely fell before the first cut; None where too few epochs tell.
        pace: share of the loss that it lost with each epoch then; None as well.
    """

    since: int
    epochs: int
    moved: float
    cut: int
    before: float
    falling: bool | None
    pace: float | None


@fact
def frozen_rate(curve: TrainingCurve, rates: RateCurve) -> FrozenRate | Absent:
    """Find the first cut and the end of the rate, and look at the loss before and after."""
    column, top = finite(rates.column), rates.rates.largest
    if top <= 0:
        return Absent("the learning rate is not positive", applicable=False)
    peak = int(np.flatnonzero(column.values >= top)[-1])
    alive = np.flatnonzero(column.values > GONE * top)
    if alive[-1] + 1 >= len(column):
        return Absent("the learning rate has not come down to nothing", applicable=False)
    since = int(column.epochs[alive[-1] + 1])
    down = np.flatnonzero(column.values[peak:] < CUT * top)
    cut = int(column.epochs[peak + down[0]])
    still = part(curve.column, curve.column.epochs >= since)
    if len(still) < FEWEST_STILL or curve.broken is not None:
        return Absent("too few epochs at a rate of nothing", applicable=False)
    few = max(len(still) // 5, 1)
    start, end = float(np.median(still.values[:few])), float(np.median(still.values[-few:]))
    moved = (start - end) / abs(start) if start else 0.0
    hidden = SCATTER * jitter(still.values) / np.sqrt(few) / abs(start) if start else 0.0
    if abs(moved) > max(STILL, hidden):
        return Absent("the loss still moves at the rate that is left", applicable=False)
    before = part(curve.column, curve.column.epochs < cut)
    slope = final_slope(before)
    falling = pace = None
    if slope is not None:
        pace = -float(np.expm1(slope.per_epoch))
        falling = slope.falling and 1 - np.exp(len(before) * slope.per_epoch) >= WORTH
    return FrozenRate(since, len(still), moved, cut, top, None if falling is None else bool(falling), pace)
