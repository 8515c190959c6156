"""The loss ladder as data: what the loss could be, rung by rung, and where the model stands."""

import math
from dataclasses import dataclass

from mlpdoctor.wording import agreeing_digits

ON_A_RUNG = 0.02
"""A model this close to a rung, relative to the rung, stands on it: training noise of late epochs stays within."""


@dataclass(frozen=True)
class Rung:
    """One rung: a loss that something reaches, or that nothing goes below.

    Attributes:
        name: ``constant``, ``affine``, ``model``, ``architecture`` or ``data``.
        label: the same in plain words, ``best straight line``.
        value: the loss, mean over rows; the upper end of the interval where it is one.
        lower: proved lower end of the interval that holds the exact value.
        certainty: ``proved`` or ``measured``.
        witness: what reaches it, in words: an equation, a constant, a count of rows.
        per_output: the same loss for each target column, before weighting.
        coefficients: for the affine rung, one row a target: the intercept, then a slope for each feature.
    """

    name: str
    label: str
    value: float
    lower: float
    certainty: str
    witness: str
    per_output: tuple[float, ...] = ()
    coefficients: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Ladder:
    """All rungs that could be worked out, and the rung the model stands on.

    Attributes:
        loss: the loss in words, ``mean squared error``.
        rungs: from the top down; always in the same order, some may be missing.
        standing: name of the lowest proved or reached rung that the model's loss equals, None between rungs.
        digits: to how many significant digits it equals it.
    """

    loss: str
    rungs: tuple[Rung, ...]
    standing: str | None = None
    digits: int | None = None

    def rung(self, name: str) -> Rung | None:
        """The rung of that name, or None."""
        return next((rung for rung in self.rungs if rung.name == name), None)

    def value(self, name: str) -> float | None:
        """The loss at the rung of that name, or None."""
        rung = self.rung(name)
        return None if rung is None else rung.value


def standing(rungs: tuple[Rung, ...]) -> tuple[str | None, int | None]:
    """The rung that the model's loss equals and the digits to which it does, ``(None, None)`` between rungs.

    Where rungs coincide the lowest proved one is named: on it the question of what else to try is closed.
    """
    values = {rung.name: rung.value for rung in rungs}
    model = values.get("model")
    if model is None or not math.isfinite(model):
        return None, None
    for name in ("data", "architecture", "affine", "constant"):
        value = values.get(name)
        if value is not None and abs(model - value) <= ON_A_RUNG * value:
            return name, agreeing_digits(model, value)
    return None, None
