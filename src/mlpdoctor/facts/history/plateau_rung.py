"""Which rung of the loss ladder the curve's plateau is."""

import math
from collections.abc import Sequence
from dataclasses import replace

from mlpdoctor.analysis.curves.level import Level
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Severity
from mlpdoctor.core.ladder import ON_A_RUNG, Ladder, Rung
from mlpdoctor.core.text import agreeing_digits
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.history.curve_plateau import CurvePlateau, Source
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.facts.ladder.second_opinion import SecondOpinion
from mlpdoctor.nn.heads import SUMMED

COARSE = 0.05
"""A level known no better than to a twentieth of its height above perfect answers equals too much to say anything."""
SAME = 1e-9
"""Rungs this close, relative to each other, are one: the topmost is named, which a reader knows best."""
SEEN = 2.0
"""Standard errors within which a loss is the estimated noise, as in L508."""
CHANCE = 0.05
"""A number as near to a rung as more than one in twenty are by chance is not said to be on it."""
CERTAIN_NOISE = 0.25
"""An estimate of the noise that is uncertain by more than a quarter of itself is no rung to stand on, as in L508."""


@dataclass(frozen=True)
class OnRung:
    """A rung that the plateau equals.

    Attributes:
        rung: which.
        logged: what Keras logs on it: its loss and the penalties.
        exact: whether they are equal as far as scatter and printed digits let that be told; else they are within
            two per cent, which is what noise of training and rows held out for validation leave.
        digits: significant digits to which they agree.
        chance: the share of the numbers between perfect answers and the topmost rung that are as near to some rung.
        kind: what stopping there means: the rung's own name, or that of a proved floor as low.
    """

    rung: Rung
    logged: float
    exact: bool
    digits: int
    chance: float
    kind: str


@dataclass(frozen=True, eq=False)
class PlateauRung:
    """The plateau beside the ladder.

    Attributes:
        level: where the loss stops, with its error bar.
        source: what that is known from.
        decimals: digits after the point with which it was printed, where that is the same for all.
        on: the rungs that it equals: proved floors first, then the nearest. Empty between rungs.
        perhaps: those that it is near, as too many numbers are by chance.
        penalty: what regularisers add to the logged loss at the saved weights.
        model: the loss that Keras would log for the saved weights, from the ladder; None where it is not known.
        with_model: whether the saved model is at the plateau; None where that is not known.
    """

    level: Level
    source: Source
    decimals: int | None
    on: tuple[OnRung, ...]
    perhaps: tuple[OnRung, ...]
    penalty: float
    model: float | None
    with_model: bool | None


@fact
def plateau_rung(
    plateau: CurvePlateau,
    passes: Passes,  # noqa: ARG001  without data that is the reason, whatever else the ladder lacks
    ladder: Ladder,
    curve: TrainingCurve | None,
) -> PlateauRung | Absent:
    """Compare the plateau with each rung as Keras logs it."""
    level, source = plateau.level, plateau.source
    if SUMMED in ladder.loss:
        return Absent("Keras logs the sum of the losses of a batch here, not their mean")
    if ladder.penalty is not None and ladder.penalty.unknown:
        return Absent("the logged loss holds penalties that could not be worked out")
    added = 0.0 if ladder.penalty is None else ladder.penalty.total
    floor = ladder.perfect + added
    if level.within > COARSE * abs(level.value - floor):
        return Absent("the logged loss is known to too few digits to compare it with the ladder")
    near = near_rungs(ladder, level)
    model = ladder.value("model")
    logged = None if model is None else model + added
    return PlateauRung(
        level=level,
        source=source,
        decimals=None if curve is None or source is Source.TRIALS else curve.column.decimals,
        on=tuple(one for one in near if one.chance <= CHANCE),
        perhaps=tuple(one for one in near if one.chance > CHANCE),
        penalty=added,
        model=logged,
        with_model=None if logged is None else abs(logged - level.value) <= _room(level, logged, floor),
    )


def near_rungs(ladder: Ladder, level: Level) -> tuple[OnRung, ...]:
    """The rungs that a plateau is near, with the chance of that: proved floors first, then the nearest."""
    added = 0.0 if ladder.penalty is None else ladder.penalty.total
    rungs = _distinct(ladder)
    near = [one for rung in rungs if (one := _on(rung, level, added, ladder.perfect, _meant(ladder, rung))) is not None]
    candidates = [_counted(on, rungs, level, ladder.perfect + added) for on in near]
    proved = [one for one in candidates if one.rung.name in ("data", "architecture") or _floor(ladder, one.rung)]
    others = sorted(
        (o for o in candidates if o not in proved), key=lambda o: (not o.exact, abs(level.value - o.logged))
    )
    return (*proved, *others)


