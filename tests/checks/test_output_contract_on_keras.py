"""O202, O203, O205, O206, O207, with Keras: what needs the real models."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, Model, Table, compiled, examined, only, rungs, stack, told, train

from mlpdoctor.core.finding import Severity

RULES = ("O202", "O203", "O205", "O206", "O207")

Losses = keras.losses


def classes(seed: int, rows: int = 240, width: int = 4, number: int = 3) -> tuple[Table, Table]:
    """Classes that a small network tells apart."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width))
    return x, (x @ rng.normal(size=(width, number))).argmax(axis=1)


def head(units: int, activation: str | None, width: int = 4, hidden: int = 12) -> Model:
    return stack(width, L.Dense(hidden, activation="relu"), L.Dense(units, activation=activation, name="out"))


def said(report: Any) -> list[str]:  # noqa: ANN401
    return [finding.code for finding in report.findings if finding.code in RULES]


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_logits_that_tensorflow_finds_again_are_a_warning(tmp_path: Path, form: str) -> None:
    x, y = classes(0)
    model = compiled(head(3, "softmax"), Losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.warns(UserWarning, match="from_logits=True"):
        train(model, x, y[:, None], 8)
    report = examined(tmp_path, model, x, y[:, None], form=form, rules=("O203",))
    assert only(report, "O203").evidence.severity in (Severity.WARNING, Severity.NOTE)
    assert "TensorFlow" in only(report, "O203").evidence.why


def test_logits_that_keras_has_lost_are_an_error(tmp_path: Path) -> None:
    x, y = classes(0)
    model = stack(4, L.Dense(8, activation="relu"), L.Dense(3, activation="softmax"), L.Reshape((3,)))
    model.compile("adam", Losses.CategoricalCrossentropy(from_logits=True))
    finding = only(examined(tmp_path, model, x, np.eye(3)[y], rules=("O203",)), "O203")
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.series
def test_the_cure_for_labels_cures_them(tmp_path: Path, seed: int) -> None:
    """The line that the finding gives is run, and the finding is gone."""
    x, labels = classes(seed, number=4)
    for y, units, loss in (
        (labels[:, None] + 1, 4, "sparse_categorical_crossentropy"),
        (labels[:, None] / 255, 4, "sparse_categorical_crossentropy"),
        (np.eye(4)[labels], 4, "sparse_categorical_crossentropy"),
        (labels[:, None], 4, "categorical_crossentropy"),
        (2.0 * (labels[:, None] > 1) - 1, 1, "binary_crossentropy"),
    ):
        model = compiled(head(units, "softmax" if units > 1 else "sigmoid"), loss)
        remedy = only(examined(tmp_path, model, x, y, rules=("O205",)), "O205").evidence.remedy
        assert remedy is not None
        cured = {"y": y, "keras": keras, "np": np}
        exec(remedy.code or "", cured)  # noqa: S102  our own words
        report = examined(tmp_path, model, x, np.asarray(cured["y"], float).reshape(len(x), -1))
        assert said(report) == [], told(report)


def test_one_column_beside_several_units_is_what_keras_makes_of_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(90, 4)), rng.normal(size=(90, 1))
    model = compiled(head(3, None), "mse")
    report = examined(tmp_path, model, x, y, rules=("O206",))
    keras_loss = model.evaluate(x.astype(np.float32), y.astype(np.float32), verbose=0, batch_size=90)
    assert rungs(report)["model"] == pytest.approx(keras_loss, rel=1e-5)
    assert only(report, "O206").severity is Severity.ERROR


def test_losses_of_ones_own_are_not_judged(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable(package="mine")  # type: ignore[untyped-decorator]
    def half(y_true: Any, y_pred: Any) -> Any:  # noqa: ANN401
        return keras.ops.square(y_true - y_pred) / 2

    x, y = classes(0)
    model = head(1, "tanh")
    model.compile("adam", half)
    report = examined(tmp_path, model, x, (y == 1).astype(float)[:, None])
    assert said(report) == []
