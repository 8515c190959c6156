"""Where the training loss would go if training went on: what is left to gain, and how fast it falls."""

import math
from enum import StrEnum

import numpy as np

from mlpdoctor.analysis.curves.slope import Reach, Slope
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import Column
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.facts.history.curve_plateau import CurvePace
from mlpdoctor.facts.history.last_run import RunEnding
from mlpdoctor.facts.history.training_curve import TrainingCurve, ValidationCurve
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.facts.training.training import Training

DONE = 0.1
"""A loss that has come nine tenths of the way to what is known to be reachable may be left where it is."""
WORTH = 0.05
"""A gain of a twentieth of the whole way is worth a word."""
HALF = 0.5
"""Where nobody knows what is reachable, a loss that is not down to half of what it began with has not come far."""


@dataclass(frozen=True)
class ReferenceGap:
    """How far the loss has come.

    Attributes:
        top: the loss at the top of the way: of the best constant; without data the first that was logged.
        goal: the lowest loss that something is known to reach; None without data.
        left: the share of the way from ``top`` to ``goal`` that is still to go, of the saved model where its loss is
            known, else of the curve; without data the last loss as a share of the first.
        of_model: whether ``left`` is that of the saved model.
        resumed: whether the run began with trained weights, so that its first loss is no measure.
    """

    top: float
    goal: float | None
    left: float
    of_model: bool
    resumed: bool = False

    @property
    def known(self) -> bool:
        """Whether it is known what is reachable."""
        return self.goal is not None

    @property
    def span(self) -> float:
        """The whole way."""
        return self.top - (self.goal or 0.0)

    @property
    def done(self) -> bool:
        """Whether the loss is known to be about as low as anything gets it."""
        return self.known and self.left <= DONE

    @property
    def far(self) -> bool:
        """Whether the loss has not come half of the way."""
        return self.left > HALF and (self.known or not self.resumed)

    def worth(self, gain: float) -> bool:
        """Whether to be told of so much less loss: there is way to go, and the gain is a fair part of it."""
        if not self.known and not self.far:
            return False
        return not self.done and gain >= WORTH * self.span


@fact
def reference_gap(
    curve: TrainingCurve,
    ending: RunEnding,
    training: Training,
    position: LossPosition | None,
    ladder: Ladder | None,
    opinion: SecondOpinion | None,
) -> ReferenceGap | Absent:
    """Take what is known: the saved model on its data, else the curve beside the ladder, else the curve alone."""
    if position is not None and not training.never and position.constant > position.reach:
        left = 0.0 if position.well else position.shortfall
        return ReferenceGap(position.constant, position.reach, left if math.isfinite(left) else math.inf, of_model=True)
    last = curve.level.value if curve.level is not None else math.inf
    constant = None if ladder is None else ladder.value("constant")
    affine = None if ladder is None else ladder.value("affine")
    if ladder is not None and constant is not None and affine is not None:
        added = 0.0 if ladder.penalty is None else ladder.penalty.total
        reach = min(constant, affine)
        if opinion is not None and opinion.structure:
            reach = min(reach, opinion.curve)
        reach = max(reach, ladder.value("data") or 0.0)
        if constant > reach:
            return ReferenceGap(constant, reach, (last - added - reach) / (constant - reach), of_model=False)
    if curve.first is None:
        return Absent("the history holds no finite loss", applicable=False)
    left = last / curve.first if curve.first > 0 else 1.0
    return ReferenceGap(curve.first, None, left, of_model=False, resumed=ending.resumed)


SURE = 2.0
"""Widths of the 95 % error bar by which the loss has to fall: one alone cries wolf on one flat curve in forty."""
IN_A_ROW = 8
"""Or it falls with each of the last eight epochs, by more than rounding: scatter does so once in 40,000 curves."""
AHEAD = 0.5
"""Half as many epochs again is as far as the pace of the end may be drawn out; curves slow down as a rule."""
LITTLE = 0.05
"""A twentieth less is the least that makes anybody train on."""
LATE = 0.25
"""The lowest loss has to be in the last quarter: it is low by chance elsewhere where the curve goes on falling."""
FEWEST_SLOW = 20
"""Epochs from which a pace may be called slow: every curve is short of its goal at first."""
MANY = 5.0
"""A goal that takes five times as many epochs as were made is not reached by a few more."""
HARDLY = 0.8
"""Without data: a loss that kept four fifths of what it began with has hardly moved ..."""
STEADY = 0.5
"""... and if it falls at the end at half its mean pace or more, it is no plateau but a crawl."""


