"""Every cell of the table is tried: can Keras's own loss be brought down through the activation, from anywhere?

For a few mixtures of labels the mean loss is worked out by Keras on a grid of pre-activations, with its gradient. A
right cell gets as low as the textbook activation for that loss, from everywhere; a broken one stays above, falls below
any meaning, meets something that is not a number, or has no gradient on a large part of the grid.
"""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from output_heads import output_head

from mlpdoctor.core.network import Array, Config, LossConfig
from mlpdoctor.facts.outputs.fit import Harm, fit
from mlpdoctor.nn.expectation import Expectation, OutputRange, expectation_of, range_of
from mlpdoctor.nn.layers.activations import named_activations
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.nn.output_head import OutputHead

ACTIVATIONS = {
    name: one for name, one in named_activations().items() if name not in ("glu", "swish", "hard_swish", "softmax_v2")
}
"""All that Keras has, but for second names and for glu, which changes the number of units."""
MIXTURES = ((0.998, 0.001, 0.001), (0.1, 0.2, 0.7), (1 / 3, 1 / 3, 1 / 3))
TEXTBOOK = {
    Expectation.PROBABILITY: "sigmoid",
    Expectation.LOGIT: "linear",
    Expectation.CLASSES: "softmax",
    Expectation.CLASS_LOGITS: "linear",
    Expectation.DISTRIBUTION: "softmax",
    Expectation.RATE: "exponential",
    Expectation.MARGIN: "linear",
    Expectation.CLASS_SCORES: "linear",
}
SLACK = 0.15
"""Share of the loss at the start, where all pre-activations are 0, that the coarseness of the grid costs at most."""
OF_CLASSES = (Expectation.CLASSES, Expectation.CLASS_LOGITS, Expectation.DISTRIBUTION, Expectation.CLASS_SCORES)
STUCK = 0.1
"""Share of the grid without gradient although the loss is high there."""


@dataclass(frozen=True)
class Case:
    name: str
    options: Config = field(default_factory=dict)
    repaired: bool = False
    """Whether the loss finds logits behind a final sigmoid or softmax."""

    @property
    def config(self) -> LossConfig:
        return LossConfig(self.name, self.options)

    def __str__(self) -> str:
        return f"{self.name}{'+logits' if self.options.get('from_logits') else ''}{'' if self.repaired else '-lost'}"


LOGITS = {"from_logits": True}
CASES = [
    *(Case(name, options, repaired)
      for name in ("BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy")
      for options in ({}, LOGITS) for repaired in (True, False)),
    Case("CategoricalFocalCrossentropy"), Case("CategoricalFocalCrossentropy", LOGITS),
    Case("KLDivergence"), Case("Poisson"), Case("Hinge"), Case("SquaredHinge"), Case("CategoricalHinge"),
]  # fmt: skip


def output(case: Case, activation: Activation, units: int) -> OutputHead:
    remembered = activation.name in ("sigmoid", "softmax")
    return output_head(case.config, activation.name, units, behind=case.repaired and remembered)


def labels(case: Case, expectation: Expectation, units: int) -> list[Array]:
    """The targets of the classes, one for each share of a mixture."""
    if expectation is Expectation.RATE:
        return [np.full((1, units), value) for value in (0.0, 1.0, 4.0)]
    if units == 1:
        low = -1.0 if expectation is Expectation.MARGIN else 0.0
        return [np.array([[value]]) for value in (1.0, low, low)]
    if case.name.startswith("Sparse"):
        return [np.array([[float(k)]]) for k in range(3)]
    return [
        np.eye(3)[[k]] * (2 if expectation is Expectation.MARGIN else 1) - (expectation is Expectation.MARGIN)
        for k in range(3)
    ]


def grid(units: int) -> Array:
    if units == 1:
        return np.linspace(-7, 7, 141)[:, None]
    half = np.array([0.0, 0.3, 0.7, 1.2, 1.8, 2.6, 3.6, 5.0, 7.0])
    axis = np.concatenate([-half[:0:-1], half])
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)


