"""The outputs that answer numbers on an open scale: where the size of the targets matters."""

import numpy as np

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.objective import Objective
from mlpdoctor.heads import Part
from mlpdoctor.lean import dataclass

ON_THE_SCALE_OF_THE_TARGETS = ("mse", "mae", "huber", "logcosh")
"""Losses of the error itself. A loss of ratios or logarithms takes targets of any size."""


@dataclass(frozen=True, eq=False)
class Regression:
    """The parts of the loss that are about numbers of any size.

    Attributes:
        places: position of each part among all parts of the loss.
        parts: the parts themselves.
        columns: position of each part's target column among all target columns.
    """

    places: tuple[int, ...]
    parts: tuple[Part, ...]
    columns: tuple[int, ...]


@fact
def regression(objective: Objective) -> Regression | Absent:
    """Pick the parts whose loss is one of the error and whose activation lets answers grow in proportion."""
    found = [(k, part) for k, part in enumerate(objective.parts) if _open(part)]
    if not found:
        return Absent("no output answers a number on an open scale", applicable=False)
    columns = tuple(part.head.column_of(part.unit or 0) for _, part in found)
    return Regression(tuple(k for k, _ in found), tuple(part for _, part in found), columns)


def _open(part: Part) -> bool:
    activation = part.head.activation
    if part.unit is None or activation is None or part.loss.names[0] not in ON_THE_SCALE_OF_THE_TARGETS:
        return False
    return activation.bounds[1] == np.inf and activation.name != "exponential"
