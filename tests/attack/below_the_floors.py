"""Small networks with a proved floor, and hard training that tries to get below it.

Each case is drawn from a seed: a kind of floor, a network, rows, a loss. Training is by L-BFGS from many starts, and by
Adam before it from every other one, in float64, on the gradients of this repository, which other tests of it hold to
those of TensorFlow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from hand_built import Draft, drawn, examined
from scipy.optimize import minimize

from mlpdoctor.analysis.curvature import Vectors
from mlpdoctor.core import threads
from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.network import Array, Network
from mlpdoctor.engine.gradient import loss_gradient
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.facts.ladder.data_floors import ConflictFloor
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.ladder.model_loss import Objective, Perfection
from mlpdoctor.statistics.views import Rows

STARTS = 5
REACHED = 1e-6
CURVED = ("tanh", "sigmoid", "softplus", "elu", "gelu")
KINKED = ("relu", "leaky_relu")
TIGHT = 1e-3
Drawn = tuple[Network, Array, Array]


@dataclass(frozen=True)
class Attack:
    """One floor and the lowest loss that training got to, both counted from perfect answers in units of the constant's.

    Attributes:
        kind: of floor.
        floor: the highest proved bound.
        reached: the lowest loss.
        reason: what proves it.
    """

    kind: str
    floor: float
    reached: float
    reason: str

    @property
    def tight(self) -> bool:
        """Whether training came within a thousandth: then the attack means something."""
        return self.reached - self.floor <= TIGHT


def collapse(rng: np.random.Generator) -> Drawn:
    """Affine layers, deep or with towers or normalisation, with or without biases, under every kind of loss."""
    loss = str(
        rng.choice(["mse", "mae", "huber", "binary_crossentropy", "sparse_categorical_crossentropy", "log_cosh"])
    )
    features, bias = int(rng.integers(1, 4)), bool(rng.integers(4))
    units, last = {"binary_crossentropy": (1, "sigmoid"), "sparse_categorical_crossentropy": (3, "softmax")}.get(
        loss, (int(rng.integers(1, 3)), None)
    )
    draft = Draft(features)
    here = draft.dense(0, int(rng.integers(2, 5)), bias=bias)
    if rng.integers(3) == 0 and bias:
        here = draft.call("BatchNormalization", here)
    if rng.integers(3) == 0:
        here = draft.call("Concatenate", here, draft.dense(0, 2, bias=bias))
    x = rng.normal(size=(30, features)) + bool(rng.integers(2))
    if loss == "sparse_categorical_crossentropy":
        y = rng.integers(units, size=(30, 1)).astype(np.float64)
    elif loss == "binary_crossentropy":
        y = (x[:, :1] + rng.normal(size=(30, 1)) > 0).astype(np.float64)
    else:
        y = np.square(x[:, :1]) + rng.normal(size=(30, units))
    return draft.network(draft.dense(here, units, last, bias=bias), loss=loss), x, y


def rank(rng: np.random.Generator) -> Drawn:
    """More outputs than the numbers they are made of, behind curved units or none."""
    draft = Draft(3)
    front = draft.dense(0, 12, "tanh") if rng.integers(2) else 0
    through = draft.dense(front, int(rng.integers(1, 3)))
    return draft.network(draft.dense(through, 4)), rng.normal(size=(12, 3)), rng.normal(size=(12, 4))


def span(rng: np.random.Generator) -> Drawn:
    """Outputs with bounds, targets beyond them; a PReLU has none, for its slope is trained."""
    last = str(rng.choice(["tanh", "sigmoid", "relu", "selu", "elu", "softplus", "relu6", "hard_sigmoid", "PReLU"]))
    draft = Draft(2)
    here = draft.dense(0, 12, str(rng.choice(CURVED)))
    out = draft.call("PReLU", draft.dense(here, 1)) if last == "PReLU" else draft.dense(here, 1, last)
    x = rng.normal(size=(5, 2))
    y = rng.choice([3.0, 8.0]) * rng.normal(size=(5, 1))
    return draft.network(out, loss=str(rng.choice(["mse", "huber"]))), x, y


def kinks(rng: np.random.Generator) -> Drawn:
    """A line with one or two kinks among targets with more."""
    draft = Draft(1)
    hidden = draft.dense(0, int(rng.integers(1, 3)), str(rng.choice(KINKED)))
    x = np.sort(rng.uniform(-2, 2, size=(24, 1)), axis=0)
    y = np.where(x > rng.uniform(-1, 1), 2 * x, -x) if rng.integers(2) else np.sin(4 * x)
    return draft.network(draft.dense(hidden, 1)), x, y + 0.1 * rng.normal(size=x.shape)


def constant(rng: np.random.Generator) -> Drawn:
    """A softmax over one unit, or features that never vary."""
    draft = Draft(2)
    here = draft.dense(0, 6, str(rng.choice((*CURVED, *KINKED))))
    loss = str(rng.choice(["mse", "mae"]))
    if rng.integers(2):
        return (
            draft.network(draft.dense(here, 1, "softmax"), loss=loss),
            rng.normal(size=(20, 2)),
            rng.normal(size=(20, 1)),
        )
    return draft.network(draft.dense(here, 1), loss="mse"), np.ones((20, 2)), rng.normal(size=(20, 1))


def conflicts(rng: np.random.Generator) -> Drawn:
    """A few inputs, each with several targets."""
    loss = str(rng.choice(["mse", "huber", "sparse_categorical_crossentropy", "binary_crossentropy"]))
    draft = Draft(2)
    here = draft.dense(0, 12, str(rng.choice(CURVED)))
    if rng.integers(2):
        here = draft.dense(draft.call("LayerNormalization", here), 10, "tanh")
    x = rng.normal(size=(5, 2))[rng.integers(5, size=30)]
    if loss == "sparse_categorical_crossentropy":
        return draft.network(draft.dense(here, 3, "softmax"), loss=loss), x, rng.integers(3, size=(30, 1)).astype(float)
    if loss == "binary_crossentropy":
        return draft.network(draft.dense(here, 1, "sigmoid"), loss=loss), x, rng.integers(2, size=(30, 1)).astype(float)
    return draft.network(draft.dense(here, 1), loss=loss), x, rng.normal(size=(30, 1))


def soft_labels(rng: np.random.Generator) -> Drawn:
    """Distributions and probabilities as targets, whose entropy remains."""
    draft = Draft(2)
    here = draft.dense(0, 16, str(rng.choice(CURVED)))
    x = rng.normal(size=(6, 2))
    if rng.integers(2):
        y = rng.dirichlet(np.ones(3), size=6)
        return draft.network(draft.dense(here, 3, "softmax"), loss="categorical_crossentropy"), x, y
    return draft.network(draft.dense(here, 1, "sigmoid"), loss="binary_crossentropy"), x, rng.uniform(size=(6, 1))


def two_outputs(rng: np.random.Generator) -> Drawn:
    """An affine output beside a curved one, by loss weights."""
    draft = Draft(2)
    straight, curved = draft.dense(draft.dense(0, 3), 1), draft.dense(draft.dense(0, 14, "tanh"), 1)
    weights = (1.0, float(rng.choice([0.1, 1.0, 5.0])))
    return draft.network(straight, curved, weights=weights), rng.normal(size=(10, 2)), rng.normal(size=(10, 2))


def embedding(rng: np.random.Generator) -> Drawn:
    """Ids with several targets each."""
    draft = Draft(1)
    found = draft.call("Flatten", draft.call("Embedding", 0, input_dim=5, output_dim=3))
    here = draft.dense(found, 6, "tanh") if rng.integers(2) else found
    x = rng.integers(5, size=(30, 1)).astype(np.float64)
    return draft.network(draft.dense(here, 1)), x, rng.normal(size=(30, 1)) + x


KINDS: dict[str, Callable[[np.random.Generator], Drawn]] = {
    "collapse": collapse,
    "rank": rank,
    "range": span,
    "kinks": kinks,
    "constant heads": constant,
    "conflicts": conflicts,
    "soft labels": soft_labels,
    "two outputs": two_outputs,
    "embedding": embedding,
}


def attacked(kind: str, seed: int) -> Attack | None:
    """The floor of one drawn case, and how low training gets; None where nothing is proved of it."""
    network, x, y = KINDS[kind](np.random.default_rng([sorted(KINDS).index(kind), seed]))
    known = examined(network, x, y)
    bound, data, objective = known.get(ArchitectureFloor), known.get(ConflictFloor), known.get(Objective)
    proved = isinstance(bound, ArchitectureFloor) and bound.certainty is Certainty.PROVED
    floor = max(data.total, bound.total) if proved else data.total
    base, flat = known.get(Perfection).total, known.get(ConstantFloor)
    scale = objective.total(tuple(fit.value for fit in flat.fits)) - base
    if scale <= 0 or (not proved and kind == "range"):
        return None
    rows = Rows(x, y, np.arange(len(x), dtype=np.float64), None)
    enough = floor + REACHED * scale
    with threads.one():
        reached = min(lowest(network, objective, rows, seed, enough))
    return Attack(kind, (floor - base) / scale, (reached - base) / scale, bound.reason if proved else "the data")


def lowest(network: Network, objective: Objective, rows: Rows, seed: int, enough: float) -> Iterator[float]:
    """The least mean loss on the way from each start, until one ends at the floor."""
    for start in range(STARTS):
        engine = NumpyEngine(drawn(network, 1000 * seed + start, (0.3, 1.0, 3.0)[start % 3]))
        vectors = Vectors(engine.weights)
        best = [np.inf]

        def loss(
            weights: Array, engine: NumpyEngine = engine, vectors: Vectors = vectors, best: list[float] = best
        ) -> tuple[float, Array]:
            found, _, _ = loss_gradient(engine.at(vectors.weights(weights)), objective.heads, rows)
            mean = found.loss / len(rows.features)
            if np.isfinite(mean):
                best[0] = min(best[0], mean)
            return mean, vectors.vector(found.weights) / len(rows.features)

        here = vectors.vector(engine.weights)
        if start % 2:
            here = by_adam(loss, here)
        with np.errstate(all="ignore"):
            minimize(loss, here, jac=True, method="L-BFGS-B", options={"maxiter": 250, "ftol": 1e-14, "gtol": 1e-10})
        yield best[0]
        if best[0] <= enough:
            return


def by_adam(loss: Callable[[Array], tuple[float, Array]], weights: Array, updates: int = 150) -> Array:
    """Adam on all rows, at a rate that falls."""
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for k in range(1, updates + 1):
        _, slope = loss(weights)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        step = mean / (1 - 0.9**k) / (np.sqrt(square / (1 - 0.999**k)) + 1e-8)
        weights = weights - 0.05 * (1 - k / (updates + 1)) * step
    return weights