class Way(StrEnum):
    """What the loss is doing at the end."""

    STANDS = "stands"
    """It does not surely fall, or what it still falls is not worth a word."""
    FALLS = "falls"
    """It falls, and a few more epochs bring a good deal."""
    CRAWLS = "crawls"
    """It falls, and at this pace it takes far too long."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """The end of the curve, drawn out.

    Attributes:
        way: what the loss is doing.
        slope: its pace.
        gain: by how much it falls at least, if half as many epochs again are made.
        share: the same as a share of the last loss.
        goal: the level that it takes far too long to; None without data.
        label: of that level, in plain words.
        reach: epochs to it at this pace; None without data.
    """

    way: Way
    slope: Slope
    gain: float
    share: float
    goal: float | None
    label: str
    reach: Reach | None


@fact
def outlook(
    curve: TrainingCurve,
    gap: ReferenceGap,
    pace: CurvePace,
    validation: ValidationCurve | None,
    floor: ArchitectureFloor | None,
) -> Outlook | Absent:
    """Draw the end of the curve out, carefully: at the slowest pace that its error bar allows."""
    slope, best = pace.slope, curve.best
    if best is None or curve.broken is not None:
        return Absent("the loss is not a number everywhere", applicable=False)
    slowest = _slowest(curve.column, slope)
    falls = slowest < 0 and best.since <= LATE * curve.epochs
    share = 1 - math.exp(AHEAD * len(curve.column) * slowest) if falls else 0.0
    if falls and curve.heading is not None and math.isfinite(curve.heading.low):
        # An approach to a limit brings no more than the way to it, whatever the pace is now.
        share = min(share, max(1 - curve.heading.value / slope.end, 0.0))
    gain = share * slope.end
    level, label = _goal(pace, gap, -math.inf if floor is None else floor.total)
    reach = None if level is None else pace.to(level)
    way = Way.STANDS
    if falls and not gap.done:
        if _crawls(curve, gap, slope, reach):
            way = Way.CRAWLS
        elif share >= LITTLE and (validation is None or _follows(validation)):
            way = Way.FALLS
    return Outlook(way, slope, gain, share, level, label, reach)


def _slowest(column: Column, slope: Slope) -> float:
    """Change of ln(loss) per epoch at the slowest pace that is likely; 0 where it may be none.

    A line through a bend has errors that are no scatter; a smooth curve tells its pace by its last epochs.
    """
    last = column.values[-IN_A_ROW:]
    hidden = column.rounding[-IN_A_ROW:]
    if len(last) == IN_A_ROW and np.all(last > 0) and np.all(np.diff(last) < -(hidden[1:] + hidden[:-1])):
        return float(np.log(last[-1] / last[IN_A_ROW // 2])) / (IN_A_ROW - 1 - IN_A_ROW // 2)
    return min(slope.per_epoch + slope.error, 0.0) if slope.per_epoch + SURE * slope.error < 0 else 0.0


def _goal(pace: CurvePace, gap: ReferenceGap, least: float) -> tuple[float | None, str]:
    """The rung that the loss should be on its way to: the affine one, the constant one above it; below, what is known.

    The rungs lie where Keras would log them. No rung is a goal that lies below what this network can reach.
    """
    for name in ("affine", "constant"):
        for rung, _ in pace.ways:
            if rung.name == name and rung.value >= least:
                return rung.value, rung.label
    known = gap.goal is not None and gap.goal >= least
    return (gap.goal, "loss that is known to be reachable") if known else (None, "")


def _crawls(curve: TrainingCurve, gap: ReferenceGap, slope: Slope, reach: Reach | None) -> bool:
    if len(curve.column) < FEWEST_SLOW or curve.first is None or not gap.far:
        return False
    if reach is not None:
        return reach.epochs >= MANY * len(curve.column)
    mean = math.log(curve.first / slope.end) / len(curve.column)
    return not gap.known and slope.end > HARDLY * curve.first and -slope.per_epoch >= STEADY * mean > 0


def _follows(validation: ValidationCurve) -> bool:
    """Whether the validation loss falls as well: else training on only fits the training rows closer."""
    slope, best, values = validation.slope, validation.best, validation.column.values
    if slope is None or best is None:
        return True
    if best.since > LATE * len(values):
        return False
    sure = min(slope.per_epoch + slope.error, 0.0)
    quarter = max(round(LATE * len(values)), 1)
    before, last = np.median(values[-2 * quarter : -quarter]), np.median(values[-quarter:])
    return 1 - math.exp(AHEAD * len(values) * sure) >= LITTLE / 2 or bool(last < (1 - LITTLE) * before)
