"""Which rung of the loss ladder the curve's plateau is."""

from mlpdoctor.analysis.curves.level import Level
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import ON_A_RUNG, Ladder, Rung
from mlpdoctor.core.text import agreeing_digits
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.history.curve_plateau import CurvePlateau, Source
from mlpdoctor.facts.history.training_curve import TrainingCurve
from mlpdoctor.nn.heads import SUMMED

COARSE = 0.05
"""A level known no better than to a twentieth of its height above perfect answers equals too much to say anything."""
SAME = 1e-9
"""Rungs this close, relative to each other, are one: the topmost is named, which a reader knows best."""
SEEN = 2.0
"""Standard errors within which a loss is the estimated noise, as in L508."""
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
    """

    rung: Rung
    logged: float
    exact: bool
    digits: int


@dataclass(frozen=True, eq=False)
class PlateauRung:
    """The plateau beside the ladder.

    Attributes:
        level: where the loss stops, with its error bar.
        source: what that is known from.
        decimals: digits after the point with which it was printed, where that is the same for all.
        on: the rungs that it equals: proved floors first, then the nearest. Empty between rungs.
        penalty: what regularisers add to the logged loss at the saved weights.
        model: the loss that Keras would log for the saved weights, from the ladder; None where it is not known.
        with_model: whether the saved model is at the plateau; None where that is not known.
    """

    level: Level
    source: Source
    decimals: int | None
    on: tuple[OnRung, ...]
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
    candidates = [one for rung in _distinct(ladder) if (one := _on(rung, level, added, ladder.perfect)) is not None]
    proved = [one for one in candidates if one.rung.name in ("data", "architecture") or _floor(ladder, one.rung)]
    others = sorted(
        (o for o in candidates if o not in proved), key=lambda o: (not o.exact, abs(level.value - o.logged))
    )
    model = ladder.value("model")
    logged = None if model is None else model + added
    return PlateauRung(
        level=level,
        source=source,
        decimals=None if curve is None or source is Source.TRIALS else curve.column.decimals,
        on=(*proved, *others),
        penalty=added,
        model=logged,
        with_model=None if logged is None else abs(logged - level.value) <= _room(level, logged, floor),
    )


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


def _on(rung: Rung, level: Level, added: float, perfect: float) -> OnRung | None:
    logged = rung.value + added
    if logged <= perfect + added:
        return None
    error = SEEN * rung.error if rung.error is not None else 0.0
    away = abs(level.value - logged)
    low = max(rung.value - rung.lower, 0.0) if rung.error is None else 0.0
    exact = away <= level.within + error + low
    if not exact and away > _room(level, logged, perfect + added):
        return None
    return OnRung(rung, logged, exact, agreeing_digits(level.value, logged))


def _room(level: Level, logged: float, floor: float) -> float:
    return max(level.within, ON_A_RUNG * abs(logged - floor))
