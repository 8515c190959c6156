"""O202, O203, O205, O206, O207: what the last layer, the loss and the labels of real models say of each other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_cases import (
    Functional,
    Input,
    L,
    Model,
    Table,
    alarms,
    compiled,
    examined,
    found,
    losses,
    only,
    quiet,
    rungs,
    stack,
    told,
    train,
)

from mlpdoctor.core.finding import Severity

RULES = ("O202", "O203", "O205", "O206", "O207")

Losses = losses


def classes(seed: int, rows: int = 240, width: int = 4, number: int = 3) -> tuple[Table, Table]:
    """Classes that a small network tells apart."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width))
    return x, (x @ rng.normal(size=(width, number))).argmax(axis=1)


def head(units: int, activation: str | None, width: int = 4, hidden: int = 12) -> Model:
    return stack(width, L.Dense(hidden, activation="relu"), L.Dense(units, activation=activation, name="out"))


def said(report: Any) -> list[str]:  # noqa: ANN401
    return [finding.code for finding in report.findings if finding.code in RULES]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("units", "activation", "loss", "code"),
    [
        (1, "tanh", "binary_crossentropy", "O202"),
        (1, "relu", "binary_crossentropy", "O202"),
        (1, "sigmoid", "categorical_crossentropy", "O202"),
        (1, "relu", Losses.BinaryCrossentropy(from_logits=True), "O202"),
        (3, "relu", "categorical_crossentropy", "O202"),
        (3, "tanh", Losses.CategoricalCrossentropy(from_logits=True), "O202"),
        (3, "sigmoid", "kl_divergence", "O202"),
        (1, None, "binary_crossentropy", "O203"),
        (3, None, "categorical_crossentropy", "O203"),
        (3, None, "sparse_categorical_crossentropy", "O203"),
        (3, "log_softmax", "categorical_crossentropy", "O203"),
    ],
)
@pytest.mark.parametrize("with_data", [True, False], ids=["data", "file alone"])
def test_a_last_layer_that_does_not_fit_the_loss_is_an_error(
    tmp_path: Path, units: int, activation: str | None, loss: Model, code: str, seed: int, *, with_data: bool
) -> None:
    x, y = classes(seed)
    sparse = loss == "sparse_categorical_crossentropy"
    targets = (y == 1)[:, None] if units == 1 else y[:, None] if sparse else np.eye(3)[y]
    model = head(units, activation)
    model.compile("adam", loss)
    given = (x, targets.astype(float)) if with_data else ()
    report = examined(tmp_path, model, *given)
    finding = only(report, code)
    assert finding.severity is Severity.ERROR, told(report)
    assert next(f for f in report.findings if f.severity is not Severity.NOTE) is finding
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code


def test_logits_that_training_has_lost_are_an_error(tmp_path: Path) -> None:
    x, y = classes(0)
    model = stack(4, L.Dense(8, activation="relu"), L.Dense(3, activation="softmax"), L.Reshape((3,)))
    model.compile("adam", Losses.CategoricalCrossentropy(from_logits=True))
    finding = only(examined(tmp_path, model, x, np.eye(3)[y], rules=("O203",)), "O203")
    assert finding.severity is Severity.ERROR


