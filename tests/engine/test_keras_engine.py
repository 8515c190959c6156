"""Keras runs what NumPy runs to the same digits, there and back, and much that NumPy cannot."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hand_built import Table
from keras_fit import fit
from keras_models import attentive, convolutional, images, recurrent
from layer_cases import SEVERAL, SINGLE
from two_engines import EXACT, engines_agree, read, scattered

from mlpdoctor.core.check import Absent
from mlpdoctor.core.errors import InputError
from mlpdoctor.core.network import Network
from mlpdoctor.diagnosis.diagnose import all_checks, examine
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.engine import keras_start
from mlpdoctor.engine.engine_choice import Following, follow
from mlpdoctor.engine.keras_engine import KerasEngine
from mlpdoctor.engine.tape import Cotangents
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.curvature import Curvature
from mlpdoctor.facts.training.gradients import Gradients

L = keras.layers
CONSTANTS_IN_FLOAT32 = {"gelu", "leaky_relu", "activation", "dense layer activation", "leaky"}
"""TensorFlow rounds a constant of theirs in float64 too."""
ROWS = 6

pytestmark = pytest.mark.filterwarnings(
    "ignore:You passed `rms_scaling:UserWarning", "ignore:(?s).*You are using a softmax over axis:UserWarning"
)

Model = Any


def side_by_side(cases: Mapping[str, tuple[Any, Any]]) -> tuple[Model, int]:
    """One model of all these layers, each between inputs and an output of its own; and how many numbers enter it."""
    inputs, outputs, width = [], [], 0
    for shapes, make in cases.values():
        several = isinstance(shapes[0], tuple)
        own = [keras.Input(shape) for shape in (shapes if several else [shapes])]
        width += sum(int(np.prod(shape)) for shape in (shapes if several else [shapes]))
        outputs.append(make(L)(own if several else own[0]))
        inputs += own
    return scattered(keras.Model(inputs, outputs)), width


@pytest.mark.parametrize("rounded", [False, True])
def test_every_layer_of_one_input_or_of_several(tmp_path: Path, *, rounded: bool) -> None:
    cases = {name: case for name, case in {**SINGLE, **SEVERAL}.items() if (name in CONSTANTS_IN_FLOAT32) == rounded}
    model, width = side_by_side(cases)
    x = np.random.default_rng(1).normal(size=(ROWS, width))
    engines_agree(read(model, tmp_path / "m.keras"), x, 1e-6 if rounded else EXACT)


def branching() -> Model:
    """Skips, a layer used twice, dropout, normalisation, a nested model used twice."""
    entry = keras.Input((4,))
    stem = L.Dense(6, "relu")(entry)
    normal = L.BatchNormalization()(stem)
    skip = L.ReLU()(L.Add()([stem, L.Dense(6)(normal)]))
    inner_entry = keras.Input((6,))
    inner = keras.Model(inner_entry, L.Dense(6, "elu")(L.Dropout(0.3)(inner_entry)))
    shared = L.Dense(5, "tanh")
    joined = L.Concatenate()([shared(inner(L.Dropout(0.5)(skip))), shared(stem), inner(skip)])
    return keras.Model(entry, L.Dense(2, "softmax")(joined))


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("training", [False, True])
def test_a_network_of_many_ways(suffix: str, tmp_path: Path, *, training: bool) -> None:
    x = np.random.default_rng(3).normal(size=(9, 4))
    engines_agree(read(scattered(branching()), tmp_path / f"m.{suffix}"), x, training=training)


KINDS: Mapping[str, tuple[tuple[int, ...], Any]] = {
    "conv": ((8, 8, 1), lambda: convolutional("tanh")),
    "conv normalised": ((8, 8, 1), lambda: convolutional("elu", normalised=True)),
    "conv many kinds": (
        (8, 8, 1),
        lambda: images(
            L.SeparableConv2D(4, 3, activation="elu"),
            L.DepthwiseConv2D(2, activation="tanh"),
            L.Conv2DTranspose(3, 2, activation="softplus"),
            L.UpSampling2D(),
            L.AveragePooling2D(3),
            L.Flatten(),
            L.Dense(2),
        ),
    ),
    "lstm": ((8, 2), lambda: recurrent(L.LSTM(5))),
    "gru": ((8, 2), lambda: recurrent(L.GRU(5))),
    "two ways": ((8, 2), lambda: recurrent(L.Bidirectional(L.SimpleRNN(3)))),
    "stacked": (
        (8, 2),
        lambda: keras.Sequential(
            [keras.Input((8, 2)), L.LSTM(3, return_sequences=True), L.TimeDistributed(L.Dense(2, "tanh")), L.Flatten()]
        ),
    ),
}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_kinds_that_numpy_cannot_run_answer_as_in_keras_and_have_its_gradients(name: str, tmp_path: Path) -> None:
    shape, make = KINDS[name]
    keras.utils.set_random_seed(1)
    model = make()
    engine = KerasEngine.followed(read(model, tmp_path / "m.keras"))
    assert engine.precision == "float64"
    x = np.random.default_rng(4).normal(size=(ROWS, *shape)).astype(np.float32)
    features = x.reshape(ROWS, -1).astype(np.float64)
    (answers,) = engine.forward(features)
    np.testing.assert_allclose(answers, np.asarray(model(x)), rtol=2e-5, atol=2e-5)

    tape = engine.record(features)
    (output,) = engine.network.outputs
    cotangent = np.random.default_rng(5).normal(size=tape.after[output].shape)
    ours = engine.pull(tape, Cotangents(after={output: cotangent}))
    with tf.GradientTape() as theirs:
        scalar = tf.reduce_sum(model(x) * cotangent)
    gradients = theirs.gradient(scalar, [variable.value for variable in model.trainable_variables])
    sizes = sorted(float(np.square(np.asarray(one, np.float64)).sum()) for one in gradients)
    found = sorted(float(np.square(one).sum()) for one in ours.weights.values())
    np.testing.assert_allclose(found, sizes, rtol=1e-3)
    assert all(node.shape == tape.after[place].shape[1:] for place, node in enumerate(engine.network.nodes))


def test_the_gradient_is_the_slope(tmp_path: Path) -> None:
    engine = KerasEngine.followed(read(scattered(attentive()), tmp_path / "m.keras"))
    ids = np.random.default_rng(6).integers(1, 30, (ROWS, 8)).astype(np.float64)
    (output,) = engine.network.outputs
    weights = engine.weights
    tape = engine.record(ids)
    cotangent = np.ones_like(tape.before[output])
    found = engine.pull(tape, Cotangents(before={output: cotangent}))
    assert found.features == [None]
    rng = np.random.default_rng(7)
    way = {key: rng.normal(size=values.shape) for key, values in weights.items()}
    ends = [
        engine.at({key: values + step * way[key] for key, values in weights.items()}).record(ids).before[output].sum()
        for step in (1e-5, -1e-5)
    ]
    along = sum(float(np.vdot(found.weights[key], way[key])) for key in weights)
    np.testing.assert_allclose(along, (ends[0] - ends[1]) / 2e-5, rtol=1e-6)


def test_moved_weights_leave_the_model_what_it_was(tmp_path: Path) -> None:
    engine = KerasEngine.followed(read(scattered(convolutional()), tmp_path / "m.keras"))
    x = np.random.default_rng(8).uniform(size=(ROWS, 64))
    before = engine.forward(x)[0]
    moved = engine.at({key: np.zeros_like(values) for key, values in engine.weights.items()}, training=True)
    np.testing.assert_allclose(moved.forward(x)[0], 1 / 3)
    assert not any(np.any(values) for values in moved.weights.values())
    np.testing.assert_array_equal(engine.forward(x)[0], before)


def test_the_network_is_completed(tmp_path: Path) -> None:
    network = read(recurrent(L.LSTM(5)), tmp_path / "m.keras")
    assert not network.layers[1].weights
    complete = KerasEngine.followed(network).network
    shapes = {name: values.shape for name, values in complete.layers[1].weights.items()}
    assert list(shapes.values()) == [(2, 20), (5, 20), (20,)]
    assert all(name.startswith("lstm_cell/") for name in shapes)
    assert complete.nodes[1].shape == (5,)


def test_open_axes_stay_open(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((None, 2)), L.Conv1D(3, 4), L.LSTM(4), L.Dense(1)])
    engine = KerasEngine.followed(read(model, tmp_path / "m.keras"))
    assert [node.shape for node in engine.network.nodes] == [(None, 2), (None, 3), (4,), (1,)]
    assert engine.forward(np.zeros((3, 14)))[0].shape == (3, 1)


def test_several_inputs_and_ids(tmp_path: Path) -> None:
    ids, image = keras.Input((4,), dtype="int32", name="b_ids"), keras.Input((4, 4, 1), name="a_image")
    parts = [L.Flatten()(L.Embedding(9, 2)(ids)), L.Flatten()(L.Conv2D(2, 2)(image))]
    model = scattered(keras.Model({"b_ids": ids, "a_image": image}, L.Dense(1)(L.Concatenate()(parts))))
    engine = KerasEngine.followed(read(model, tmp_path / "m.keras"))
    rng = np.random.default_rng(9)
    columns = {"b_ids": rng.integers(0, 9, (ROWS, 4)), "a_image": rng.uniform(size=(ROWS, 16))}
    order = [engine.network.nodes[place].layer.name for place in engine.network.inputs]
    found = engine.forward(np.concatenate([columns[name] for name in order], axis=1).astype(np.float64))[0]
    given = {"b_ids": columns["b_ids"], "a_image": columns["a_image"].reshape(ROWS, 4, 4, 1)}
    np.testing.assert_allclose(found, np.asarray(model(given)), rtol=1e-5, atol=1e-5)


def test_an_id_out_of_range_is_told_in_a_line(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), L.Embedding(5, 2), L.LSTM(2), L.Dense(1)])
    engine = KerasEngine.followed(read(model, tmp_path / "m.keras"))
    with pytest.raises(InputError, match="Keras cannot run it on these rows") as told:
        engine.forward(np.full((2, 3), 7.0))
    assert "\n" not in str(told.value)


def test_heavy_models_run_forward_in_their_own_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = read(scattered(convolutional("tanh")), tmp_path / "m.keras")
    light = KerasEngine.followed(network)
    monkeypatch.setattr("mlpdoctor.engine.keras_ready.HEAVY", 10)
    monkeypatch.setattr("mlpdoctor.engine.keras_engine.MOST_CELLS", 10)
    heavy = KerasEngine.followed(network)
    x = np.random.default_rng(10).uniform(size=(ROWS, 64))
    assert heavy.forward(x)[0].dtype == np.float64
    np.testing.assert_allclose(heavy.forward(x)[0], light.forward(x)[0], rtol=1e-5)
    assert np.any(heavy.forward(x)[0] != light.forward(x)[0])
    np.testing.assert_array_equal(heavy.record(x).after[-1], light.record(x).after[-1])


def test_keras_keeps_its_own_precision(tmp_path: Path) -> None:
    engine = KerasEngine.followed(read(recurrent(L.GRU(2)), tmp_path / "m.keras"))
    engine.record(np.zeros((2, 16)))
    assert (keras.config.floatx(), keras.config.dtype_policy().name) == ("float32", "float32")
    assert L.Dense(1).dtype == "float32"


def test_on_another_backend_there_are_no_gradients_and_the_report_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(11)
    x = rng.normal(size=(60, 3))
    model = scattered(keras.Sequential([keras.Input((3,)), L.Dense(4, "tanh"), L.Dense(1)]))
    model.compile("adam", "mse")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    answers = examined(read(model, tmp_path / "m.keras"), Table(x, np.sin(x).sum(axis=1, keepdims=True)))
    assert answers.get(LossPosition).model > 0
    for kind in (Gradients, Curvature):
        absent = answers.get(kind)
        assert isinstance(absent, Absent)
        assert absent.reason == "gradients are taken by TensorFlow, and Keras runs on jax"


def examined(network: Network, table: Table) -> FactResolver:
    return examine(network, table, all_checks(), following=Following("keras"))


def test_what_is_missing_is_told_before_anything_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "modules", {name: one for name, one in sys.modules.items() if name != "keras"})
    assert keras_start.missing() is None
    monkeypatch.setenv("KERAS_BACKEND", "no_such_backend")
    told = "no_such_backend, which KERAS_BACKEND asks for, is not installed; pip install no_such_backend"
    assert keras_start.missing() == told
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert keras_start.missing() == 'keras is not installed; pip install "mlpdoctor[tensorflow]"'


@pytest.mark.parametrize("name", ["conv normalised", "lstm", "attention"])
def test_the_optimizer_s_state_is_told_apart(name: str, tmp_path: Path) -> None:
    shape, make = {**KINDS, "attention": ((8,), attentive)}[name]
    keras.utils.set_random_seed(2)
    model = make()
    model.compile("adam", "mse")
    fit(model, np.ones((4, *shape)), np.zeros((4, *model.output_shape[1:])))
    network = read(model, tmp_path / "m.keras")
    assert network.optimizer is not None
    assert not network.optimizer.slots
    followed = follow(network, Following())
    assert followed.network.optimizer is not None
    ours = followed.network.optimizer.slots
    assert followed.engine is not None
    assert {(layer, weight) for layer, one in ours.items() for weight in one} == set(followed.engine.weights)
    by_shape = sorted(float(np.abs(slot["velocity"]).sum()) for one in ours.values() for slot in one.values())
    velocities = [one for one in model.optimizer.variables if "velocity" in one.path]
    np.testing.assert_allclose(by_shape, sorted(float(np.abs(np.asarray(one)).sum()) for one in velocities))
    for layer, one in ours.items():
        for weight, slots in one.items():
            assert slots["momentum"].shape == followed.engine.weights[layer, weight].shape
