"""Fresh starts of models that Keras saved in both formats, and of an initialiser of somebody's own."""

from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import L, Model, stack

from mlpdoctor.core.check import Absent
from mlpdoctor.facts.training.training import FreshStart, fresh_start
from mlpdoctor.readers.models.model import read_network


def start_of(model: Model, folder: Path, form: str = "keras") -> FreshStart | Absent:
    model.save(path := folder / f"model.{form}")
    found: FreshStart | Absent = fresh_start.function(read_network(str(path)))
    return found


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_every_trainable_weight_is_drawn_as_its_layer_says(form: str, tmp_path: Path) -> None:
    model = stack(
        50,
        L.Dense(400, kernel_initializer="he_normal", bias_initializer="ones", name="one"),
        L.BatchNormalization(name="norm"),
        L.PReLU(name="bent"),
        L.Dense(3, kernel_initializer=keras.initializers.Constant(0.25), name="two"),
    )
    model.compile("sgd", "mse")
    model.layers[0].set_weights([np.full((50, 400), np.nan), np.full(400, np.nan)])
    start = start_of(model, tmp_path, form)
    assert isinstance(start, FreshStart)
    drawn = start.weights(0)
    trained = {(layer.name, v.name): tuple(v.shape) for layer in model.layers for v in layer.trainable_variables}
    assert {key: values.shape for key, values in drawn.items()} == trained
    assert drawn["one", "kernel"].std() == pytest.approx(np.sqrt(2 / 50), rel=0.03)
    assert (drawn["one", "bias"] == 1).all()
    assert (drawn["norm", "gamma"] == 1).all()
    assert (drawn["two", "kernel"] == 0.25).all()
    np.testing.assert_array_equal(drawn["one", "kernel"], start.weights(0)["one", "kernel"])
    assert (drawn["one", "kernel"] != start.weights(1)["one", "kernel"]).any()


def test_an_initialiser_of_somebodys_own_is_not_guessed(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("mine")
    class Odd(keras.initializers.Initializer):  # type: ignore[misc]
        def __call__(self, shape: tuple[int, ...], dtype: object = None) -> object:
            return keras.ops.ones(shape, dtype)

    model = stack(3, L.Dense(2, kernel_initializer=Odd(), name="odd"))
    model.compile("sgd", "mse")
    start = start_of(model, tmp_path)
    assert isinstance(start, Absent)
    assert "odd" in start.reason