@pytest.mark.slow
def test_a_softmax_under_binary_crossentropy_is_a_warning_on_one_hot_labels_and_an_error_on_several(
    tmp_path: Path,
) -> None:
    x, y = classes(3)
    model = head(3, "softmax")
    model.compile("adam", "binary_crossentropy")
    assert only(examined(tmp_path, model, x, np.eye(3)[y], rules=("O202",)), "O202").severity is Severity.WARNING
    several = (x[:, :3] > 0).astype(float)
    assert only(examined(tmp_path, model, x, several, rules=("O202",)), "O202").severity is Severity.ERROR


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("units", "activation", "loss", "spelling", "code", "cure"),
    [
        (3, "softmax", "sparse_categorical_crossentropy", "from 1", "O205", "y = y - 1"),
        (3, "softmax", "sparse_categorical_crossentropy", "/ 255", "O205", "255"),
        (3, "softmax", "sparse_categorical_crossentropy", "one-hot", "O205", "argmax"),
        (3, "softmax", "categorical_crossentropy", "numbers", "O205", "to_categorical(y, 3)"),
        (1, "sigmoid", "binary_crossentropy", "signs", "O205", "(y + 1) / 2"),
        (1, "sigmoid", "binary_crossentropy", "from 1, two", "O205", "y = y - 1"),
        (1, "sigmoid", "binary_crossentropy", "grey, two", "O205", "y == 255"),
        (1, "sigmoid", "binary_crossentropy", "numbers", "O206", 'Dense(3, activation="softmax", name="out")'),
        (2, "softmax", "sparse_categorical_crossentropy", "numbers", "O206", "Dense(3"),
        (3, None, "mse", "numbers", "O206", "Dense(1"),
        (1, "sigmoid", "binary_crossentropy", "amounts", "O207", "mse"),
        (3, "softmax", "sparse_categorical_crossentropy", "amounts", "O207", "mse"),
    ],
)
def test_labels_that_do_not_fit_the_loss(
    tmp_path: Path, units: int, activation: str | None, loss: str, spelling: str, code: str, cure: str, seed: int
) -> None:
    x, y = classes(seed)
    binary = (y == 1).astype(float)
    targets = {
        "from 1": y + 1.0,
        "/ 255": y / 255,
        "one-hot": np.eye(3)[y],
        "numbers": y.astype(float),
        "signs": 2 * binary - 1,
        "from 1, two": binary + 1,
        "grey, two": 255 * binary,
        "amounts": 10 * x[:, 0] + x[:, 1],
    }[spelling]
    model = compiled(head(units, activation), loss)
    report = examined(tmp_path, model, x, targets.reshape(len(x), -1))
    finding = only(report, code)
    assert finding.severity in (Severity.ERROR, Severity.WARNING)
    assert finding.evidence.remedy is not None
    assert cure in (finding.evidence.remedy.code or ""), finding.evidence.remedy


@pytest.mark.slow
def test_class_numbers_are_read_one_hot_so_that_the_ladder_stands(tmp_path: Path) -> None:
    x, y = classes(1)
    model = compiled(head(3, "softmax"), "categorical_crossentropy")
    train(model, x, np.eye(3)[y], 20)
    numbers = examined(tmp_path, model, x, y[:, None], rules=("O205",))
    columns = examined(tmp_path, model, x, np.eye(3)[y], rules=("O205",))
    assert rungs(numbers) == pytest.approx(rungs(columns), rel=1e-9)
    assert only(numbers, "O205").severity is not Severity.ERROR
    assert quiet(columns, "O205")


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.series
def test_a_squared_error_of_labels_is_a_warning_until_the_model_does_well(tmp_path: Path, loss: str) -> None:
    x, y = classes(0, rows=400)
    labels = (y == 1).astype(float)[:, None]
    fresh = head(1, "sigmoid")
    fresh.compile("adam", loss)
    assert only(examined(tmp_path, fresh, x, labels, rules=("O207",)), "O207").severity is Severity.WARNING
    report = examined(
        tmp_path, train(compiled(head(1, "sigmoid", hidden=24), loss), x, labels, 150), x, labels, rules=("O207",)
    )
    assert only(report, "O207").severity in (Severity.NOTE, Severity.WARNING)


