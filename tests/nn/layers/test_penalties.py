"""Every regulariser of Keras, held against what ``model.losses`` says, and the spellings that files hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import L, Model, stack

from mlpdoctor.core.network import Layer
from mlpdoctor.nn.layers.penalties import Regularizer, Unknown, activity_regularizer, regularizer, weight_regularizers
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


def test_keras_2_counts_frozen_layers() -> None:
    frozen = Layer("d", "Dense", {"kernel_regularizer": "l2"}, {"kernel": np.ones((2, 2))}, trainable=False)
    assert not list(weight_regularizers(frozen))
    older = Layer("d", "Dense", frozen.config, frozen.weights, trainable=False, keras=2)
    assert list(weight_regularizers(older)) == [("kernel", Regularizer("l2", l2=0.01))]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, None),
        ("l1", Regularizer("l1", l1=0.01)),
        ("L2", Regularizer("l2", l2=0.01)),
        ("l1_l2", Regularizer("l1_l2", 0.01, 0.01)),
        ("L1L2", None),
        ({"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}}, Regularizer("l2", l2=0.5)),
        ({"class_name": "l2", "config": {"l2": 0.5}}, Regularizer("l2", l2=0.5)),
        ({"class_name": "L1", "config": {"l1": {"class_name": "__numpy__", "config": {"value": 0.5}}}}, "l1 0.5"),
        ({"class_name": "L2", "config": {"l2": 0.0}}, None),
        ({"class_name": "L2", "config": {}}, Regularizer("l2", l2=0.01)),
        (
            {"class_name": "OrthogonalRegularizer", "config": {"factor": 0.5, "mode": "columns"}},
            Regularizer("orthogonal", orthogonal=0.5, mode="columns"),
        ),
        ({"module": "my.losses", "class_name": "L2", "config": {"l2": 1.0}, "registered_name": "L2"}, Unknown("L2")),
        ({"class_name": "my_package>Shrink", "config": {}}, Unknown("Shrink")),
        ({"module": "builtins", "class_name": "function", "config": "shrink"}, Unknown("shrink")),
        ("shrink", Unknown("shrink")),
    ],
)
def test_every_spelling_is_understood(spec: object, expected: object) -> None:
    assert regularizer(spec) == (Regularizer("l1", l1=0.5) if expected == "l1 0.5" else expected)


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


def test_the_regularisers_of_a_layer_of_an_unknown_kind_are_named() -> None:
    inner = {"class_name": "Dense", "config": {"kernel_regularizer": "l2", "activity_regularizer": "l1"}}
    wrapper = Layer("w", "TimeDistributed", {"layer": inner, "more": [{"beta_regularizer": None}]})
    assert list(weight_regularizers(wrapper)) == [("kernel", Unknown("l2"))]


def test_activity_regularisers_are_found_in_layers_frozen_or_not() -> None:
    own = Layer("a", "ActivityRegularization", {"l1": 0.1, "l2": 0.0}, trainable=False)
    assert activity_regularizer(own) == Regularizer("l1", l1=0.1)
    assert activity_regularizer(Layer("d", "Dense", {"activity_regularizer": "l2"})) == Regularizer("l2", l2=0.01)
    assert activity_regularizer(Layer("d", "Dense", {"activity_regularizer": None})) is None


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2)])
def test_orthogonality_is_of_matrices_alone(shape: tuple[int, ...]) -> None:
    assert Regularizer("orthogonal", orthogonal=1.0).of(np.ones(shape)) is None


def test_a_single_vector_has_no_mean_cosine_and_a_zero_one_is_at_right_angles() -> None:
    orthogonal = Regularizer("orthogonal", orthogonal=1.0)
    assert np.isnan(orthogonal.of(np.ones((1, 3))) or 0.0)
    assert np.isnan(float(R.OrthogonalRegularizer(1.0)(keras.ops.ones((1, 3)))))
    assert orthogonal.of(np.array([[0.0, 0.0], [1.0, 2.0]])) == 0.0


def test_weights_of_a_diverged_training_give_a_number_without_a_warning() -> None:
    assert Regularizer("l1", l1=1.0).of(np.full((2, 2), 1e200)) == 4e200
    assert Regularizer("l2", l2=1.0).of(np.full((2, 2), 1e200)) == np.inf
    assert np.isnan(Regularizer("orthogonal", orthogonal=1.0).of(np.full((2, 2), np.inf)) or 0.0)
