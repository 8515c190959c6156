"""Healthy models of every loss, really trained: no error and no warning, and a first sentence that fits."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, Model, Table, alarms, examined, stack, told, train
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 3))
LINEAR = X @ [1.0, -1.0, 0.5]
CURVE = np.sin(2 * X[:, 0]) + 0.5 * X[:, 1]
COUNTS = RNG.poisson(np.exp(0.5 * X[:, 0] + 0.3 * np.sin(2 * X[:, 1])))
COIN = RNG.random(500)
SOFT = np.exp(np.column_stack([CURVE, -CURVE, X[:, 2]]))
SOFT /= SOFT.sum(axis=1, keepdims=True)
CIRCLE = np.square(X[:, 0]) + np.square(X[:, 1]) < 1.2
LABELS = np.column_stack([CURVE > 0, X[:, 0] > 0, X[:, 2] + X[:, 1] > 0])


def standard(data: Any) -> tuple[Table, Table]:  # noqa: ANN401  a bunch of scikit-learn's
    """Features on unit scale, class numbers in a column."""
    features = (data.data - data.data.mean(axis=0)) / (data.data.std(axis=0) + 1e-9)
    return features, data.target


def digits() -> tuple[Table, Table]:
    data = load_digits()
    return data.data / 16, data.target


def logistic(scores: Table) -> Table:
    return np.asarray(1 / (1 + np.exp(-scores)))


def hidden(units: int = 32, activation: str = "relu") -> Model:
    return L.Dense(units, activation)


@dataclass(frozen=True)
class Healthy:
    """How to make a model, the loss, and what it is trained on."""

    layers: Callable[[], list[Model]]
    loss: Callable[[], Any] | str
    data: Callable[[], tuple[Table, Table]]
    epochs: int = 60
    rate: float = 0.01


def on(y: Table) -> Callable[[], tuple[Table, Table]]:
    """The synthetic features with these targets."""
    return lambda: (X, np.asarray(y))


def crossentropy(**options: Any) -> Callable[[], Any]:  # noqa: ANN401
    return lambda: keras.losses.SparseCategoricalCrossentropy(**options)


SPARSE = "sparse_categorical_crossentropy"
BINARY = "binary_crossentropy"
MODELS = {
    "iris": Healthy(lambda: [hidden(16), L.Dense(3, "softmax")], SPARSE, lambda: standard(load_iris()), 80),
    "wine with logits": Healthy(
        lambda: [hidden(16), L.Dense(3)], crossentropy(from_logits=True), lambda: standard(load_wine())
    ),
    "softmax regression": Healthy(lambda: [L.Dense(3, "softmax")], SPARSE, lambda: standard(load_wine())),
    "logistic regression": Healthy(
        lambda: [L.Dense(1, "sigmoid")], BINARY, lambda: standard(load_breast_cancer()), 100
    ),
    "breast cancer": Healthy(
        lambda: [hidden(16), L.Dense(1, "sigmoid")], BINARY, lambda: standard(load_breast_cancer()), 30
    ),
    "digits": Healthy(lambda: [hidden(), L.Dense(10, "softmax")], SPARSE, digits, 40),
    "smoothed labels": Healthy(
        lambda: [hidden(), L.Dense(10, "softmax")],
        lambda: keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        lambda: (digits()[0], np.eye(10)[digits()[1]]),
        40,
    ),
    "noisy logistic": Healthy(lambda: [L.Dense(1, "sigmoid")], BINARY, on(logistic(LINEAR) > COIN), 100, 0.05),
    "more than linear data need": Healthy(
        lambda: [hidden(8, "tanh"), L.Dense(1, "sigmoid")], BINARY, on(logistic(LINEAR) > COIN)
    ),
    "nothing to learn": Healthy(lambda: [hidden(8, "tanh"), L.Dense(1, "sigmoid")], BINARY, on(COIN < 0.5)),
    "flipped labels": Healthy(lambda: [hidden(), L.Dense(1, "sigmoid")], BINARY, on(CIRCLE ^ (COIN < 0.15))),
    "imbalanced": Healthy(lambda: [hidden(16), L.Dense(1, "sigmoid")], BINARY, on(LINEAR > 2.2), 80),
    "many labels": Healthy(lambda: [hidden(), L.Dense(3, "sigmoid")], BINARY, on(LABELS), 80),
    "focal": Healthy(lambda: [hidden(), L.Dense(1, "sigmoid")], "binary_focal_crossentropy", on(CURVE > 0), 80),
    "counts": Healthy(lambda: [hidden(16, "tanh"), L.Dense(1, "exponential")], "poisson", on(COUNTS)),
    "counts by softplus": Healthy(lambda: [hidden(16, "tanh"), L.Dense(1, "softplus")], "poisson", on(COUNTS)),
    "counts by squares": Healthy(
        lambda: [hidden(32, "tanh"), L.Dense(1, "relu", bias_initializer="ones")], "mse", on(COUNTS), 80
    ),
    "huber": Healthy(lambda: [hidden(), L.Dense(1)], "huber", on(CURVE + 0.1 * X[:, 2]), 100),
    "log-cosh": Healthy(lambda: [hidden(), L.Dense(1)], "log_cosh", on(CURVE + 0.2 * COIN), 100),
    "percentage": Healthy(lambda: [hidden(), L.Dense(1)], "mape", on(np.exp(CURVE) + 1), 150),
    "logarithms": Healthy(lambda: [hidden(), L.Dense(1, "softplus")], "msle", on(3 * np.exp(CURVE)), 150),
    "shares by squares": Healthy(
        lambda: [hidden(32, "tanh"), L.Dense(1, "sigmoid")], "mse", on(logistic(2 * CURVE)), 100
    ),
    "hinge": Healthy(lambda: [hidden(), L.Dense(1, "tanh")], "hinge", on(np.sign(CURVE)), 80),
    "squared hinge": Healthy(lambda: [hidden(), L.Dense(1)], "squared_hinge", on(np.sign(CURVE)), 80),
    "soft labels": Healthy(lambda: [hidden(32, "tanh"), L.Dense(3, "softmax")], "kl_divergence", on(SOFT), 120),
    "directions": Healthy(lambda: [hidden(32, "tanh"), L.Dense(3)], "cosine_similarity", on(SOFT - 0.3), 100),
}


UNLEARNABLE = "nothing to learn"
"""Of this one that very thing may be said: it answers why the loss does not move."""
FIT = ("Looks healthy. Loss ", "The loss is about as low as these data allow: ")
CLOSE = "The model is close to the best known."
"""Where soft labels keep most of the loss, that is said first."""


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.series
def test_a_healthy_model_is_left_in_peace(name: str, tmp_path: Path) -> None:
    healthy = MODELS[name]
    keras.utils.set_random_seed(1)
    x, y = healthy.data()
    y = np.asarray(y, dtype=np.float64).reshape(len(x), -1)
    model = stack(x.shape[1], *healthy.layers())
    model.compile("adam", healthy.loss if isinstance(healthy.loss, str) else healthy.loss())
    report = examined(tmp_path, train(model, x, y, healthy.epochs, rate=healthy.rate), x, y)
    assert [alarm for alarm in alarms(report) if name != UNLEARNABLE or "L507" not in alarm] == [], told(report)
    assert name == UNLEARNABLE or report.verdict.startswith(FIT) or CLOSE in report.verdict, told(report)
    assert report.ladder is not None, report.no_ladder
    rungs = {rung.name: rung for rung in report.ladder.rungs}
    assert rungs["model"].value == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-4, abs=1e-6)
    for rung in ("affine", "readout", "architecture"):
        if rung in rungs:
            assert rungs["data"].lower <= rungs[rung].value + 1e-6
