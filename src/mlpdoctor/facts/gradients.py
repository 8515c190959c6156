"""The gradient of the loss at the saved weights, on a sample of the rows."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mlpdoctor import views
from mlpdoctor.backward import Slope, slope
from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.objective import Objective
from mlpdoctor.network import Array, Key, Network
from mlpdoctor.passes import Engine, flat
from mlpdoctor.statistics.moments import GradientMoments
from mlpdoctor.statistics.row_sample import RowSample

MOST_PRODUCTS = 1 << 33
"""Multiplications there and back, about a second: of large networks fewer rows are looked at."""
FEWEST_ROWS = 256
BATCHES = 16
"""Parts of the sample whose gradients are compared: enough to tell the scatter to a fifth."""
LEAST_BATCH = 8


@dataclass(frozen=True, eq=False)
class Gradients:
    """Loss and gradient as in training, with BatchNormalization by the moments of each batch, but without dropout.

    Attributes:
        loss: mean over the sampled rows, without penalties.
        weights: the gradient of that loss with respect to each trainable weight.
        penalty: the gradient of the penalties, of the same weights.
        units: for each layer by name, moments over the rows of the gradient that reaches its pre-activations: of the
            loss of one row, not divided by the number of rows.
        scatter: for each layer by name, the root mean square distance of a batch's gradient from the mean one.
        batch: rows in a batch of which ``scatter`` tells.
        rows: rows in the sample.
        share: of all usable rows.
    """

    loss: float
    weights: Mapping[Key, Array]
    penalty: Mapping[Key, Array]
    units: Mapping[str, GradientMoments]
    scatter: Mapping[str, float]
    batch: int
    rows: int
    share: float

    @property
    def total(self) -> dict[Key, Array]:
        """Of loss and penalties together: what the optimizer is handed."""
        return {key: values + self.penalty.get(key, 0.0) for key, values in self.weights.items()}

    @property
    def norm(self) -> float:
        """Length of the gradient of the loss, all weights together."""
        return norm(self.weights)

    def of_layer(self, name: str) -> float:
        """Length of the gradient of the loss with respect to one layer's weights."""
        return norm({key: values for key, values in self.weights.items() if key[0] == name})

    @property
    def error(self) -> float:
        """Standard error of the gradient as an estimate of that of all rows; 0 where these are all the rows."""
        if self.share >= 1:
            return 0.0
        batches = max(self.rows // self.batch, 1)
        return math.sqrt(sum(value**2 for value in self.scatter.values()) / batches)


def norm(weights: Mapping[Key, Array]) -> float:
    """Length of several arrays taken as one vector."""
    return math.sqrt(sum(float(np.vdot(values, values)) for values in weights.values()))


@fact
def gradients(network: Network, objective: Objective, sample: RowSample) -> Gradients | Absent:
    """Run a sample of the rows forward and backward, batch by batch."""
    engine = objective.passes.engine
    if engine is None:
        return Absent("the network cannot be run")
    if not engine.weights:
        return Absent("the model has no weight that training may change", applicable=False)
    engine = engine.at({}, training=True)
    rows = gradient_rows(engine, sample)
    batch = max(LEAST_BATCH, math.ceil(len(rows.features) / BATCHES))
    slopes: list[Slope] = []
    units: dict[str, GradientMoments] = {}
    for part in batches(rows, batch):
        found, _, pulled = slope(engine, objective.heads, part)
        slopes.append(found)
        for node, values in zip(network.nodes, pulled.before, strict=True):
            if values is not None and node.layer.weights:
                seen = GradientMoments.of(views.Gradient(node.layer, flat(values)))
                known = units.get(node.layer.name)
                units[node.layer.name] = seen if known is None else known + seen
    whole = slopes[0]
    for other in slopes[1:]:
        whole += other
    mean = {key: values / whole.rows for key, values in whole.weights.items()}
    return Gradients(
        loss=whole.loss / whole.rows,
        weights=mean,
        penalty={},
        units=units,
        scatter=_scatter(slopes, mean),
        batch=batch,
        rows=whole.rows,
        share=whole.rows / objective.rows,
    )


def gradient_rows(engine: Engine, sample: RowSample) -> views.Rows:
    """As many rows of a sample as can be run there and back in about a second."""
    size = sum(values.size for values in engine.weights.values())
    most = max(MOST_PRODUCTS // (3 * max(size, 1)), FEWEST_ROWS)
    weights = None if sample.weights is None else sample.weights[:most]
    numbers = sample.tickets[:most].astype(np.float64)
    return views.Rows(sample.features[:most], sample.targets[:most], numbers, weights)


def batches(rows: views.Rows, size: int) -> Iterator[views.Rows]:
    """Rows in parts of one size but for the last, which may be up to half as long again."""
    count = max(round(len(rows.features) / size), 1)
    for part in np.array_split(np.arange(len(rows.features)), count):
        weights = None if rows.weights is None else rows.weights[part]
        yield replace(
            rows,
            features=rows.features[part],
            targets=rows.targets[part],
            numbers=rows.numbers[part],
            weights=weights,
        )


def _scatter(slopes: list[Slope], mean: Mapping[Key, Array]) -> dict[str, float]:
    squared: dict[str, float] = {}
    for part in slopes:
        for key, values in part.weights.items():
            distance = values / part.rows - mean[key]
            squared[key[0]] = squared.get(key[0], 0.0) + float(np.vdot(distance, distance))
    # One degree of freedom goes to the mean.
    return {name: math.sqrt(value / max(len(slopes) - 1, 1)) for name, value in squared.items()}
