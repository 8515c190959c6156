"""Where the loss stops, and what that is known from."""

from dataclasses import replace
from enum import StrEnum

import numpy as np

from mlpdoctor.curves.level import Level
from mlpdoctor.curves.noise import finite
from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.training_curve import TrainingCurve
from mlpdoctor.facts.trial_scores import TrialScores
from mlpdoctor.history import Column, History
from mlpdoctor.lean import dataclass

SHARP = 0.05
"""A limit that a curve only heads for counts when it is known this well; it is an extrapolation."""
SLOW = 0.005
"""A curve that moves by no more than this share of itself in its last fifth is what people call stuck, though it creeps
on; a rung two per cent away would be four times as many epochs off, at the least."""
STRETCH = 5
FEWEST = 20
"""Epochs of a curve whose last fifth tells anything."""


class Source(StrEnum):
    """What the plateau is known from."""

    CURVE = "curve"
    """It stands still at the end of the curve."""
    REACHED = "reached"
    """The curve hardly falls any more, or its last printed value is as low as what it heads for, as far as is known."""
    HEADING = "heading"
    """The curve still falls, and heads for it."""
    TOLD = "told"
    """The user gave the number."""
    TRIALS = "trials"
    """All trials of a search stop there."""


@dataclass(frozen=True, eq=False)
class CurvePlateau:
    """The plateau of the loss.

    Attributes:
        level: where it is, with its error bar; settled only where the curve stands still.
        source: what it is known from.
    """

    level: Level
    source: Source


@fact
def curve_plateau(history: History, curve: TrainingCurve | None, trials: TrialScores | None) -> CurvePlateau | Absent:
    """Where the loss stands still, where it heads for, or where all trials end."""
    if curve is None:
        if trials is None:
            return Absent("the history holds no training loss")
        if not trials.alike:
            return Absent("the trials do not all stop at one value", applicable=False)
        level = Level(trials.middle, trials.spread, 0.0, 1, len(trials.scores), settled=True)
        return CurvePlateau(level, Source.TRIALS)
    if curve.level is None:
        return Absent("the curve ends in NaN", applicable=False)
    if curve.settled:
        return CurvePlateau(curve.level, Source.TOLD if history.stated else Source.CURVE)
    creep = _creep(curve.column)
    if creep is not None and creep + curve.level.error <= SLOW * abs(curve.level.value):
        return CurvePlateau(replace(curve.level, error=curve.level.error + creep), Source.REACHED)
    limit = curve.heading
    if limit is None or limit.high - limit.low > 2 * SHARP * abs(limit.value):
        return Absent("the curve has not come to a standstill", applicable=False)
    last, rounding = curve.level.value, curve.level.rounding
    if curve.level.error == 0 and limit.low - rounding <= last <= limit.high + rounding:
        half = max(abs(limit.low - last) - rounding, abs(limit.high - last) - rounding, 0.0)
        return CurvePlateau(Level(last, half, rounding, limit.first, curve.epochs, settled=False), Source.REACHED)
    # The interval of a limit holds scatter and rounding alike.
    half = max(limit.high - limit.value, limit.value - limit.low)
    return CurvePlateau(Level(limit.value, half, 0.0, limit.first, curve.epochs, settled=False), Source.HEADING)


def _creep(column: Column) -> float | None:
    """How far the last fifth of a curve moves, from the medians of its halves; None for a curve too short."""
    seen = finite(column).values
    if len(seen) < FEWEST:
        return None
    stretch = seen[-(len(seen) // STRETCH) :]
    half = len(stretch) // 2
    with np.errstate(all="ignore"):
        return 2 * abs(float(np.median(stretch[:half]) - np.median(stretch[half:])))
