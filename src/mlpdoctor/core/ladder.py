"""The loss ladder as data: what the loss could be, rung by rung, and where the model stands."""

import math
from collections.abc import Mapping

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import MOST_DIGITS, agreeing_digits

ON_A_RUNG = 0.02
"""A logged loss, or one of a trial, is on a rung within this share of it: the noise of late epochs is in it."""
DIGITS = 2
"""A loss is a rung's where the two agree to at least so many digits, which is within one per cent: more is a distance
that training could still close, and that the report would have to explain."""


@dataclass(frozen=True)
class Rung:
    """One rung: a loss that something reaches, or that nothing goes below.

    Attributes:
        name: ``constant``, ``affine``, ``model``, ``readout``, ``architecture``, ``noise`` or ``data``.
        label: the same in plain words, ``best straight line``.
        value: the loss, mean over rows; the upper end of the interval where it is one.
        lower: proved lower end of the interval that holds the exact value.
        certainty: ``proved``, ``measured`` or ``estimated``.
        witness: what reaches it, in words: an equation, a constant, a count of rows.
        error: standard error of an estimated value.
        per_part: the same loss for each unit of an output, or each output whose units are judged together, before
            weighting.
        coefficients: for the affine rung, one row a predictor: the intercept, then a slope for each feature.
    """

    name: str
    label: str
    value: float
    lower: float
    certainty: str
    witness: str
    error: float | None = None
    per_part: tuple[float, ...] = ()
    coefficients: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Penalty:
    """What regularisers add to the loss that training minimises, beside the ladder.

    Attributes:
        total: added to the data loss, in Keras's log as well.
        parts: one phrase for each regulariser: ``l2 of dense.kernel 0.012``.
        unknown: regularisers whose value could not be worked out.
    """

    total: float
    parts: tuple[str, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ladder:
    """All rungs that could be worked out, and the rung the model stands on.

    Attributes:
        loss: the loss in words, ``mean squared error``.
        rungs: from the top down; always in the same order, some may be missing.
        standing: name of the lowest proved or reached rung that the model's loss equals, None between rungs.
        digits: to how many significant digits it equals it.
        perfect: loss of a perfect answer to every row, from which losses count: zero for most.
        parts: the name of each part, in the order of ``per_part``.
        penalty: what regularisers add; None without any.
    """

    loss: str
    rungs: tuple[Rung, ...]
    standing: str | None = None
    digits: int | None = None
    perfect: float = 0.0
    parts: tuple[str, ...] = ()
    penalty: Penalty | None = None

    def rung(self, name: str) -> Rung | None:
        """The rung of that name, or None."""
        return next((rung for rung in self.rungs if rung.name == name), None)

    def value(self, name: str) -> float | None:
        """The loss at the rung of that name, or None."""
        rung = self.rung(name)
        return None if rung is None else rung.value


@dataclass(frozen=True)
class UnseenLadder:
    """The same losses on rows that the network was not trained on, and that no line was fitted to.

    Attributes:
        rows: that were judged.
        told: which rows they are, in words.
        ladder: its rungs, as far as they are known: ``constant``, ``affine``, ``model``, each with its standard error.
        gap: the model's loss on these rows minus that on the rows trained on.
        gap_error: standard error of the gap.
    """

    rows: int
    told: str
    ladder: Ladder
    gap: float
    gap_error: float


def standing(rungs: tuple[Rung, ...], perfect: float = 0.0) -> tuple[str | None, int | None]:
    """The rung that the model's loss equals and the digits to which it does, ``(None, None)`` between rungs.

    It is the nearest rung, and the two agree in digits. Where rungs coincide, as on data that a line goes through, the
    one that proves most is named: on a proved floor the question of what else to try is closed.

    Args:
        rungs: of one ladder.
        perfect: the loss that closeness is measured from.
    """
    values = {rung.name: rung.value for rung in rungs}
    model = values.get("model")
    if model is None or not math.isfinite(model):
        return None, None
    known = [name for name in ("data", "architecture", "affine", "constant") if name in values]
    digits = {name: agreeing_digits(model - perfect, values[name] - perfect) for name in known}
    most = max(digits.values(), default=0)
    if most < DIGITS:
        return None, None
    nearest = min(known, key=lambda name: abs(model - values[name]))
    name = next(one for one in known if digits[one] == most and (one == nearest or _same(values, one, nearest)))
    return name, digits[name]


def _same(values: Mapping[str, float], one: str, other: str) -> bool:
    """Whether two rungs are one loss, to the digits that anybody looks at."""
    return agreeing_digits(values[one], values[other]) >= MOST_DIGITS
