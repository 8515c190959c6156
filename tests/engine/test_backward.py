"""The way back through every layer family and activation, against TensorFlow in float64."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from gradient_probe import side_by_side
from keras_gradients import in_float64, keys, saved
from layer_cases import SEVERAL, SINGLE

from mlpdoctor.core.network import Array
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.engine.tape import Cotangents
from mlpdoctor.nn.layers.activations import named_activations

L = keras.layers
EXACT = 1e-10
CONSTANTS_IN_FLOAT32 = {"gelu", "leaky_relu", "activation", "dense layer activation", "leaky"}
"""TensorFlow rounds a constant of theirs in float64 too."""
ROWS = 7

pytestmark = pytest.mark.filterwarnings(
    "ignore:You passed `rms_scaling:UserWarning", "ignore:(?s).*You are using a softmax over axis:UserWarning"
)


def pulled_alike(
    model: Any,  # noqa: ANN401
    path: Path,
    x: Sequence[Array],
    *,
    training: bool = False,
    tolerance: float = EXACT,
) -> None:
    """One random gradient at the output, pulled back to weights and inputs by both."""
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if variable.trainable or "moving" in variable.name:
            # None is zero, none is one, variances are positive.
            variable.assign(rng.uniform(0.2, 1.5, variable.shape))
    inputs = [tf.constant(part) for part in x]
    variables = keys(model)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        answer = model(inputs if len(inputs) > 1 else inputs[0], training=training)
        cotangent = rng.normal(size=answer.shape)
        scalar = tf.reduce_sum(answer * cotangent)
    sources = [*(v.value for v in variables.values()), *inputs]
    expected = [
        np.asarray(tf.convert_to_tensor(g)) for g in tape.gradient(scalar, sources, unconnected_gradients="zero")
    ]

    network = saved(model, path)
    engine = NumpyEngine(network, training=training)
    recorded = engine.record(side_by_side(x))
    (output,) = network.outputs
    np.testing.assert_allclose(recorded.after[output], answer, rtol=tolerance, atol=tolerance)
    found = engine.pull(recorded, Cotangents(after={output: cotangent}))
    assert list(found.weights) == list(variables)
    ours = [*found.weights.values(), *found.features]
    for mine, theirs in zip(ours, expected, strict=True):
        assert mine is not None
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance)


def tolerance_of(name: str) -> float:
    return 1e-6 if name in CONSTANTS_IN_FLOAT32 else EXACT


@pytest.mark.parametrize("name", sorted(SINGLE))
def test_layer_of_one_input(name: str, tmp_path: Path) -> None:
    shape, make = SINGLE[name]
    with in_float64():
        x = np.random.default_rng(1).normal(size=(ROWS, *shape))
        pulled_alike(
            keras.Sequential([keras.Input(shape), make(L)]), tmp_path / "m.keras", [x], tolerance=tolerance_of(name)
        )


@pytest.mark.parametrize("name", sorted(SEVERAL))
def test_layer_of_several_inputs(name: str, tmp_path: Path) -> None:
    shapes, make = SEVERAL[name]
    rng = np.random.default_rng(2)
    with in_float64():
        inputs = [keras.Input(shape) for shape in shapes]
        model = keras.Model(inputs, make(L)(inputs))
        pulled_alike(model, tmp_path / "m.keras", [rng.normal(size=(ROWS, *shape)) for shape in shapes])


@pytest.mark.parametrize("kind", ["Multiply", "Maximum", "Minimum"])
def test_many_and_broadcast_tensors_are_merged_two_at_a_time(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    shapes = [(1, 4), (3, 1), (4,), (3, 4)]
    with in_float64():
        inputs = [keras.Input(shape) for shape in shapes]
        model = keras.Model(inputs, getattr(L, kind)()(inputs))
        pulled_alike(model, tmp_path / "m.keras", [rng.normal(size=(ROWS, *shape)) for shape in shapes])


@pytest.mark.parametrize("kind", ["Multiply", "Maximum", "Minimum"])
def test_ties_and_zeros_are_handed_on_as_in_tensorflow(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    with in_float64():
        inputs = [keras.Input((4,)) for _ in range(3)]
        model = keras.Model(inputs, getattr(L, kind)()(inputs))
        x = [rng.integers(-1, 2, (30, 4)).astype(float) for _ in range(3)]
        pulled_alike(model, tmp_path / "m.keras", x)


@pytest.mark.parametrize("name", sorted(set(named_activations()) - {"softmax_v2"}))
def test_activation(name: str, tmp_path: Path) -> None:
    points = np.array([0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0, -6.0, 2.5, 40.0, -40.0])
    x = np.concatenate([points.reshape(-1, 4), 2 * np.random.default_rng(5).normal(size=(20, 4))])
    if name in ("sparsemax", "glu", "softmax", "log_softmax"):
        x = x[3:]  # where no two are tied in a row
    with in_float64():
        pulled_alike(
            keras.Sequential([keras.Input((4,)), L.Activation(name)]),
            tmp_path / "m.keras",
            [x],
            tolerance=tolerance_of(name),
        )


BATCH: dict[str, tuple[tuple[int, ...], Callable[[], Any]]] = {
    "plain": ((5,), L.BatchNormalization),
    "bare": ((5,), lambda: L.BatchNormalization(center=False, scale=False, epsilon=0.1)),
    "axis": ((3, 2), lambda: L.BatchNormalization(axis=1)),
    "images": ((3, 2, 2), L.BatchNormalization),
    "frozen": ((5,), lambda: L.BatchNormalization(trainable=False)),
}


@pytest.mark.parametrize("name", sorted(BATCH))
def test_batch_normalization_in_training_is_by_the_moments_of_the_batch(name: str, tmp_path: Path) -> None:
    shape, make = BATCH[name]
    rng = np.random.default_rng(6)
    with in_float64():
        model = keras.Sequential([keras.Input(shape), L.Dense(shape[-1], "tanh"), make(), L.Dense(2)])
        pulled_alike(model, tmp_path / "m.keras", [rng.normal(1, 2, (ROWS, *shape))], training=True)


@pytest.mark.parametrize("training", [False, True])
def test_embedding(training: bool, tmp_path: Path) -> None:  # noqa: FBT001
    ids = np.random.default_rng(7).integers(0, 6, (ROWS, 3)).astype(float)
    with in_float64():
        model = keras.Sequential([keras.Input((3,)), L.Embedding(6, 4), L.Flatten(), L.Dense(2)])
        pulled_alike(model, tmp_path / "m.keras", [ids + 0.4], training=training)


@pytest.mark.parametrize("kind", ["unit", "dot"])
def test_a_row_too_short_to_be_scaled_to_length_one(kind: str, tmp_path: Path) -> None:
    x = np.random.default_rng(8).normal(size=(4, 3))
    x[1], x[2] = 0.0, 1e-15 * x[2]
    with in_float64():
        one, two = keras.Input((3,)), keras.Input((3,))
        end = L.Add()([L.UnitNormalization()(one), two]) if kind == "unit" else L.Dot(1, normalize=True)([one, two])
        pulled_alike(keras.Model([one, two], end), tmp_path / "m.keras", [x, x[::-1]])


def test_nothing_comes_back_to_what_no_path_leads_from(tmp_path: Path) -> None:
    with in_float64():
        one, two = keras.Input((2,)), keras.Input((2,))
        model = keras.Model([one, two], [L.Dense(1, name="a")(one), L.Dense(1, name="b")(two)])
        engine = NumpyEngine(saved(model, tmp_path / "m.keras"))
    recorded = engine.record(np.ones((3, 4)))
    first, second = engine.network.outputs
    found = engine.pull(recorded, Cotangents(before={first: np.ones((3, 1))}))
    assert found.features[1] is None
    assert found.before[second] is None
    assert not found.weights["b", "kernel"].any()
    assert found.weights["a", "kernel"].all()
