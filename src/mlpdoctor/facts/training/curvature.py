"""How sharply the loss bends along the weights, at the saved ones and where training starts."""

import math
from functools import cached_property

import numpy as np

from mlpdoctor.analysis.curvature import (
    MOST_PRODUCTS,
    Top,
    Vectors,
    critical,
    gauss_newton_product,
    hessian_product,
    largest,
    preconditioner,
)
from mlpdoctor.core.check import Absent, dear_fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Network, Optimizer
from mlpdoctor.engine.gradient import Logits, loss_gradient
from mlpdoctor.engine.passes import Engine, flat
from mlpdoctor.engine.tape import Tape
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.training import FreshStart
from mlpdoctor.nn.layers.properties import activation_of, is_learned
from mlpdoctor.nn.optimizers.traits import follows_gradient
from mlpdoctor.statistics import views
from mlpdoctor.statistics.rows import RowSample

WORK = 1e9
"""Multiplications that all products together may take, about a fifth of a second: of large networks fewer rows are
looked at."""
FEWEST_ROWS, MOST_ROWS = 64, 2048
THERE_AND_BACK = 6
"""Passes as costly as a forward one in each product: two gradients of three each."""
BENT = ("selu", "hard_silu", "hard_swish", "elu", "sparsemax", "tanh_shrink", "hard_tanh", "soft_shrink", "threshold")
"""Activations that are not piecewise linear and yet may have corners, some for some options only."""
CORNERED = ("Maximum", "Minimum", "Dot", "UnitNormalization")
CORNERED_LOSSES = ("hinge", "categoricalhinge")
STARTS = 3
"""Fresh starts that are looked at: their sharpness differs by tens of percent, not by factors."""


@dataclass(frozen=True)
class Sharpness:
    """The largest curvature of the mean loss in any direction of the trainable weights, without penalties.

    Attributes:
        value: a Rayleigh quotient: the largest curvature is this or more.
        error: some eigenvalue is no further away than this, which counts what the finite differences may be off; the
            matrix is that of the sampled rows.
        method: ``Hessian``, or ``Gauss-Newton`` where an activation has corners.
        rows: how many rows it was measured on.
        share: of all usable rows.
    """

    value: float
    error: float
    method: str
    rows: int
    share: float

    def stable(self, optimizer: Optimizer) -> float | None:
        """The rate up to which the optimizer is stable on a quadratic of this curvature; None where none is known."""
        factor = critical(optimizer)
        return factor / self.value if factor is not None and self.value > 0 else None

    @staticmethod
    def numbers(sharp: "Sharpness | None") -> dict[str, float | str | None]:
        """What a report has of it; None for each where nothing was measured."""
        return {
            "sharpness": None if sharp is None else sharp.value,
            "sharpness_error": None if sharp is None else sharp.error,
            "sharpness_by": None if sharp is None else sharp.method,
            "sharpness_rows": None if sharp is None else sharp.rows,
        }


