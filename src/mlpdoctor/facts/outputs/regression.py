"""Outputs on an open scale: what a good first bias would save, and how the bulk of the rows lies."""

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.distinct import quantile
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.passes import Only, Passes, flat
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.heads import Part
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.rows import RowSample

EARLY = 100
"""Updates after which the last bias has had time to move by itself: Adam's default rate carries it 0.1."""


@dataclass(frozen=True)
class BiasStart:
    """A start from the best constant.

    Attributes:
        biases: what to add to the last bias of each output, in order; empty for an output that has none.
        before: the loss as it is, on a sample of the rows.
        after: the loss with the biases added, on the same rows.
    """

    biases: tuple[tuple[float, ...], ...]
    before: float
    after: float


@fact
def bias_start(
    network: Network, objective: Objective, constant: ConstantFloor, sample: RowSample, training: Training
) -> BiasStart | Absent:
    """Run a sample of the rows with the biases added to what the last layers compute."""
    if not training.never and (training.updates is None or training.updates > EARLY):
        return Absent("the model is past its start", applicable=False)
    heads = objective.heads.heads
    if objective.passes.engine is None:
        return Absent("the network cannot be run")
    biases, place = [], 0
    for head in heads:
        parts = 1 if head.loss.joint else head.units
        fits = constant.fits[place : place + parts]
        place += parts
        starts = [row[0] for fit in fits for row in fit.coefficients]
        if isinstance(head.loss, ConvexLoss) and head.loss.reference:
            starts.append(0.0)
        fits_head = head.straight and len(starts) == head.units and "bias" in network.nodes[head.node].layer.weights
        biases.append(tuple(starts) if fits_head else ())
    if not any(biases):
        return Absent("no output has a bias in which its loss is simple", applicable=False)
    few = sample.few
    kept: dict[int, Array] = {}
    wanted = frozenset(head.node for head in heads)
    objective.passes.engine.forward(
        few.features,
        Only(wanted, lambda node, before, _: kept.update({node: before.reshape(len(before), -1)})),
    )
    with np.errstate(all="ignore"):
        losses = []
        for added in (False, True):
            read = [
                _read(head, kept[head.node], bias if added else ()) for head, bias in zip(heads, biases, strict=True)
            ]
            values = objective.heads.values(few.targets, np.concatenate(read, axis=1))
            losses.append(objective.total(tuple(float(value) for value in values.mean(axis=0))))
    return BiasStart(tuple(biases), losses[0], losses[1])


def _read(head: OutputHead, sums: Array, bias: tuple[float, ...]) -> Array:
    """What the loss reads once a bias is added to what the last layer computes."""
    moved = sums + np.array(bias) if bias else sums
    return moved if head.behind or head.activation is None else head.activation.function(moved)


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
        return Absent("no output predicts a number on an open scale", applicable=False)
    columns = tuple(part.head.column_of(part.unit or 0) for _, part in found)
    return Regression(tuple(k for k, _ in found), tuple(part for _, part in found), columns)


def _open(part: Part) -> bool:
    activation = part.head.activation
    if part.unit is None or activation is None or part.loss.names[0] not in ON_THE_SCALE_OF_THE_TARGETS:
        return False
    return activation.bounds[1] == np.inf and activation.name != "exponential"


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
        low, middle, high = (quantile(numbers, share) for share in (0.25, 0.5, 0.75))
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
