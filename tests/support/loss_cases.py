"""Every loss with options, its counterpart in Keras, and targets and answers drawn for it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from hand_built import drawn, sequential

from mlpdoctor.core.network import Array, Config, LossConfig, Network
from mlpdoctor.nn.losses.convex import ConvexLoss
from mlpdoctor.nn.losses.loss import Loss
from mlpdoctor.nn.losses.registry import build

UNITS = 3
HEADS = {"logit": "sigmoid", "log": "exponential", "identity": None}
Draw = Callable[[np.random.Generator, int, int], Array]


def normal(rng: np.random.Generator, rows: int, units: int) -> Array:
    return rng.normal(0.3, 2.0, (rows, units))


def labels(rng: np.random.Generator, rows: int, units: int) -> Array:
    return rng.integers(0, 2, (rows, units)).astype(float)


def soft_labels(rng: np.random.Generator, rows: int, units: int) -> Array:
    return np.where(rng.random((rows, units)) < 0.5, rng.random((rows, units)), labels(rng, rows, units))


def signs(rng: np.random.Generator, rows: int, units: int) -> Array:
    return 2 * labels(rng, rows, units) - 1


def counts(rng: np.random.Generator, rows: int, units: int) -> Array:
    return rng.poisson(2.0, (rows, units)).astype(float)


def class_numbers(rng: np.random.Generator, rows: int, units: int) -> Array:
    return rng.integers(0, units, (rows, 1)).astype(float)


def one_hot(rng: np.random.Generator, rows: int, units: int) -> Array:
    return np.eye(units)[rng.integers(0, units, rows)]


def distributions(rng: np.random.Generator, rows: int, units: int) -> Array:
    return rng.dirichlet(np.full(units, 0.7), rows)


def parts(rng: np.random.Generator, rows: int, units: int) -> Array:
    """Rows of numbers from 0 up that need not add up to one."""
    return rng.random((rows, units)) * rng.integers(0, 2, (rows, units))


def unit(rng: np.random.Generator, rows: int, units: int) -> Array:
    p = rng.random((rows, units))
    p[0], p[1] = 0.0, 1.0
    return p


def positive(rng: np.random.Generator, rows: int, units: int) -> Array:
    return rng.gamma(2.0, 1.0, (rows, units)) + 0.01


@dataclass(frozen=True)
class Case:
    name: str
    targets: Draw
    outputs: Draw
    options: Config = field(default_factory=dict)
    note: str = ""

    @property
    def loss(self) -> Loss:
        loss = build(LossConfig(self.name, self.options))
        assert loss is not None
        return loss

    @property
    def convex(self) -> ConvexLoss:
        loss = self.loss
        assert isinstance(loss, ConvexLoss)
        return loss

    def __str__(self) -> str:
        options = ",".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.name}({options}){self.note}"

    def encoded(self, rng: np.random.Generator, rows: int, units: int) -> Array:
        return self.loss.encode(self.targets(rng, rows, units), units)


CASES = (
    Case("MeanSquaredError", normal, normal),
    Case("MeanAbsoluteError", normal, normal),
    Case("MeanAbsolutePercentageError", normal, normal),
    Case("MeanSquaredLogarithmicError", counts, normal),
    Case("CosineSimilarity", normal, normal),
    Case("Huber", normal, normal),
    Case("Huber", normal, normal, {"delta": 0.3}),
    Case("LogCosh", normal, normal),
    Case("Hinge", signs, normal),
    Case("Hinge", labels, normal, note="01"),
    Case("SquaredHinge", signs, normal),
    Case("SquaredHinge", labels, normal, note="01"),
    Case("CategoricalHinge", one_hot, normal),
    Case("KLDivergence", distributions, distributions),
    Case("KLDivergence", one_hot, distributions, note="one-hot"),
    Case("Poisson", counts, positive),
    Case("BinaryCrossentropy", labels, unit),
    Case("BinaryCrossentropy", soft_labels, unit, {"label_smoothing": 0.1}),
    Case("BinaryCrossentropy", soft_labels, normal, {"from_logits": True}),
    Case("BinaryFocalCrossentropy", labels, unit),
    Case("BinaryFocalCrossentropy", soft_labels, unit, {"gamma": 1.0, "apply_class_balancing": True, "alpha": 0.7}),
    Case("BinaryFocalCrossentropy", labels, normal, {"gamma": 3.5, "from_logits": True, "label_smoothing": 0.2}),
    Case("BinaryFocalCrossentropy", soft_labels, normal, {"gamma": 0.5, "from_logits": True}),
    Case("BinaryFocalCrossentropy", labels, normal, {"gamma": 0.0, "from_logits": True}),
    Case("CategoricalCrossentropy", one_hot, distributions),
    Case("CategoricalCrossentropy", parts, positive, note="unnormalised"),
    Case("CategoricalCrossentropy", one_hot, normal, {"from_logits": True, "label_smoothing": 0.1}),
    Case("CategoricalCrossentropy", parts, normal, {"from_logits": True}, "unnormalised"),
    Case("SparseCategoricalCrossentropy", class_numbers, distributions),
    Case("SparseCategoricalCrossentropy", class_numbers, unit, note="unnormalised"),
    Case("SparseCategoricalCrossentropy", class_numbers, normal, {"from_logits": True}),
    Case("CategoricalFocalCrossentropy", one_hot, distributions),
    Case("CategoricalFocalCrossentropy", distributions, positive, {"gamma": 1.0, "alpha": [0.1, 0.5, 1.0]}),
    Case("CategoricalFocalCrossentropy", one_hot, normal, {"from_logits": True, "label_smoothing": 0.3, "gamma": 0.5}),
    Case("CategoricalFocalCrossentropy", one_hot, normal, {"from_logits": True, "gamma": 0.0, "alpha": 1.0}),
)
CONVEX = tuple(case for case in CASES if isinstance(case.loss, ConvexLoss))


def head_of(case: Case) -> str | None:
    """The last activation that goes with a loss."""
    loss = case.loss
    if case.options.get("from_logits"):
        return None
    if isinstance(loss, ConvexLoss):
        return "softmax" if loss.joint and loss.link == "logit" else HEADS[loss.link]
    return {"BinaryFocalCrossentropy": "sigmoid", "CategoricalFocalCrossentropy": "softmax"}.get(case.name)


def network_for(case: Case, features: int, hidden: tuple[tuple[int, str | None], ...], seed: int) -> Network:
    """A network with random weights whose output suits a loss."""
    made = drawn(sequential(features, *hidden, (UNITS, head_of(case))), seed)
    return replace(made, losses=(LossConfig(case.name, case.options),))


def table(case: Case, seed: int, rows: int, features: int, kind: str) -> tuple[Array, Array]:
    """Features of some kind and targets that a loss takes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, features))
    if kind == "repeated":
        X = rng.integers(0, 2, size=(rows, features)).astype(float)
    if kind == "far":
        X = 1e-3 * X + 1e3
    if kind == "collinear":
        X = np.repeat(X[:, :1], features, axis=1)
    Y = case.targets(rng, rows, UNITS)
    if kind == "one":
        Y = np.repeat(Y[:1], rows, axis=0)
    return X, Y
