"""Pages of models of every kind in memory: whatever they predict, the page is valid and shows what belongs to them."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as L  # noqa: N812
from pages import SPACE, parsed

import mlpdoctor

pytestmark = pytest.mark.keras

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 2))
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def made(loss: str | None, *layers: Any, inputs: tuple[int, ...] = (2,)) -> Any:  # noqa: ANN401  Keras ships no types
    model = keras.Sequential([keras.Input(inputs), *layers])
    if loss is not None:
        model.compile("adam", loss)
    return model


def broken() -> Any:  # noqa: ANN401
    model = made("mse", L.Dense(4, "relu"), L.Dense(1))
    model.layers[0].set_weights([np.full((2, 4), np.nan), np.zeros(4)])
    return model


CASES = {
    "three classes": (
        made("sparse_categorical_crossentropy", L.Dense(8, "relu"), L.Dense(3, "softmax")),
        X,
        CLASSES,
        {"ladder", "fit-0", "classes-0", "units-0", "units-1", "sizes"},
    ),
    "a slope for each unit": (
        made("mse", L.Dense(8), L.PReLU(), L.BatchNormalization(), L.Dense(1)),
        X,
        X[:, :1],
        {"ladder", "fit-0", "units-0", "units-1", "sizes"},
    ),
    "places": (
        made("mse", L.Conv1D(4, 3, activation="relu"), L.Flatten(), L.Dense(1), inputs=(10, 1)),
        RANDOM.normal(size=(60, 10, 1)),
        RANDOM.normal(size=(60, 1)),
        {"ladder", "fit-0", "units-0", "units-1", "sizes"},
    ),
    "no loss": (made(None, L.Dense(4, "tanh"), L.Dense(1)), X, X[:, :1], {"units-0", "units-1", "sizes"}),
    "not a number": (broken(), X, X[:, :1], {"ladder", "fit-0", "units-0", "units-1", "sizes"}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_page_of_any_model_is_valid_and_has_its_figures(name: str, tmp_path: Path) -> None:
    model, x, y, figures = CASES[name]
    report = mlpdoctor.check(model, x, y, quick=True)
    report.save(tmp_path / "r.html")
    tree = parsed((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert {one.get("id").removeprefix("m1-") for one in tree.iter(f"{SPACE}figure")} == figures
    assert ("<figure" in report._repr_html_()) == ("ladder" in figures)
