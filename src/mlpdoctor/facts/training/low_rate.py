"""What tells that a learning rate is too low: a higher one that gains more, a step or a way that is next to nothing."""

import math

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass, twin
from mlpdoctor.core.network import Network
from mlpdoctor.engine.training import Trial
from mlpdoctor.facts.training.gradients import Gradients, norm
from mlpdoctor.facts.training.rate_left import DescentSpeed, RateLeft
from mlpdoctor.facts.training.training import CurrentRate, Training
from mlpdoctor.facts.training.training_options import MOST_PLAIN, MOST_RESCALED
from mlpdoctor.nn.layers.properties import length_of, size_of, trained_kernels
from mlpdoctor.nn.optimizers.traits import follows_gradient, kept_options, most_per_update, normalises_gradient

FACTORS = tuple(10.0**power for power in range(1, 8))
"""Higher rates, the nearest first: a rate of 1e-8 is as low as one of 1e-5."""
FASTER = 4.0
"""A rate ten times as high has to bring at least four times as much: the saved one is too low, and no little."""
BETTER = 2.0
"""Ten times more has to bring twice as much again to be the advice: nobody should be sent higher than need be."""
WORTH_A_WORD = 0.05
"""And it has to close a twentieth of the gap within the trial, scatter taken off, to be worth a word."""
FELL = 0.1
"""A rate that has come down to a tenth was meant to be low at the end; what it is now says nothing of what it was."""
UNMOVED = 0.02
"""Weights that cannot have moved by a fiftieth of their size are about those that training started from."""
CRAWL = 1e4
"""So many updates for a weight's own size: ten times as many as small networks take at ordinary rates."""
EVER = 1e6
"""And so many are not made by anybody."""


@dataclass(frozen=True, eq=False)
class FasterRate:
    """A rate at which the loss falls faster.

    Attributes:
        rate: to one digit.
        trial: at it.
        speed: at the rate in force.
    """

    rate: float
    trial: Trial
    speed: DescentSpeed

    @property
    def numbers(self) -> dict[str, float | None]:
        """Both trials, as a report has them."""
        saved, to_go = self.speed.saved, self.speed.to_go
        return {
            "rate_tried": self.trial.rate,
            "updates_of_each": saved.updates,
            "before": saved.before,
            "after": saved.after,
            "after_at_rate_tried": self.trial.after,
            "error": saved.error,
            "gap_closed": self.speed.share(saved),
            "gap_closed_at_rate_tried": self.speed.share(self.trial),
            "updates": self.speed.updates,
            "updates_to_go": to_go if math.isfinite(to_go) else None,
        }


@dataclass(frozen=True, eq=False)
class LowRate:
    """The learning rate in force, and what it can do to the weights.

    Attributes:
        optimizer: its class.
        rate: in force.
        fallen: whether a schedule or a callback has brought it down to under a tenth of the one compiled.
        updates: made so far; None where the file does not tell.
        size: root mean square of the trained kernels; None without any.
        length: their length as one vector; None without any.
        gone: the furthest that ``updates`` at this rate can have moved one weight; None where nothing bounds it.
        gradient: length of the gradient of the loss; None where it is not known or steps do not follow it.
        kept: what else the optimizer is compiled with.
    """

    optimizer: str
    rate: float
    fallen: bool
    updates: int | None
    size: float | None
    length: float | None
    gone: float | None
    gradient: float | None
    kept: tuple[str, ...]
    _most: float
    _speed: DescentSpeed | None
    _once_higher: bool

    def faster(self, slow: float) -> FasterRate | None:
        """A rate at which the loss clearly falls faster, the lowest unless a higher one does far better.

        None where there is none, and where the loss closes the share ``slow`` of the gap at the rate in force.
        """
        speed = self._speed
        if speed is None or self.rate <= 0 or self.fallen or not speed.saved.finite or speed.share(speed.saved) >= slow:
            return None
        found: tuple[float, Trial] | None = None
        for factor in FACTORS:
            if not self._allowed(factor):
                break
            trial = speed.continuation.at(factor)
            if not trial.finite:
                break
            if found is None:
                if _faster(speed, trial):
                    found = factor, trial
            elif trial.least_gain >= BETTER * found[1].least_gain:
                found = factor, trial
            else:
                break
        if found is None:
            return self._faster_in_the_end(speed)
        return FasterRate(float(f"{self.rate * found[0]:.0e}"), found[1], speed)

    def _faster_in_the_end(self, speed: DescentSpeed) -> FasterRate | None:
        """Ten times the rate in trials four times as long: a network of sigmoids has hardly begun after a short one."""
        if not self._allowed(FACTORS[0]):
            return None
        trial, saved = speed.continuation.at(FACTORS[0], speed.continuation.times), speed.continuation.longer()
        long = twin(speed, continuation=twin(speed.continuation, saved=saved), longer=None)
        if not trial.finite or not saved.finite or not _faster(long, trial):
            return None
        return FasterRate(float(f"{trial.rate:.0e}"), trial, long)

    def _allowed(self, factor: float) -> bool:
        """Whether nobody is sent too high; the file keeps a rate of 0.1 as 0.1 and a little."""
        return float(f"{self.rate * factor:.6g}") <= self._most

    @property
    def first_step(self) -> float | None:
        """The first update of plain gradient descent beside the length of the weights, where it leads nowhere."""
        if self.gradient is None or self.length is None or not 0 < self.rate * self.gradient < self.length / EVER:
            return None
        return self.rate * self.gradient / self.length

    @property
    def idle(self) -> bool:
        """Whether all updates made cannot have moved a weight worth the name, as far as the file alone tells."""
        if self._once_higher or self.fallen or not self.updates or self.size is None or self.gone is None:
            return False
        return self.rate > 0 and self.gone <= UNMOVED * self.size and self.size / self.rate >= CRAWL


def _faster(speed: DescentSpeed, trial: Trial) -> bool:
    return speed.sure_share(trial) >= WORTH_A_WORD and trial.gain >= FASTER * max(speed.saved.gain, 0.0)


@fact
def low_rate(
    network: Network,
    current: CurrentRate,
    training: Training,
    speed: DescentSpeed | None,
    gradients: Gradients | None,
    left: RateLeft | None,
) -> LowRate | Absent:
    """Nothing is tried yet beyond the trials of the speed."""
    optimizer, kernels = network.optimizer, trained_kernels(network)
    if optimizer is None:
        return Absent("there is no optimizer")
    updates, limit = training.updates, most_per_update(optimizer)
    return LowRate(
        optimizer=optimizer.name,
        rate=current.rate,
        fallen=current.rate < FELL * current.compiled,
        updates=updates,
        size=size_of(kernels),
        length=length_of(kernels),
        gone=None if limit is None or updates is None else limit * updates,
        gradient=norm(gradients.total) if gradients is not None and follows_gradient(optimizer) else None,
        kept=kept_options(optimizer),
        _most=MOST_RESCALED if normalises_gradient(optimizer) else MOST_PLAIN,
        _speed=speed,
        _once_higher=left is not None and left.once_higher,
    )
