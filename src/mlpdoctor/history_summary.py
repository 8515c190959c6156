"""A training history in a line, with what its curve comes to."""

import itertools
import math

import numpy as np

from mlpdoctor.curves.noise import finite
from mlpdoctor.fact import Absent
from mlpdoctor.facts.curve_plateau import CurvePlateau
from mlpdoctor.facts.plateau_rung import PlateauRung
from mlpdoctor.facts.rate_curve import RateCurve
from mlpdoctor.facts.training_curve import TrainingCurve
from mlpdoctor.facts.trial_scores import TrialScores
from mlpdoctor.history import LOSS, VALIDATION_LOSS, Column, History
from mlpdoctor.logged import HistorySummary, Plateau, Reached, Trace
from mlpdoctor.resolve import Answers

MOST_POINTS = 120
"""Points of a trace: more than a terminal draws."""


def summarise_history(history: History, answers: Answers) -> HistorySummary:
    """What was logged, and where it stops."""
    curve: TrainingCurve | Absent = answers.get(TrainingCurve)
    rates: RateCurve | Absent = answers.get(RateCurve)
    trials: TrialScores | Absent = answers.get(TrialScores)
    known = None if isinstance(curve, Absent) else curve
    run = history.last
    plateau, reason = _plateau(answers.get(CurvePlateau), answers.get(PlateauRung))
    best = None if known is None else known.best
    return HistorySummary(
        path=history.path,
        format=history.format,
        runs=len(history.runs),
        epochs=0 if run is None or history.stated else run.epochs,
        planned=None if run is None else run.planned,
        columns=() if run is None else tuple(run.columns),
        decimals=None if known is None else known.column.decimals,
        first=None if known is None else known.first,
        last=known.last if known is not None and math.isfinite(known.last) else None,
        best=None if best is None else best.value,
        best_epoch=None if best is None or history.stated else best.epoch,
        broken_epoch=None if known is None or known.broken is None else known.broken[0],
        first_rate=None if isinstance(rates, Absent) else rates.rates.first,
        last_rate=None if isinstance(rates, Absent) else rates.rates.last,
        trials=0 if isinstance(trials, Absent) else len(trials.scores),
        plateau=plateau,
        no_plateau=reason,
        bad_lines=history.bad.count,
        bad_examples=history.bad.examples,
        guesses=history.guesses,
        traces=()
        if run is None or history.stated
        else _traces(run.columns.get(LOSS), run.columns.get(VALIDATION_LOSS)),
    )


def _plateau(found: CurvePlateau | Absent, beside: PlateauRung | Absent) -> tuple[Plateau | None, str | None]:
    if isinstance(found, Absent):
        return None, found.reason
    level = found.level
    known = () if isinstance(beside, Absent) else beside.on
    rungs = tuple(Reached(on.rung.name, on.rung.label, on.rung.value, on.logged, on.exact, on.digits) for on in known)
    reason = beside.reason if isinstance(beside, Absent) else None
    return Plateau(level.value, level.low, level.high, found.source.value, level.first, level.last, rungs, reason), None


def _traces(*columns: Column | None) -> tuple[Trace, ...]:
    return tuple(_trace(column) for column in columns if column is not None and np.isfinite(column.values).any())


def _trace(column: Column) -> Trace:
    """Its finite values; medians over stretches of equal length where there are too many."""
    seen = finite(column)
    edges = np.linspace(0, len(seen), min(len(seen), MOST_POINTS) + 1).astype(int)
    parts = [slice(start, stop) for start, stop in itertools.pairwise(edges)]
    with np.errstate(all="ignore"):
        middle = [float(np.median(seen.values[part])) for part in parts]
    epochs = [int(seen.epochs[part][(part.stop - part.start) // 2]) for part in parts]
    kept = [(epoch, value) for epoch, value in zip(epochs, middle, strict=True) if math.isfinite(value)]
    return Trace(column.name, tuple(epoch for epoch, _ in kept), tuple(value for _, value in kept))