@dataclass(frozen=True)
class Trial:
    """What came of one cell.

    Attributes:
        least: the least mean loss for each mixture.
        stuck: the largest share of the grid that has no gradient although the loss is high.
        finite: whether all losses and gradients are numbers.
        names: whether the largest answer at the least loss is that of the likeliest class.
        start: the largest mean loss where all pre-activations are 0.
    """

    least: list[float]
    stuck: float
    finite: bool
    names: bool
    start: float


def tried(case: Case, name: str, expectation: Expectation, units: int) -> Trial:
    """Try one cell."""
    z = tf.Variable(grid(units).astype(np.float32))
    loss: Any = getattr(keras.losses, case.name)(**case.options, reduction="none")
    least, stuck, finite, names, start = [], 0.0, True, True, 0.0
    middle = int(np.flatnonzero((grid(units) == 0).all(axis=1))[0])
    with tf.GradientTape(persistent=True) as tape:
        means = []
        for mixture in MIXTURES:
            total: Any = 0.0
            for share, target in zip(mixture, labels(case, expectation, units), strict=True):
                answers = keras.activations.get(name)(z)
                answers = answers if case.repaired else tf.identity(answers)
                total = total + share * loss(np.repeat(target, z.shape[0], axis=0).astype(np.float32), answers)
            means.append(total)
    answered = keras.activations.get(name)(z).numpy()
    for mixture, mean in zip(MIXTURES, means, strict=True):
        slopes = np.abs(tape.gradient(mean, z).numpy())
        slope = slopes.max(axis=1) if expectation in OF_CLASSES else slopes.min(axis=1)
        values = mean.numpy()
        finite = finite and bool(np.isfinite(values).all() and np.isfinite(slope).all())
        good = values[np.isfinite(values)]
        least.append(float(good.min()) if len(good) else np.inf)
        start = max(start, float(values[middle]))
        stuck = max(stuck, float(((slope < 1e-9) & (values > least[-1] + SLACK)).mean()))
        if units > 1 and expectation in OF_CLASSES and len(set(mixture)) > 1 and len(good):
            names = names and int(answered[np.nanargmin(values)].argmax()) == int(np.argmax(mixture))
    return Trial(least, stuck, finite, names, start)


@pytest.mark.filterwarnings("ignore:.*from_logits=True:UserWarning")
@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.series
def test_every_cell_is_what_keras_makes_of_it(case: Case, units: int) -> None:
    expectation = expectation_of(case.config)
    assert expectation is not None
    if units == 1 and expectation in OF_CLASSES:
        pytest.skip("one unit has nothing to be compared with: a test of its own")
    textbook = tried(Case(case.name, case.options), TEXTBOOK[expectation], expectation, units)
    slack = SLACK * abs(textbook.start)
    wrong = []
    for name, activation in ACTIVATIONS.items():
        if units == 1 and range_of(activation) in (OutputRange.SHARES, OutputRange.LOG_SHARES):
            continue  # O201 speaks of the one, and the other is its logarithm: 0
        if case.repaired and name not in ("sigmoid", "softmax"):
            continue  # the same as where logits are lost
        misfit = fit(output(case, activation, units))
        trial = tried(case, name, expectation, units)
        off = max(abs(found - want) for found, want in zip(trial.least, textbook.least, strict=True))
        works = trial.finite and trial.names and trial.stuck < STUCK and off < slack
        if misfit is None and not works:
            wrong.append(f"{name} is called right: off {off:.2f} of {slack:.2f}, {trial}")
        if misfit is not None and misfit.harm is Harm.BROKEN and works:
            wrong.append(f"{name} is called broken, and works: off {off:.2f} of {slack:.2f}, {trial}")
    assert not wrong, "\n".join(wrong)


def test_all_of_keras_is_in_the_table() -> None:
    names = {
        name for name in dir(keras.activations) if name[0] != "_" and name not in ("deserialize", "get", "serialize")
    }
    assert names <= named_activations().keys() | {"threshold"}
    losses = {name for name in dir(keras.losses) if name[0].isupper()} - {"Loss", "Circle", "CTC"}
    assert {name for name in losses if expectation_of(LossConfig(name)) is None} == set()
