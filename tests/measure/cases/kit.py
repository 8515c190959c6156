"""What every maker works with: chance, problems to learn, bodies, heads and honest training, in Keras 3 or 2."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Table: TypeAlias = npt.NDArray[Any]
Model: TypeAlias = Any
"""A Keras model, layer, optimizer or module: Keras ships no types, and two versions of it are at work here."""
Parts: TypeAlias = Any
"""A table, or a list of tables where a model has several inputs or outputs."""
T = TypeVar("T")

HARM = 0.1
"""A fault has cost something when a plain network avoids a tenth more of the best constant's mistakes."""

STEPS_AT_ONCE = 20
"""Updates Keras makes in one call of its graph: three times as fast for these small steps, the same numbers."""
RATES: Mapping[str, float] = {"Adam": 0.01, "Nadam": 0.005, "RMSprop": 0.003, "AdamW": 0.01, "SGD": 0.1}
"""Rates with which small networks on scaled inputs learn well."""


@dataclass(frozen=True)
class Case:
    """One model with its data, and what a report on it is held against.

    Attributes:
        model: compiled Keras model.
        x: features as the file will hold them; None for a model file alone.
        y: targets as the file will hold them, of shape (rows,) or (rows, columns).
        words: what was done to it.
        aliases: codes that would be an equally true first answer here, each with the reason.
        leads: whether the fault should head the report; else that it is mentioned is enough.
        apart: how many rows at the end go into a file of their own, for ``--validation``.
        names: what the features are called, in files that name them; empty for any names.
    """

    model: Model
    x: Table | None
    y: Table | None
    words: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    leads: bool = True
    apart: int = 0
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Problem:
    """Something to learn: standard inputs and targets.

    Attributes:
        x: features of mean 0 and spread 1, float32.
        y: (rows, outputs) floats; class numbers (rows,) where ``task`` is ``classes``; 0/1 else.
        task: ``regression``, ``binary``, ``classes`` or ``labels``.
        width: how many numbers the head answers.
    """

    x: Table
    y: Table
    task: str
    width: int


@dataclass(frozen=True)
class Head:
    """A last layer that fits its loss, and the targets as that loss takes them."""

    activation: str | None
    loss: Model
    y: Table
    metrics: Sequence[str] = ()


