"""O208: accuracy of amounts, and other metrics that say nothing."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, Model, examined, found, only, outcome, quiet, stack

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Status

METRICS = keras.metrics


def data(seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(120, 3))
    return x, (x @ rng.normal(size=(3, 3))).argmax(axis=1)


def model(units: int, activation: str | None, loss: Model, metrics: Model) -> Model:
    made = stack(3, L.Dense(6, activation="relu"), L.Dense(units, activation=activation, name="out"))
    made.compile("adam", loss, metrics=metrics)
    return made


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("metric", ["accuracy", "acc", "binary_accuracy", METRICS.AUC(), METRICS.Precision()])
@pytest.mark.parametrize("with_data", [True, False], ids=["data", "file alone"])
def test_accuracy_of_amounts_is_a_note(tmp_path: Path, metric: Model, form: str, *, with_data: bool) -> None:
    x, _ = data()
    given = (x, x[:, :1] * 3 + 1) if with_data else ()
    finding = only(
        examined(tmp_path, model(1, None, "mse", [metric, "mae"]), *given, form=form, rules=("O208",)), "O208"
    )
    assert finding.severity is Severity.NOTE
    assert "the model may be fine" in finding.evidence.why
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == 'metrics=["mae"]'


@pytest.mark.parametrize(
    ("units", "activation", "loss", "metric", "word"),
    [
        (1, "sigmoid", "binary_crossentropy", METRICS.Accuracy(), "last digit"),
        (1, "sigmoid", "binary_crossentropy", "categorical_accuracy", "always the first"),
        (3, "softmax", "categorical_crossentropy", "binary_accuracy", "each unit"),
        (1, None, keras.losses.BinaryCrossentropy(from_logits=True), "accuracy", "above 0.5"),
        (1, "tanh", "hinge", "accuracy", "labels are -1 and 1"),
    ],
)
def test_an_accuracy_that_does_not_go_with_the_labels(
    tmp_path: Path,
    units: int,
    activation: str | None,
    loss: Model,
    metric: Model,
    word: str,
) -> None:
    x, y = data()
    binary = (y[:, None] == 1).astype(float)
    targets = np.eye(3)[y] if units == 3 else 2 * binary - 1 if loss == "hinge" else binary
    finding = only(examined(tmp_path, model(units, activation, loss, [metric]), x, targets, rules=("O208",)), "O208")
    assert word in finding.message


@pytest.mark.parametrize(
    ("units", "activation", "loss", "metrics"),
    [
        (1, "sigmoid", "binary_crossentropy", ["accuracy", METRICS.AUC(), "mae"]),
        (1, "sigmoid", "mse", ["accuracy"]),
        (
            3,
            "softmax",
            "categorical_crossentropy",
            ["accuracy", "categorical_accuracy", METRICS.TopKCategoricalAccuracy()],
        ),
        (3, "softmax", "sparse_categorical_crossentropy", ["accuracy", "sparse_categorical_accuracy"]),
        (1, None, "mse", ["mae", METRICS.RootMeanSquaredError(), METRICS.R2Score()]),
        (1, None, "mse", None),
        (1, None, keras.losses.BinaryCrossentropy(from_logits=True), [METRICS.AUC(from_logits=True)]),
    ],
)
def test_metrics_that_mean_what_they_say(
    tmp_path: Path,
    units: int,
    activation: str | None,
    loss: Model,
    metrics: Model,
) -> None:
    x, y = data()
    binary = (y[:, None] == 1).astype(float)
    targets = binary if activation == "sigmoid" or not isinstance(loss, str) else x[:, :1]
    if units == 3:
        targets = y[:, None].astype(float) if loss.startswith("sparse") else np.eye(3)[y]
    assert quiet(examined(tmp_path, model(units, activation, loss, metrics), x, targets, rules=("O208",)), "O208")


def test_the_metrics_of_each_output_are_its_own(tmp_path: Path) -> None:
    inputs = keras.Input((3,))
    outputs = [L.Dense(1, name="price")(inputs), L.Dense(1, activation="sigmoid", name="sold")(inputs)]
    for spec, wrong in (
        ([["accuracy"], ["accuracy"]], 1),
        ([["mae"], ["accuracy"]], 0),
        ({"sold": "accuracy"}, 0),
        ({"price": ["mae", "accuracy"]}, 1),
    ):
        two = keras.Model(inputs, outputs)
        two.compile("adam", ["mse", "binary_crossentropy"], metrics=spec)
        assert len(found(examined(tmp_path, two, rules=("O208",)), "O208")) == wrong, spec


def test_a_model_saved_without_metrics_is_looked_at_all_the_same(tmp_path: Path) -> None:
    made = model(1, None, "mse", None)
    assert outcome(examined(tmp_path, made, rules=("O208",)), "O208").status is Status.PASSED
