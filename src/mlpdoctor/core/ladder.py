"""The loss ladder as data: what the loss could be, rung by rung, and where the model stands."""

import math

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import agreeing_digits

ON_A_RUNG = 0.02
"""A model this close to a rung, relative to the rung, stands on it: training noise of late epochs stays within."""


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


def standing(rungs: tuple[Rung, ...], perfect: float = 0.0) -> tuple[str | None, int | None]:
    """The rung that the model's loss equals and the digits to which it does, ``(None, None)`` between rungs.

    Of the rungs it equals a proved floor is named first, for on it the question of what else to try is closed; of the
    others the nearest.

    Args:
        rungs: of one ladder.
        perfect: the loss that closeness is measured from.
    """
    values = {rung.name: rung.value for rung in rungs}
    model = values.get("model")
    if model is None or not math.isfinite(model):
        return None, None
    names = ("data", "architecture", "affine", "constant")
    on = [n for n in names if n in values and abs(model - values[n]) <= ON_A_RUNG * (values[n] - perfect)]
    if not on:
        return None, None
    name = on[0] if on[0] in names[:2] else min(on, key=lambda one: abs(model - values[one]))
    return name, agreeing_digits(model, values[name])
