"""From a file to plain data and back: nothing is lost, nothing half-written, and files of Keras 2 come through."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import stack
from paths import FIXTURES

from mlpdoctor.core.errors import ModelFileError, UsageError
from mlpdoctor.core.network import LossConfig, Optimizer
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.treat.trials.model import build, keras_loss, keras_optimizer, load, write
from mlpdoctor.treat.trials.rebuilt import Different, rebuilt

L = keras.layers


def saved(folder: Path) -> tuple[Path, Any]:
    model = stack(
        3,
        L.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0]),
        L.Dense(4, "relu", kernel_initializer=keras.initializers.HeUniform(seed=1), kernel_regularizer="l2"),
        L.BatchNormalization(),
        L.Dense(1, kernel_initializer=keras.initializers.HeUniform(seed=2)),
    )
    model.compile(keras.optimizers.SGD(0.02, momentum=0.8), keras.losses.Huber(0.4), metrics=["mae"])
    rng = np.random.default_rng(0)
    fit(model, rng.normal(size=(16, 3)), rng.normal(size=(16, 1)))
    model.save(folder / "model.keras")
    return folder / "model.keras", model


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    file, model = saved(tmp_path)
    spec = load(read_network(str(file)), {})
    twin = build(spec)
    x = np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(model(x)), np.asarray(twin(x)))
    for one, other in zip(model.weights, twin.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    for one, other in zip(model.layers, twin.layers, strict=True):
        assert json.dumps(one.get_config(), sort_keys=True) == json.dumps(other.get_config(), sort_keys=True)
    assert twin.optimizer.get_config() == {**model.optimizer.get_config(), "name": twin.optimizer.name}
    assert int(twin.optimizer.iterations.numpy()) == 0
    losses = [network.losses for network in (read_network(str(file)), _written(twin, tmp_path))]
    assert losses[0][0] is not None
    assert losses[0][0].name == losses[1][0].name == "Huber"  # type: ignore[union-attr]


def _written(model: Any, folder: Path) -> Any:  # noqa: ANN401
    write(model, folder / "again.keras")
    return read_network(str(folder / "again.keras"))


@pytest.mark.parametrize("kind", ["mean", "adapted"])
def test_normalization_works_after_its_weights_are_set(kind: str) -> None:
    layer = L.Normalization(mean=[2.0], variance=[4.0]) if kind == "mean" else L.Normalization()
    if kind == "adapted":
        layer.adapt(np.array([[0.0], [4.0], [2.0]], np.float32))
    model = keras.Sequential([keras.Input((1,)), layer, L.Dense(1)])
    model.compile("sgd", "mse")
    from mlpdoctor.treat.editing.edits import ModelSpec
    from mlpdoctor.treat.trials.model import weights_of

    twin = build(ModelSpec("Sequential", model.get_config(), weights_of(model), model.get_compile_config()))
    x = np.array([[7.0]], np.float32)
    np.testing.assert_allclose(np.asarray(model(x)), np.asarray(twin(x)), rtol=1e-6)


@pytest.mark.parametrize(
    ("file", "nested"),
    [("tf215-graph.keras", True), ("tf212-r-style.h5", False), ("tf212-legacy-sgd.keras", False)],
)
def test_files_of_keras_2_are_loaded_or_refused_in_a_line(file: str, *, nested: bool) -> None:
    network = read_network(str(FIXTURES / "legacy" / file))
    if None in network.losses:
        network = dataclasses.replace(network, losses=(LossConfig("mse"),) * len(network.outputs))
    expected = np.load(FIXTURES / "legacy" / f"{file}.npz")
    if nested:
        with pytest.raises(ModelFileError, match=r"models inside the model.*nothing can be tried"):
            load(network, {})
        return
    twin = build(load(network, {}))
    answers = np.asarray(twin(expected["x"].astype(np.float32)))
    np.testing.assert_allclose(answers.reshape(expected["y"].shape), expected["y"], rtol=1e-3, atol=1e-4)


def test_a_graph_is_rebuilt_and_compared(tmp_path: Path) -> None:
    entry = keras.Input((3,), name="entry")
    shared = L.Dense(3, "tanh", kernel_initializer=keras.initializers.HeUniform(seed=1), name="shared")
    middle = shared(shared(entry))
    end = L.Dense(1, kernel_initializer=keras.initializers.HeUniform(seed=2), name="end")(L.Add()([entry, middle]))
    model = keras.Model(entry, end)
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    network = read_network(str(tmp_path / "model.keras"))
    twin = rebuilt(network)
    x = np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(model(x)), np.asarray(twin(x)), rtol=1e-5, atol=1e-6)
    assert [layer.name for layer in twin.layers if layer.weights] == ["shared", "end"]
    broken = dataclasses.replace(
        network,
        nodes=tuple(dataclasses.replace(n, layer=dataclasses.replace(n.layer, kind="Nonsense")) for n in network.nodes),
    )
    with pytest.raises(Different, match="of the kind Nonsense"):
        rebuilt(broken)


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "cured.keras"
    file.write_bytes(b"before")

    class Breaking:
        def save(self, place: Path) -> None:
            place.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="No space left on device"):
        write(Breaking(), file)
    assert file.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["cured.keras"]


@pytest.mark.parametrize("name", ["mse", "MeanSquaredError", "mean_squared_error", "Huber", "huber_loss"])
def test_losses_are_found_by_any_name_they_go_by(name: str) -> None:
    assert callable(keras_loss(LossConfig(name)))


def test_a_loss_of_somebodys_own_is_refused_with_a_way_out() -> None:
    with pytest.raises(UsageError, match="--loss mse"):
        keras_loss(LossConfig("my_package>Pinball"))


def test_an_optimizer_keeps_its_options_and_takes_the_rate_of_the_day() -> None:
    old = Optimizer("Adam", {"beta_1": 0.8, "decay": 0.1, "is_legacy_optimizer": False, "learning_rate": 0.1}, 5, 0.02)
    made = keras_optimizer(old)
    assert float(made.learning_rate.numpy()) == pytest.approx(0.02)
    assert made.beta_1 == 0.8
    assert type(keras_optimizer(None)).__name__ == "Adam"
    with pytest.raises(UsageError, match="not one of Keras's own"):
        keras_optimizer(Optimizer("Mine"))
