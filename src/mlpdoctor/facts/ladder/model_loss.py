"""The loss of the saved weights on all rows, penalties apart, and what a perfect answer would cost."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.ladder import Penalty
from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.core.text import short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.nn.heads import Heads, Part
from mlpdoctor.nn.layers.penalties import Unknown, activity_regularizer, weight_regularizers
from mlpdoctor.nn.losses.loss import ColumnValues, complaint
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.losses_and_targets import LossSums, PerfectSums, TargetValues
from mlpdoctor.statistics.unit_activity import ActivitySums
from mlpdoctor.statistics.views import PerLayer


@dataclass(frozen=True, eq=False)
class Objective:
    """The outputs with their losses, beside targets that fit them.

    Attributes:
        heads: the outputs.
        rows: usable rows, by whose number the sum of all losses is divided.
        passes: to read them again.
    """

    heads: Heads
    rows: int
    passes: Passes

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that is judged by itself."""
        return self.heads.parts

    @property
    def of_data(self) -> "Objective":
        """The same for facts that concern the data and the losses alone."""
        return replace(self, passes=self.passes.of_data)

    def total(self, per_part: tuple[float, ...]) -> float:
        """The total loss from that of each part."""
        return self.heads.total(per_part)

    def judged(self, part: Part) -> Iterator[tuple[Array, Array, Array]]:
        """Another pass over the rows: features, the part's encoded targets, weights."""
        for rows in self.passes.rows():
            weights = np.ones(len(rows.features)) if rows.weights is None else rows.weights
            yield rows.features, part.targets(rows.targets), weights


@fact
def objective(heads: Heads, values: TargetValues, factor: TargetFactor, passes: Passes) -> Objective | Absent:
    """Compare what the losses take with what the targets are."""
    if len(values.low) != heads.columns:
        return Absent(f"the losses take {heads.columns} target columns, and there are {len(values.low)}")
    for head in heads.heads:
        own = head.own
        seen = ColumnValues(float(values.low[own].min()), float(values.high[own].max()), bool(values.whole[own].all()))
        wrong = complaint(head.takes, seen, head.units)
        if wrong is not None:
            return Absent(f"the targets of {head.name} do not fit {head.loss.label}: {wrong}")
    # The first entry of the triangle is the norm of the column of ones: the root of the sum of all weights.
    share = factor.rows / float(factor.triangle[0, 0]) ** 2
    scaled = [replace(head, weight=head.weight * share) if head.by_weights else head for head in heads.heads]
    return Objective(replace(heads, heads=tuple(scaled)), factor.rows, passes)


@dataclass(frozen=True)
class ModelLoss:
    """Mean loss of the saved weights, in total and for each part; not finite for a broken model."""

    total: float
    per_part: tuple[float, ...]

    @property
    def finite(self) -> bool:
        """Whether the model has a loss at all."""
        return bool(np.isfinite(self.total))


@fact
def model_loss(objective: Objective, sums: LossSums) -> ModelLoss:
    """The mean over rows."""
    per_part = tuple(float(value) for value in sums.mean)
    return ModelLoss(objective.total(per_part), per_part)


@fact
def penalties(network: Network, activity: PerLayer[ActivitySums] | None) -> Penalty | Absent:
    """Sum the penalties of all weights, and of what layers put out as far as the network was run on data."""
    found = [penalty for layer in network.layers for penalty in _penalties(network, layer, activity or PerLayer())]
    if not found:
        return Absent("no layer has a regulariser", applicable=False)
    # The listing of a long network is cut off, so what weighs most comes first.
    known = sorted(((value, name) for name, value in found if value is not None), key=lambda pair: -pair[0])
    return Penalty(
        total=sum(value for value, _ in known),
        parts=tuple(f"{name} {short(value)}" for value, name in known),
        unknown=tuple(name for name, value in found if value is None),
    )


def _penalties(network: Network, layer: Layer, activity: PerLayer[ActivitySums]) -> Iterator[tuple[str, float | None]]:
    """Each penalty of one layer with its name; None for one that cannot be worked out."""
    for weight, regularizer in weight_regularizers(layer):
        value = None if isinstance(regularizer, Unknown) else regularizer.of(layer.weights[weight])
        yield f"{regularizer.name} of {layer.name}.{weight}", value
    own = activity_regularizer(layer)
    if own is None:
        return
    called = f"{own.name} of {layer.name}'s output"
    seen = activity.get(layer.name)
    if isinstance(own, Unknown):
        yield called, None
    elif not own.separable:
        yield f"{called} (it changes with the batch)", None
    elif seen is None:
        yield f"{called} (needs the model to run on data)", None
    else:
        # Keras adds the penalty again at each call of a shared layer, divided by the rows of the batch.
        calls = sum(node.layer is layer for node in network.nodes)
        yield called, calls * own.of_sums(seen.absolute, seen.squared)


@dataclass(frozen=True)
class Perfection:
    """Mean over rows of the least loss that any answer has, in total and for each part; where losses count from.

    It is not zero for soft or smoothed labels, whose entropy remains, and for losses that may be negative.
    """

    total: float
    per_part: tuple[float, ...]


@fact
def perfection(objective: Objective, sums: PerfectSums) -> Perfection:
    """The mean over rows."""
    per_part = tuple(float(value) for value in sums.mean)
    return Perfection(objective.total(per_part), per_part)
