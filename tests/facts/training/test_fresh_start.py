"""Fresh starts of a network, from what its file says of initialisers."""

import numpy as np
import pytest
from drawn_cases import L, Model, initializers, stack

from mlpdoctor.core.check import Absent
from mlpdoctor.facts.training.training import FreshStart, fresh_start


def start_of(model: Model) -> FreshStart | Absent:
    found: FreshStart | Absent = fresh_start.function(model.network())
    return found


def test_every_trainable_weight_is_drawn_as_its_layer_says() -> None:
    model = stack(
        50,
        L.Dense(400, kernel_initializer="he_normal", bias_initializer="ones", name="one"),
        L.BatchNormalization(name="norm"),
        L.PReLU(name="bent"),
        L.Dense(3, kernel_initializer=initializers.Constant(0.25), name="two"),
    )
    model.compile("sgd", "mse")
    model.layers[0].set_weights([np.full((50, 400), np.nan), np.full(400, np.nan)])
    start = start_of(model)
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


def test_frozen_layers_stay_as_they_are() -> None:
    model = stack(3, L.Dense(4, name="frozen"), L.Dense(1, name="live"))
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    start = start_of(model)
    assert isinstance(start, FreshStart)
    assert {layer for layer, _ in start.weights(0)} == {"live"}