class Kit:
    """Chance and Keras in the hand of a maker.

    Args:
        keras: the module, of version 3 or 2.
        seed: of everything that is drawn.
    """

    def __init__(self, keras: Model, seed: int) -> None:
        """Seed NumPy, Python and TensorFlow alike."""
        self.keras = keras
        self.layers = keras.layers
        self.rng = np.random.default_rng(seed)
        keras.utils.set_random_seed(seed % (1 << 31))

    # chance

    def pick(self, *choices: T) -> T:
        """One of these."""
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        """True so often."""
        return bool(self.rng.uniform() < share)

    def real(self, low: float, high: float) -> float:
        """A number between, all orders of magnitude alike."""
        return float(np.exp(self.rng.uniform(math.log(low), math.log(high))))

    def whole(self, low: int, high: int) -> int:
        """A whole number between, both ends included, small ones as often as large ones."""
        return min(int(self.real(low, high + 1)), high)

    # problems

    def inputs(self, rows: int, features: int) -> Table:
        """Standard inputs: normal or uniform, some of them correlated."""
        x = self.rng.normal(size=(rows, features))
        if self.chance(0.3):
            x = self.rng.uniform(-1.7, 1.7, (rows, features))
        if features > 2 and self.chance(0.5):
            x[:, -1] = 0.6 * x[:, 0] + 0.8 * x[:, -1]
        return standard(x).astype(np.float32)

    def teacher(self, x: Table, outputs: int, bend: float) -> Table:
        """Smooth functions of a few features, each of mean 0 and spread 1; ``bend`` is the share no line follows."""
        features = x.shape[1]
        columns = []
        for _ in range(outputs):
            weights = self.rng.normal(size=features) * (self.rng.permutation(features) < 5)
            line = x @ weights
            one, two = x[:, self.rng.integers(features)], x[:, self.rng.integers(features)]
            curve = np.sin(self.rng.uniform(1.5, 2.2) * one + self.rng.uniform(0, 3)) + 0.7 * np.square(two)
            curve += (0.7 * one * two) if features > 1 else 0.0
            curve = standard(curve[:, None])[:, 0]
            if features == 1:
                line = one * self.pick(-1.0, 1.0)
            columns.append(math.sqrt(1 - bend) * standard(line[:, None])[:, 0] + math.sqrt(bend) * curve)
        return standard(np.column_stack(columns))

    def regression(
        self,
        *,
        rows: int | None = None,
        features: int | None = None,
        outputs: int = 1,
        bend: float = 0.6,
        noise: float | None = None,
    ) -> Problem:
        """Targets of mean 0 and spread 1 with a curved part and a little noise."""
        x = self.inputs(rows or self.whole(200, 3000), features or self.whole(1, 30))
        noise = self.real(0.02, 0.3) if noise is None else noise
        y = self.teacher(x, outputs, bend) + noise * self.rng.normal(size=(len(x), outputs))
        return Problem(x, standard(y).astype(np.float32), "regression", outputs)

    def binary(
        self, *, rows: int | None = None, features: int | None = None, bend: float = 0.5, flips: float = 0.03
    ) -> Problem:
        """Two classes with a curved border, a few labels wrong."""
        x = self.inputs(rows or self.whole(200, 3000), features or self.whole(2, 30))
        y = self.teacher(x, 1, bend)[:, 0] > self.rng.uniform(-0.4, 0.4)
        y ^= self.rng.uniform(size=len(x)) < flips
        return Problem(x, y.astype(np.float32)[:, None], "binary", 1)

    def classes(
        self, *, rows: int | None = None, features: int | None = None, count: int | None = None, blur: float = 0.15
    ) -> Problem:
        """Three to ten classes, every one present."""
        count = count or self.whole(3, 10)
        x = self.inputs(rows or self.whole(300, 3000), features or self.whole(2, 30))
        scores = self.teacher(x, count, 0.3) + blur * self.rng.gumbel(size=(len(x), count))
        y = scores.argmax(axis=1)
        y[:count] = np.arange(count)
        return Problem(x, y, "classes", count)

    def multilabel(self, *, rows: int | None = None, features: int | None = None) -> Problem:
        """Several yes-or-no labels a row, any number of them true."""
        width = self.whole(2, 6)
        x = self.inputs(rows or self.whole(300, 3000), features or self.whole(2, 30))
        scores = self.teacher(x, width, 0.3) + 0.05 * self.rng.normal(size=(len(x), width))
        return Problem(x, (scores > self.rng.uniform(-0.5, 0.5, width)).astype(np.float32), "labels", width)

    def problem(self, *tasks: str, **sizes: int | None) -> Problem:
        """A problem of one of these kinds."""
        makers = {
            "regression": self.regression,
            "binary": self.binary,
            "classes": self.classes,
            "labels": self.multilabel,
        }
        maker: Any = makers[self.pick(*(tasks or tuple(makers)))]
        problem: Problem = maker(**sizes)
        return problem

    # networks

    def head(self, problem: Problem) -> Head:
        """The last activation, loss, targets and metrics that belong together."""
        if problem.task == "regression":
            losses = ("mse", "mse", "mae", "huber" if self.is_3 else "mae", "mean_squared_error")
            return Head(None, self.pick(*losses), problem.y, self.pick((), ("mae",)))
        if problem.task == "binary":
            if self.chance(0.25):
                return Head(None, self.keras.losses.BinaryCrossentropy(from_logits=True), problem.y)
            return Head("sigmoid", "binary_crossentropy", problem.y, self.pick((), ("accuracy",)))
        if problem.task == "labels":
            return Head("sigmoid", "binary_crossentropy", problem.y, self.pick((), ("binary_accuracy",)))
        metrics = self.pick((), ("accuracy",))
        if self.chance(0.4):
            return Head("softmax", "categorical_crossentropy", one_hot(problem.y, problem.width), metrics)
        if self.chance(0.3):
            return Head(None, self.keras.losses.SparseCategoricalCrossentropy(from_logits=True), problem.y, metrics)
        return Head("softmax", "sparse_categorical_crossentropy", problem.y, metrics)

    @property
    def is_3(self) -> bool:
        """Whether this is Keras 3."""
        return str(self.keras.__version__).startswith("3")

    def activation(self) -> str:
        """A hidden activation that trains well."""
        return self.pick("relu", "relu", "relu", "tanh", "elu", "swish", "gelu", "selu")

    def hidden(
        self,
        *,
        depth: int | None = None,
        width: int | None = None,
        activation: str | None = None,
        narrowest: int = 8,
        extras: bool = True,
    ) -> list[Model]:
        """Healthy hidden layers, written in one of the ways people write them."""
        depth, width = depth or self.whole(1, 4), width or self.whole(max(narrowest, 4), 128)
        activation = activation or self.activation()
        apart, norm, drop = self.chance(0.25), extras and self.chance(0.15), extras and self.chance(0.15)
        layers: list[Model] = []
        for _ in range(depth):
            layers.append(self.layers.Dense(width, activation=None if apart or norm else activation))
            if norm:
                layers.append(self.layers.BatchNormalization(momentum=0.9))
            if apart or norm:
                layers.append(self.layers.Activation(activation))
            if drop and width >= 32:
                layers.append(self.layers.Dropout(self.rng.uniform(0.05, 0.2)))
            if self.chance(0.5):
                width = max(narrowest, width // 2)
        return layers

    def dense(self, units: int, activation: str | None = None, **options: Model) -> Model:
        """A dense layer."""
        return self.layers.Dense(units, activation=activation, **options)

    def stack(self, features: int, *layers: Model) -> Model:
        """One layer after the other, as a Sequential or drawn call by call."""
        if self.chance(0.6):
            return self.keras.Sequential([self.keras.Input((features,)), *layers])
        here = entry = self.keras.Input((features,))
        for layer in layers:
            here = layer(here)
        return self.keras.Model(entry, here)

    def optimizer(self, name: str | None = None, rate: float | None = None, **options: Model) -> Model:
        """An optimizer, by default one that suits scaled problems."""
        name = name or self.pick("Adam", "Adam", "Adam", "Adam", "Nadam", "RMSprop", "AdamW", "SGD")
        if name == "SGD" and rate is None:
            options = {"momentum": 0.9, **options}
            rate = 0.02
        return getattr(self.keras.optimizers, name)(learning_rate=rate or RATES[name], **options)

    def compile(self, model: Model, loss: Model, optimizer: Model = None, metrics: Sequence[str] = ()) -> Model:
        """Compile, ready to train fast."""
        optimizer = self.optimizer() if optimizer is None else optimizer
        model.compile(optimizer, loss, metrics=list(metrics) or None, steps_per_execution=STEPS_AT_ONCE)
        return model

    # training

    def rate(self, model: Model) -> float:
        """The rate the model trains with."""
        return (
            float(self.keras.backend.get_value(model.optimizer.learning_rate))
            if not self.is_3
            else float(self.keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        )

    def fit(self, model: Model, x: Parts, y: Parts, updates: int, batch: int = 32) -> Model:
        """So many updates at the rate the model has: one long epoch over rows shuffled beforehand."""
        inputs = x if isinstance(x, list) else [x]
        rows = len(inputs[0])
        batch = min(batch, rows)
        order = np.concatenate([self.rng.permutation(rows) for _ in range(-(-updates * batch // rows))])
        order = order[: updates * batch]
        if updates % STEPS_AT_ONCE and updates > STEPS_AT_ONCE:
            order = order[: updates // STEPS_AT_ONCE * STEPS_AT_ONCE * batch]
        parts = [part[order] for part in inputs]
        targets = [part[order] for part in y] if isinstance(y, list) else y[order]
        model.fit(
            parts if isinstance(x, list) else parts[0], targets, batch_size=batch, epochs=1, shuffle=False, verbose=0
        )
        return model

    def fit_well(self, model: Model, x: Parts, y: Parts, updates: int = 1000, batch: int = 64) -> Model:
        """Train to a good end: the rate is cut twice, as ReduceLROnPlateau would."""
        rate = self.rate(model)
        for cut, share in ((1.0, 0.6), (0.3, 0.25), (0.1, 0.15)):
            model.optimizer.learning_rate = rate * cut
            self.fit(model, x, y, int(updates * share), batch)
        return model

    def trained(self, model: Model, x: Parts, y: Parts, *states: str, updates: int = 800, batch: int = 32) -> str:
        """Leave the model in one of these states: ``untrained``, ``half`` or ``trained``; answers which."""
        state = self.pick(*(states or ("untrained", "half", "trained")))
        if state == "untrained":
            if self.chance(0.5):
                model.optimizer.build(model.trainable_variables)
        else:
            self.fit(model, x, y, updates // 6 if state == "half" else updates, batch)
        return state

    def good(self, problem: Problem, *, updates: int = 1000, **body: Model) -> tuple[Model, Table]:
        """A healthy model that has learned the problem, and the targets as its loss takes them."""
        head = self.head(problem)
        body = {"narrowest": 24, "width": self.whole(24, 96), "depth": self.whole(1, 3), **body}
        model = self.stack(problem.x.shape[1], *self.hidden(**body), self.dense(problem.width, head.activation))
        self.compile(model, head.loss, metrics=head.metrics)
        return self.fit_well(model, problem.x, head.y, updates), head.y

    def skill(self, model: Model, x: Parts, y: Table, task: str) -> float:
        """What share of the best constant's mistakes the model avoids: squared errors, or wrong classes."""
        answers = np.asarray(model.predict(x, batch_size=4096, verbose=0), dtype=np.float64)
        if not np.isfinite(answers).all():
            return -1.0
        if task == "regression":
            return float(1 - np.square(answers - y).sum() / np.square(y - y.mean(axis=0)).sum())
        if task == "classes":
            true = y if y.ndim == 1 else y.argmax(axis=1)
            wrong, base = (answers.argmax(axis=1) != true).mean(), 1 - np.bincount(true).max() / len(true)
        else:
            cut = 0.5 if answers.min() >= 0 and answers.max() <= 1 else 0.0
            wrong = ((answers > cut) != (y > 0.5)).mean()
            base = np.minimum(y.mean(axis=0), 1 - y.mean(axis=0)).mean()
        return float(1 - wrong / base)

    def costs(self, case: Case, problem: Problem, shown: Parts = None) -> Case:
        """The case; it need not head the report where a plain network that learns the same does hardly better.

        Some faults can be harmless: a frozen layer wide enough, a hidden softmax that was trained for long. To call
        them the cause of a stuck loss would be wrong, so that they only have to be mentioned.
        """
        x = problem.x if shown is None else shown
        plain = self.keras.Sequential([self.keras.Input((problem.x.shape[1],))])
        for _ in range(2):
            plain.add(self.dense(48, "relu"))
        end, loss = {
            "regression": (None, "mse"),
            "binary": ("sigmoid", "binary_crossentropy"),
            "labels": ("sigmoid", "binary_crossentropy"),
            "classes": ("softmax", "sparse_categorical_crossentropy"),
        }[problem.task]
        plain.add(self.dense(problem.width, end))
        self.compile(plain, loss, self.optimizer("Adam", 0.005))
        self.fit_well(plain, problem.x, problem.y, 800)
        possible = self.skill(plain, problem.x, problem.y, problem.task)
        reached = self.skill(case.model, x, problem.y, problem.task)
        words = f"{case.words}; skill {reached:.2f} of {possible:.2f}"
        return replace(case, words=words, leads=case.leads and possible - reached > HARM)

    def raw(self, x: Table) -> Table:
        """Columns as they come out of a table of houses, people or machines: positive, each with its own unit."""
        features = x.shape[1]
        scales = np.array([self.real(3, 30000) for _ in range(features)])
        scales[self.rng.integers(features)] = self.real(100, 30000)
        centres = scales * self.rng.uniform(2, 6, features)
        return np.asarray(x * scales + centres)


def standard(x: Table) -> Table:
    """Mean 0 and spread 1 in every column."""
    spread = x.std(axis=0)
    return np.asarray((x - x.mean(axis=0)) / np.where(spread > 0, spread, 1))


def one_hot(y: Table, width: int) -> Table:
    """Class numbers as rows of 0 and 1."""
    return np.asarray(np.eye(width, dtype=np.float32)[np.asarray(y, dtype=int).ravel()])
