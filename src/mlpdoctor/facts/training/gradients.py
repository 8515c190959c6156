"""The gradient of the loss at the saved weights, on a sample of the rows."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from mlpdoctor.core import threads
from mlpdoctor.core.check import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key
from mlpdoctor.engine.gradient import LossGradient, activity_penalties, loss_gradient, weight_penalties
from mlpdoctor.engine.passes import Engine, flat
from mlpdoctor.engine.tape import LayerGradients, Tape
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.statistics import views
from mlpdoctor.statistics.moments import GradientMoments
from mlpdoctor.statistics.rows import RowSample

MOST_PRODUCTS = 1 << 30
"""Multiplications there and back, about a tenth of a second: of large networks fewer rows are looked at."""
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
        penalty: the gradient of the penalties, of those of the same weights that have any or lead to any.
        units: for each layer by name, moments over the rows of the gradient that reaches its pre-activations: of the
            loss of one row, not divided by the number of rows.
        scatter: for each layer by name, the root mean square distance of a batch's gradient from the mean one.
        batch: rows in a batch of which ``scatter`` tells.
        rows: rows in the sample.
        share: of all usable rows.
        unknown: penalties that ``penalty`` leaves out, for they cannot be differentiated.
    """

    loss: float
    weights: Mapping[Key, Array]
    penalty: Mapping[Key, Array]
    units: Mapping[str, GradientMoments]
    scatter: Mapping[str, float]
    batch: int
    rows: int
    share: float
    unknown: tuple[str, ...] = ()

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
        # Rows that are not in the sample are the only ones whose gradient is not known.
        variance = sum(value**2 for value in self.scatter.values()) / parts(self.rows, self.batch)
        return math.sqrt(variance * (1 - self.share))


def norm(weights: Mapping[Key, Array]) -> float:
    """Length of several arrays taken as one vector."""
    return math.sqrt(sum(float(np.vdot(values, values)) for values in weights.values()))


@fact
def gradients(objective: Objective, sample: RowSample) -> Gradients | Absent:
    """Run a sample of the rows forward and backward, batch by batch."""
    engine = objective.passes.engine
    if engine is None:
        return Absent("the network cannot be run")
    if engine.blind is not None:
        return Absent(engine.blind)
    if not engine.weights:
        return Absent("the model has no weight that training may change", applicable=False)
    engine = engine.at({}, training=True)
    rows = gradient_rows(engine, sample)
    batch = max(LEAST_BATCH, math.ceil(len(rows.features) / BATCHES))
    seen = _Seen(engine)
    # Weights of a diverged training overflow; that is a finding, not a warning.
    with np.errstate(all="ignore"):
        here = threads.in_order if parts(len(rows.features), batch) > 1 else map
        for found in here(partial(loss_gradient, engine, objective.heads), batches(rows, batch)):
            seen.show(*found)
        return seen.gradients(batch, objective.rows)


class _Seen:
    """Sums up the gradients of batches, one at a time: those of a large network would not all fit into memory."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rows, self.parts, self.loss = 0, 0, 0.0
        self.mean = {key: np.zeros_like(values) for key, values in engine.weights.items()}
        self.squared = dict.fromkeys((layer for layer, _ in self.mean), 0.0)
        self.units: dict[str, GradientMoments] = {}
        self.penalty, self.unknown = weight_penalties(engine.network)
        self.activity: dict[Key, Array] = {}

    def show(self, found: LossGradient, tape: Tape, gradients: LayerGradients) -> None:
        """Take in one batch."""
        self.rows, self.parts, self.loss = self.rows + found.rows, self.parts + 1, self.loss + found.loss
        for key, values in found.weights.items():
            # West, Updating mean and variance estimates, 1979, with the rows as weights.
            distance = values / found.rows
            distance -= self.mean[key]
            before = self.rows - found.rows
            self.squared[key[0]] += found.rows * before / self.rows * float(np.vdot(distance, distance))
            distance *= found.rows / self.rows
            self.mean[key] += distance
        for node, reached in zip(self.engine.network.nodes, gradients.before, strict=True):
            if reached is not None and node.layer.weights:
                moments = GradientMoments.of(views.Gradient(node.layer, flat(reached)))
                known = self.units.get(node.layer.name)
                self.units[node.layer.name] = moments if known is None else known + moments
        cotangents, unknown = activity_penalties(self.engine.network, tape)
        if cotangents.after:
            for key, values in self.engine.pull(tape, cotangents).weights.items():
                self.activity[key] = self.activity.get(key, 0.0) + values
        self.unknown = tuple(dict.fromkeys((*self.unknown, *unknown)))

    def gradients(self, batch: int, usable: int) -> Gradients:
        """All of it, for so many usable rows in the data."""
        penalty = {key: values for key, values in self.penalty.items() if key in self.mean}
        for key, values in self.activity.items():
            penalty[key] = penalty.get(key, 0.0) + values / self.rows
        # One degree of freedom goes to the mean.
        freedom = self.rows / self.parts * max(self.parts - 1, 1)
        return Gradients(
            loss=self.loss / self.rows,
            weights=self.mean,
            penalty=penalty,
            units=self.units,
            scatter={name: math.sqrt(value / freedom) for name, value in self.squared.items()},
            batch=batch,
            rows=self.rows,
            share=self.rows / usable,
            unknown=self.unknown,
        )


def gradient_rows(engine: Engine, sample: RowSample) -> views.Rows:
    """As many rows of a sample as can be run there and back in about a tenth of a second."""
    most = max(MOST_PRODUCTS // (3 * max(engine.products, 1)), FEWEST_ROWS)
    weights = None if sample.weights is None else sample.weights[:most]
    numbers = sample.tickets[:most].astype(np.float64)
    return views.Rows(sample.features[:most], sample.targets[:most], numbers, weights)


def batches(rows: views.Rows, size: int) -> Iterator[views.Rows]:
    """Rows in parts of one size but for the last, which may be up to half as long again."""
    for part in np.array_split(np.arange(len(rows.features)), parts(len(rows.features), size)):
        weights = None if rows.weights is None else rows.weights[part]
        yield replace(
            rows,
            features=rows.features[part],
            targets=rows.targets[part],
            numbers=rows.numbers[part],
            weights=weights,
        )


def parts(rows: int, size: int) -> int:
    """How many parts of a size are made of some rows."""
    return max(round(rows / size), 1)
