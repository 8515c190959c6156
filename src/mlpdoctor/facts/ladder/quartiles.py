"""How the bulk of the rows lies, whatever a few far ones do: quartiles of targets and of the model's errors."""

import numpy as np

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.engine.passes import Passes, flat
from mlpdoctor.facts.outputs.regression import Regression
from mlpdoctor.statistics.row_sample import RowSample

NORMAL = 1.349
"""Distance between the quartiles of a normal distribution, in standard deviations."""


@dataclass(frozen=True)
class Quartiles:
    """The middle half of a sample of numbers.

    Attributes:
        median: of the sample.
        spread: distance between the quartiles, as the standard deviation it would be of normal numbers.
    """

    median: float
    spread: float

    @classmethod
    def of(cls, numbers: Array) -> "Quartiles":
        """Take the quartiles."""
        low, middle, high = np.quantile(numbers, (0.25, 0.5, 0.75))
        return cls(float(middle), float(high - low) / NORMAL)

    def distance(self, numbers: Array) -> Array:
        """How many spreads numbers lie from the median."""
        found: Array = np.abs(numbers - self.median) / self.spread
        return found


@dataclass(frozen=True)
class OutputQuartiles:
    """For each part of a regression the bulk of its targets, of their sizes' logarithms, and of the model's errors.

    Attributes:
        targets: one a part.
        logarithms: of ``log(1 + y)`` where no target is negative, else None; one a part.
        errors: of answers minus targets; None where the network cannot be run or an answer is not finite.
    """

    targets: tuple[Quartiles, ...]
    logarithms: tuple[Quartiles | None, ...]
    errors: tuple[Quartiles | None, ...]


@fact
def quartiles(regression: Regression, sample: RowSample, passes: Passes) -> OutputQuartiles | Absent:
    """Work out the quartiles on the sample, answers on a smaller one."""
    columns = [sample.targets[:, column] for column in regression.columns]
    few = sample.few
    answers = None
    if passes.engine is not None:
        answers = np.concatenate([flat(output) for output in passes.engine.forward(few.features)], axis=1)
    errors: list[Quartiles | None] = []
    for part, column in zip(regression.parts, regression.columns, strict=True):
        own = None if answers is None else answers[:, part.head.first_unit + (part.unit or 0)]
        errors.append(None if own is None or not np.isfinite(own).all() else Quartiles.of(own - few.targets[:, column]))
    return OutputQuartiles(
        tuple(Quartiles.of(values) for values in columns),
        tuple(None if values.min() < 0 else Quartiles.of(np.log1p(values)) for values in columns),
        tuple(errors),
    )