CONTROLS: dict[str, tuple[int, str | None, Any, str]] = {
    "sigmoids of several labels": (3, "sigmoid", "binary_crossentropy", "several"),
    "a squared error of shares": (1, "sigmoid", "mse", "unit"),
    "cross-entropy of numbers from 0 to 1": (1, "sigmoid", "binary_crossentropy", "unit"),
    "softmax with KL divergence": (3, "softmax", "kl_divergence", "shares"),
    "a squared error of counts": (1, None, "mse", "counts"),
    "raw scores": (1, None, Losses.BinaryCrossentropy(from_logits=True), "binary"),
    "raw scores of classes": (3, None, Losses.SparseCategoricalCrossentropy(from_logits=True), "numbers"),
    "log_softmax on logits": (3, "log_softmax", Losses.CategoricalCrossentropy(from_logits=True), "one-hot"),
    "exponential with Poisson": (1, "exponential", "poisson", "counts"),
    "softplus with Poisson": (1, "softplus", "poisson", "counts"),
    "tanh with a hinge": (1, "tanh", "hinge", "signs"),
    "a hinge of 0 and 1": (1, None, "squared_hinge", "binary"),
    "two units for two classes": (2, "softmax", "sparse_categorical_crossentropy", "binary"),
    "soft labels": (3, "softmax", "categorical_crossentropy", "shares"),
    "ratings from 1 to 5": (1, None, "mae", "ratings"),
    "tanh on -1 and 1": (1, "tanh", "mse", "signs"),
    "a plain regression": (1, None, "huber", "real"),
    "cosine of several": (3, None, "cosine_similarity", "reals"),
    "amounts in logarithms": (1, "softplus", "msle", "positive"),
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.series
def test_what_is_legitimate_is_left_alone(tmp_path: Path, name: str, seed: int) -> None:
    units, activation, loss, kind = CONTROLS[name]
    x, y = classes(seed)
    rng = np.random.default_rng(seed)
    binary = (y == 1).astype(float)
    targets = {
        "several": (x[:, :3] > 0).astype(float),
        "unit": 1 / (1 + np.exp(-x[:, 0])),
        "shares": rng.dirichlet(np.ones(3), len(x)),
        "counts": rng.poisson(np.exp(x[:, 0] / 2)).astype(float),
        "binary": binary,
        "numbers": y.astype(float),
        "one-hot": np.eye(3)[y],
        "signs": 2 * binary - 1,
        "ratings": np.clip(np.rint(3 + x[:, 0]), 1, 5),
        "real": x[:, 0] + rng.normal(size=len(x)),
        "reals": rng.normal(size=(len(x), 3)),
        "positive": rng.gamma(2.0, 1.0, len(x)),
    }[kind]
    model = head(units, activation)
    model.compile("adam", loss)
    report = examined(tmp_path, model, x, targets.reshape(len(x), -1))
    assert said(report) == [], told(report)
    assert {"O202", "O203", "O205", "O206", "O207"} <= {o.code for o in report.outcomes if o.status.value == "passed"}


def test_each_output_is_judged_by_itself_and_named(tmp_path: Path) -> None:
    x, y = classes(0)
    inputs = Input((4,))
    hidden = L.Dense(8, activation="relu")(inputs)
    outputs = [L.Dense(1, name="price")(hidden), L.Dense(1, activation="tanh", name="sold")(hidden)]
    model = Functional(inputs, outputs)
    model.compile("adam", ["mse", "binary_crossentropy"])
    targets = np.column_stack([x[:, 0], y == 1]).astype(float)
    report = examined(tmp_path, model, x, targets, rules=("O202", "O207"))
    finding = only(report, "O202")
    assert finding.message.startswith("output sold: ")
    assert not found(report, "O207")


@pytest.mark.parametrize(
    ("model", "loss"),
    [
        (stack(4, L.Dense(8, activation="relu"), L.Dense(3), L.Softmax()), "categorical_crossentropy"),
        (stack(4, L.Dense(8, activation="relu"), L.Dense(1), L.Activation("sigmoid")), "binary_crossentropy"),
        (stack(4, L.Dense(1, activation="sigmoid"), L.Reshape((1,))), "binary_crossentropy"),
        (stack(4, L.Dense(8, activation="relu"), L.Dense(1), L.LeakyReLU(0.2)), "mse"),
    ],
)
def test_layers_that_only_carry_the_activation_are_looked_through(tmp_path: Path, model: Model, loss: str) -> None:
    model.compile("adam", loss)
    assert alarms(examined(tmp_path, model)) == []
