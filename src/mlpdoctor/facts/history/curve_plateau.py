"""What the trials of a search for hyperparameters reached, and whether they all stop at one value."""

from dataclasses import replace
from enum import StrEnum

import numpy as np

from mlpdoctor.analysis.curves.level import Level
from mlpdoctor.analysis.curves.noise import finite
from mlpdoctor.analysis.curves.slope import Asymptote, Reach, Slope, epochs_to
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import LOSS, Column, History, Trial
from mlpdoctor.core.ladder import Ladder, Rung
from mlpdoctor.facts.history.training_curve import TrainingCurve

FEWEST_TRIALS = 3
"""Two trials at one value are chance; three with different settings begin to tell."""
ALIKE = 0.02
"""Scores this close to each other, relative to their median, are one value: what a rung of the ladder leaves, too."""


@dataclass(frozen=True, eq=False)
class TrialScores:
    """The losses that the trials of a search reached.

    Attributes:
        objective: the metric, ``loss`` or ``val_loss``.
        scores: the loss of each trial that has one.
        varied: names of the hyperparameters that were not the same in all of them.
        middle: the median score.
        spread: the largest distance from it.
        best: the lowest score.
    """

    objective: str
    scores: tuple[float, ...]
    varied: tuple[str, ...]
    middle: float
    spread: float
    best: float

    @property
    def alike(self) -> bool:
        """Whether all trials stop at the same value, whatever was varied."""
        return len(self.scores) >= FEWEST_TRIALS and bool(self.varied) and self.spread <= ALIKE * abs(self.middle)


@fact
def trial_scores(history: History) -> TrialScores | Absent:
    """Put the losses of all trials side by side."""
    for objective in (LOSS, f"val_{LOSS}"):
        found = [(trial, score) for trial in history.trials if (score := _score(trial, objective)) is not None]
        if found:
            scores = np.array([score for _, score in found])
            middle = float(np.median(scores))
            spread = float(np.abs(scores - middle).max())
            varied = _varied([trial for trial, _ in found])
            return TrialScores(objective, tuple(scores.tolist()), varied, middle, spread, float(scores.min()))
    return Absent("the history holds no trials with a loss", applicable=False)


def _score(trial: Trial, objective: str) -> float | None:
    value = trial.metrics.get(objective)
    if value is None and trial.objective == objective:
        value = trial.score
    return value if value is not None and np.isfinite(value) else None


def _varied(trials: list[Trial]) -> tuple[str, ...]:
    names = dict.fromkeys(name for trial in trials for name in trial.hyperparameters)
    return tuple(name for name in names if len({trial.hyperparameters.get(name) for trial in trials}) > 1)


RUNGS = ("constant", "affine", "noise", "data", "architecture")
"""What a curve may be on its way to; the model's own loss and its readout are where it is."""


@dataclass(frozen=True, eq=False)
class CurvePace:
    """The pace at the end of the training loss, and what it means.

    Attributes:
        slope: the pace.
        ways: each rung of the ladder that is surely below the end of the curve, with the epochs to it at this pace;
            from the nearest down. Empty without a ladder.
    """

    slope: Slope
    ways: tuple[tuple[Rung, Reach], ...]

    def to(self, level: float) -> Reach | None:
        """Epochs until the loss is down to a level at this pace; None where it never gets there."""
        return epochs_to(self.slope, level)


@fact
def curve_pace(curve: TrainingCurve, ladder: Ladder | None) -> CurvePace | Absent:
    """Hold the pace against the rungs, as Keras would log them."""
    if curve.slope is None:
        return Absent("the curve is too short to tell its pace", applicable=False)
    added = 0.0 if ladder is None or ladder.penalty is None else ladder.penalty.total
    ways = []
    for rung in () if ladder is None else ladder.rungs:
        logged = rung.value + added
        if rung.name not in RUNGS or logged >= curve.slope.end:
            continue
        reach = epochs_to(curve.slope, logged)
        if reach is not None:
            ways.append((rung, reach))
    return CurvePace(curve.slope, tuple(sorted(ways, key=lambda way: -way[0].value)))


SHARP = 0.05
"""A limit that a curve only heads for counts when it is known this well; it is an extrapolation."""
SLOW = 0.005
"""A curve that moves by no more than this share of itself in its last fifth is what people call stuck, though it creeps
on; a rung two per cent away would be four times as many epochs off, at the least."""
SWINGS = 0.1
"""A level known no better than to a tenth of itself is no plateau but the middle of swings."""
NEAR = 0.1
"""What a curve heads for counts when it is within a tenth of it: farther out an exponential tells too little."""
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
def curve_plateau(
    history: History,  # noqa: ARG001  without one that is the reason
    curve: TrainingCurve | None,
    trials: TrialScores | None,
) -> CurvePlateau | Absent:
    """Where the loss stands still, where it heads for, or where all trials end."""
    if curve is not None:
        return _of_curve(curve, curve.level)
    if trials is None:
        return Absent("the history holds no training loss")
    if not trials.alike:
        return Absent("the trials do not all stop at one value", applicable=False)
    level = Level(trials.middle, trials.spread, 0.0, 1, len(trials.scores), settled=True)
    return CurvePlateau(level, Source.TRIALS)


def _of_curve(curve: TrainingCurve, level: Level | None) -> CurvePlateau | Absent:
    if level is None:
        return Absent("the curve ends in NaN", applicable=False)
    if level.error > SWINGS * abs(level.value):
        return Absent(_restless(curve), applicable=False)
    if level.settled and not _surely_moving(curve, level):
        return CurvePlateau(level, Source.TOLD if curve.stated else Source.CURVE)
    creep = _creep(curve.column)
    if creep is not None and creep + level.error <= SLOW * abs(level.value):
        return CurvePlateau(replace(level, error=level.error + creep), Source.REACHED)
    return _heading(curve, level, curve.heading)


def _restless(curve: TrainingCurve) -> str:
    """Why a level is not known: a curve on its way has a wide error bar too, and does not swing at all."""
    slope, swings = curve.slope, curve.swings
    if slope is not None and slope.falling:
        return "the curve still falls"
    if slope is not None and slope.rising:
        return "the curve rises"
    swinging = swings is not None and swings.typical > SWINGS / 2
    return "the loss swings too much to have a level" if swinging else "the curve has not come to a standstill"


def _surely_moving(curve: TrainingCurve, level: Level) -> bool:
    """Whether the pace at the end belies a standstill: few epochs of a steady fall have a wide error bar, too."""
    slope = curve.slope
    if slope is None or not (slope.falling or slope.rising):
        return False
    return abs(slope.per_epoch) * (level.last - level.first + 1) > SLOW


def _heading(curve: TrainingCurve, level: Level, limit: Asymptote | None) -> CurvePlateau | Absent:
    """Where a curve that still falls will end."""
    if limit is None or limit.high - limit.low > 2 * SHARP * abs(limit.value):
        return Absent("the curve has not come to a standstill", applicable=False)
    if abs(level.value - limit.value) > NEAR * abs(limit.value) + level.rounding:
        return Absent("the curve still falls", applicable=False)
    if level.error == 0 and limit.low - level.rounding <= level.value <= limit.high + level.rounding:
        away = max(abs(limit.low - level.value), abs(limit.high - level.value))
        return CurvePlateau(replace(level, error=max(away - level.rounding, 0.0), first=limit.first), Source.REACHED)
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