def _distinct(ladder: Ladder) -> list[Rung]:
    """The rungs a plateau may be, each height once, by its topmost name."""
    kept: list[Rung] = []
    for rung in ladder.rungs:
        if rung.name in ("model", "readout") or (rung.name == "noise" and _vague(rung, ladder.perfect)):
            continue
        if all(abs(rung.value - other.value) > SAME * abs(other.value) for other in kept):
            kept.append(rung)
    return kept


def _vague(rung: Rung, perfect: float) -> bool:
    return rung.error is None or rung.error > CERTAIN_NOISE * (rung.value - perfect)


def _floor(ladder: Ladder, rung: Rung) -> bool:
    """Whether a rung is as low as a proved floor, though it goes by another name."""
    floors = [value for name in ("architecture", "data") if (value := ladder.value(name)) is not None]
    return any(abs(rung.value - value) <= SAME * abs(value) for value in floors)


def _on(rung: Rung, level: Level, added: float, perfect: float, kind: str) -> OnRung | None:
    logged = rung.value + added
    if logged <= perfect + added:
        return None
    error = SEEN * rung.error if rung.error is not None else 0.0
    away = abs(level.value - logged)
    low = max(rung.value - rung.lower, 0.0) if rung.error is None else 0.0
    exact = away <= level.within + error + low
    if not exact and away > _room(level, logged, perfect + added):
        return None
    return OnRung(rung, logged, exact, agreeing_digits(level.value, logged), chance=1.0, kind=kind)


def _counted(on: OnRung, rungs: Sequence[Rung], level: Level, floor: float) -> OnRung:
    """The same with the chance of coincidence.

    A loss that has nothing to do with the rungs is taken to be anywhere between perfect answers and the topmost rung
    with equal chance. As near as this one are those within the same share of the height of a rung that is known, and
    within the error bar of one that is estimated, which is counted for itself alone.
    """
    heights = {rung.name: rung.value + on.logged - on.rung.value - floor for rung in rungs}
    top, away = max(heights.values()), max(abs(level.value - on.logged), level.within)
    if on.rung.error is not None:
        windows = [(heights[on.rung.name], level.within + SEEN * on.rung.error)]
    else:
        share = away / (on.logged - floor)
        windows = [(heights[rung.name], share * heights[rung.name]) for rung in rungs if rung.error is None]
    return replace(on, chance=_covered(windows, top) / top)


def _covered(windows: Sequence[tuple[float, float]], top: float) -> float:
    """The length that intervals, each a middle and its half width, cover together between 0 and the top."""
    covered, reached = 0.0, 0.0
    for middle, half in sorted(windows, key=lambda one: one[0] - one[1]):
        low, high = max(middle - half, reached), min(middle + half, top)
        covered += max(high - low, 0.0)
        reached = max(reached, high)
    return covered


def _room(level: Level, logged: float, floor: float) -> float:
    return max(level.within, ON_A_RUNG * abs(logged - floor))


def _meant(ladder: Ladder, rung: Rung) -> str:
    """What stopping on a rung means; a line that is the architecture's floor is that floor."""
    for name in ("data", "architecture"):
        value = ladder.value(name)
        if value is not None and math.isclose(rung.value, value, rel_tol=1e-9):
            return name
    return rung.name


LOWER = 0.5
"""Where nobody can tell whether a curve is worth the name, a floor of the data at less than half the line's loss says
that there is something left to find."""


def severity_without_model(ladder: Ladder, rung: Rung, opinion: SecondOpinion | None, worth: float) -> Severity:
    """As grave as L501 and L502 would be, of a model that is not at hand."""
    reach = reach_of(ladder, opinion)
    worthwhile = rung.value - reach > worth * (rung.value - ladder.perfect)
    if rung.name == "constant":
        return Severity.ERROR if worthwhile else Severity.NOTE
    if opinion is not None:
        return Severity.WARNING if opinion.structure and worthwhile else Severity.NOTE
    data = ladder.value("data") or 0.0
    left = data - ladder.perfect < LOWER * (rung.value - ladder.perfect)
    return Severity.WARNING if left else Severity.NOTE


def reach_of(ladder: Ladder, opinion: SecondOpinion | None) -> float:
    """The lowest loss that something is known to reach: a line, or a quick fit on rows it has not seen."""
    known = [value for name in ("constant", "affine") if (value := ladder.value(name)) is not None]
    if opinion is not None and opinion.structure:
        known.append(opinion.curve)
    return max(min(known), ladder.value("data") or 0.0)
