"""Every regulariser of Keras, held against what ``model.losses`` says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, Model, stack

from mlpdoctor.nn.layers.penalties import Regularizer, Unknown, weight_regularizers
from mlpdoctor.readers.models.model import read_network

R = keras.regularizers


def dense(**options: Any) -> Model:  # noqa: ANN401
    return stack(3, L.Dense(4, "tanh", **options), L.Dense(1))


def shared() -> Model:
    twice = L.Dense(3, kernel_regularizer=R.L2(0.1))
    entrance = keras.Input((3,))
    return keras.Model(entrance, L.Dense(1)(twice(twice(entrance))))


def nested() -> Model:
    body = stack(3, L.Dense(4, kernel_regularizer=R.L1(0.2)), L.Dense(2, bias_regularizer="l2"))
    entrance = keras.Input((3,))
    return keras.Model(entrance, L.Dense(1, kernel_regularizer=R.L2(0.3))(body(entrance)))


def normalized() -> Model:
    return stack(
        3, L.Dense(4), L.BatchNormalization(gamma_regularizer=R.L2(0.1), beta_regularizer=R.L1(0.1)), L.PReLU()
    )


def embedded() -> Model:
    return stack(3, L.Embedding(5, 2, embeddings_regularizer=R.L1L2(0.1, 0.2)), L.Flatten(), L.Dense(1))


BUILT: dict[str, Callable[[], Model]] = {
    "l1": lambda: dense(kernel_regularizer=R.L1(0.1)),
    "l2": lambda: dense(kernel_regularizer=R.L2(0.1)),
    "l1_l2": lambda: dense(kernel_regularizer=R.L1L2(0.1, 0.3)),
    "l1 of L1L2": lambda: dense(kernel_regularizer=R.L1L2(l1=0.1)),
    "shortcut": lambda: dense(kernel_regularizer="l1", bias_regularizer="L2"),
    "bias": lambda: dense(bias_regularizer=R.L2(0.5)),
    "no bias": lambda: dense(bias_regularizer=R.L2(0.5), use_bias=False),
    "orthogonal rows": lambda: dense(kernel_regularizer=R.OrthogonalRegularizer(0.7)),
    "orthogonal columns": lambda: dense(kernel_regularizer=R.OrthogonalRegularizer(0.7, "columns")),
    "orthogonal by name": lambda: dense(kernel_regularizer="orthogonal_regularizer"),
    "normalization": normalized,
    "layer normalization": lambda: stack(3, L.LayerNormalization(gamma_regularizer="l2", beta_regularizer="l1")),
    "prelu": lambda: stack(3, L.PReLU(alpha_regularizer=R.L2(0.2))),
    "embedding": embedded,
    "shared": shared,
    "nested": nested,
    "frozen layer": lambda: dense(kernel_regularizer="l2", trainable=False),
    "none": dense,
}


def shaken(model: Model) -> Model:
    rng = np.random.default_rng(3)
    model.set_weights([0.5 + np.abs(rng.normal(size=weight.shape)) * rng.choice([-1, 1]) for weight in model.weights])
    return model


def penalty(path: Path) -> float:
    total = 0.0
    for layer in read_network(str(path)).layers:
        for weight, found in weight_regularizers(layer):
            assert isinstance(found, Regularizer)
            value = found.of(layer.weights[weight])
            assert value is not None
            total += value
    return total


def logged(model: Model) -> float:
    return float(sum(float(loss) for loss in model.losses))


@pytest.mark.filterwarnings("ignore:.*HDF5 file")
@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("name", BUILT)
def test_the_penalty_of_weights_is_that_of_keras(name: str, form: str, tmp_path: Path) -> None:
    model = shaken(BUILT[name]())
    model.save(path := tmp_path / f"model.{form}")
    assert penalty(path) == pytest.approx(logged(model), rel=1e-5)
    assert (penalty(path) > 0) == (name not in {"none", "no bias", "frozen layer"})


@pytest.mark.parametrize("part", ["model", "body", "layer"])
def test_what_is_frozen_costs_nothing(part: str, tmp_path: Path) -> None:
    model = shaken(nested())
    body = next(layer for layer in model.layers if isinstance(layer, keras.Sequential))
    {"model": model, "body": body, "layer": body.layers[0]}[part].trainable = False
    model.save(path := tmp_path / "model.keras")
    assert penalty(path) == pytest.approx(logged(model), rel=1e-5)
    assert (penalty(path) == 0) == (part == "model")


def test_a_regulariser_of_the_users_own_is_named(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("clinic")
    class Shrink(keras.Regularizer):  # type: ignore[misc]
        def __call__(self, weight: object) -> Any:  # noqa: ANN401
            return keras.ops.sum(weight)

        def get_config(self) -> dict[str, Any]:
            return {}

    dense(kernel_regularizer=Shrink()).save(path := tmp_path / "model.keras")
    (found,) = [pair for layer in read_network(str(path)).layers for pair in weight_regularizers(layer)]
    assert found == ("kernel", Unknown("Shrink"))


def test_a_single_vector_has_no_mean_cosine_and_a_zero_one_is_at_right_angles() -> None:
    orthogonal = Regularizer("orthogonal", orthogonal=1.0)
    assert np.isnan(orthogonal.of(np.ones((1, 3))) or 0.0)
    assert np.isnan(float(R.OrthogonalRegularizer(1.0)(keras.ops.ones((1, 3)))))
    assert orthogonal.of(np.array([[0.0, 0.0], [1.0, 2.0]])) == 0.0