@dataclass(frozen=True, eq=False)
class Curvature:
    """The curvature of this model's loss on these rows, worked out when somebody asks for it.

    Attributes:
        engine: as in training: BatchNormalization works by the moments of the rows.
        objective: the loss.
        sample: rows to choose from.
        start: fresh starts; None where the file does not tell how weights are drawn.
    """

    engine: Engine
    objective: Objective
    sample: RowSample
    start: FreshStart | None

    @cached_property
    def saved(self) -> Sharpness | None:
        """At the saved weights; None where they or the gradient there are not finite."""
        return self._bend(self.engine)

    @cached_property
    def starts(self) -> tuple[Sharpness, ...]:
        """At fresh starts, where training begins."""
        if self.start is None:
            return ()
        engines = (self.engine.at(self.start.weights(seed)) for seed in range(STARTS))
        return tuple(found for engine in engines if (found := self._bend(engine)) is not None)

    @cached_property
    def starting(self) -> Sharpness | None:
        """The middle one of them."""
        ordered = sorted(self.starts, key=lambda one: one.value)
        return ordered[len(ordered) // 2] if ordered else None

    def of(self, optimizer: Optimizer, *, fresh: bool) -> Sharpness | None:
        """Along the steps that the optimizer takes, at fresh weights or at the saved ones."""
        if follows_gradient(optimizer):
            return self.starting if fresh else self.saved
        return None if fresh else self.preconditioned(optimizer)

    def preconditioned(self, optimizer: Optimizer) -> Sharpness | None:
        """At the saved weights, each direction measured in the steps that an adaptive optimizer takes along it.

        The largest eigenvalue of ``P^-1/2 H P^-1/2``, P being what the optimizer divides the gradient by.
        """
        divisors = preconditioner(optimizer, self.engine.weights)
        if divisors is None:
            return None
        bend = Bend(self.engine, self.objective, self.sample)
        return bend.sharpness(1 / np.sqrt(bend.vectors.vector(divisors)))

    def _bend(self, engine: Engine) -> Sharpness | None:
        if not all(np.isfinite(values).all() for values in engine.weights.values()):
            return None
        return Bend(engine, self.objective, self.sample).sharpness()


@dear_fact("measuring the curvature of the loss")
def curvature(objective: Objective, sample: RowSample, start: FreshStart | None) -> Curvature | Absent:
    """Make ready to measure it."""
    engine = objective.passes.engine
    if engine is None:
        return Absent("the network cannot be run")
    if engine.blind is not None or engine.coarse:
        return Absent(engine.blind or "the model computes in float32 alone, too coarse to see the loss bend")
    if not engine.weights:
        return Absent("the model has no weight that training may change", applicable=False)
    for head in objective.heads.heads:
        if head.loss.linear == "absolute" or head.loss.names[0] in CORNERED_LOSSES:
            return Absent(f"{head.loss.label} has corners and no curvature of its own", applicable=False)
    return Curvature(engine.at({}, training=True), objective, sample, start)


class Bend:
    """The second derivative of the mean loss of some rows, as products.

    Args:
        engine: at the weights of interest.
        objective: the loss.
        sample: rows to choose from.
    """

    def __init__(self, engine: Engine, objective: Objective, sample: RowSample) -> None:
        """Choose rows and the kind of product."""
        self.engine, self.heads = engine, objective.heads
        self.vectors = Vectors(engine.weights)
        self.here = self.vectors.vector(engine.weights)
        self.rows = _rows(sample, engine.products)
        self.count = len(self.rows.features)
        self.share = self.count / objective.rows
        self.smooth = is_smooth(engine.network)
        self.tape = engine.record(self.rows.features)
        self.sums = Logits.of(engine, self.heads, self.rows)
        self.reach = _reach(engine.network, self.tape)

    @property
    def method(self) -> str:
        """Which second derivative it is."""
        return "Hessian" if self.smooth else "Gauss-Newton"

    def sharpness(self, scale: Array | float = 1.0, seed: int = 0) -> Sharpness | None:
        """The largest eigenvalue; of ``S H S`` for a diagonal S. None where it is not finite."""
        vector = self.top(scale, seed).vector
        # A difference over half the way errs by a quarter as much, so what lies between the two covers what is wrong
        # with the shorter, be it the bending of the gradient, as of layers that normalise, or rounding.
        with np.errstate(all="ignore"):
            whole, image = (scale * self.product(scale * vector, finer) for finer in (1.0, 2.0))
            value = float(vector @ image)
            error = float(np.linalg.norm(image - value * vector) + np.linalg.norm(whole - image))
        return Sharpness(value, error, self.method, self.count, self.share) if math.isfinite(value + error) else None

    def top(self, scale: Array | float = 1.0, seed: int = 0) -> Top:
        """The same with its direction."""
        with np.errstate(all="ignore"):
            return largest(lambda v: scale * self.product(scale * v), self.vectors.size, seed=seed)

    def product(self, direction: Array, finer: float = 1.0) -> Array:
        """The second derivative times a direction, by steps so many times shorter than usual."""
        if not direction.any():
            return direction
        if self.smooth:
            return hessian_product(self._gradient, self.here, direction, finer * max(self.reach, 1.0))
        return gauss_newton_product(
            self._readings, self._slopes, self._pull, self.here, direction, finer * max(self.reach, 1.0)
        )

    def _at(self, weights: Array) -> Engine:
        return self.engine.at(self.vectors.weights(weights))

    def _gradient(self, weights: Array) -> Array:
        found, _, _ = loss_gradient(self._at(weights), self.heads, self.rows)
        return self.vectors.vector(found.weights) / self.count

    def _readings(self, weights: Array) -> Array:
        return self.sums.read(self._at(weights).record(self.rows.features))

    def _slopes(self, read: Array) -> Array:
        return self.sums.slopes(read) / self.count

    def _pull(self, cotangent: Array) -> Array:
        return self.vectors.vector(self.engine.pull(self.tape, self.sums.cotangents(cotangent)).weights)


def is_smooth(network: Network) -> bool:
    """Whether the gradient of the network is continuous in its weights, as far as that is known."""
    for layer in network.layers:
        activation = activation_of(layer)
        if activation is None or activation.kinks or activation.name in BENT or layer.kind in CORNERED:
            return False
    return True


def _rows(sample: RowSample, size: int) -> views.Rows:
    most = int(np.clip(WORK / (THERE_AND_BACK * MOST_PRODUCTS * max(size, 1)), FEWEST_ROWS, MOST_ROWS))
    weights = None if sample.weights is None else sample.weights[:most]
    numbers = sample.tickets[:most].astype(np.float64)
    return views.Rows(sample.features[:most], sample.targets[:most], numbers, weights)


def _reach(network: Network, tape: Tape) -> float:
    """The size of what enters learned layers, root mean square, of the largest."""
    entering = [flat(tape.inputs[place][0]) for place, node in enumerate(network.nodes) if is_learned(node.layer)]
    sizes = [float(np.sqrt(np.square(values).mean())) for values in entering if values.size]
    return max([size for size in sizes if math.isfinite(size)], default=1.0)
