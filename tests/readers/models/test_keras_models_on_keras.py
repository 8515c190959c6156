"""What the model readers make of files that Keras saves: names, sharing, freezing, shapes."""

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Network
from mlpdoctor.readers.models.model import read_network

L = keras.layers
SUFFIXES = pytest.mark.parametrize("suffix", ["keras", "h5"])


def read(model: Any, folder: Path, suffix: str = "keras") -> Network:  # noqa: ANN401
    path = folder / f"model.{suffix}"
    model.save(path)
    return read_network(str(path))


def same_weights(network: Network, live: dict[str, Any]) -> None:
    for layer in network.layers:
        if layer.name in live:
            stored = [np.asarray(values) for values in layer.weights.values()]
            for ours, theirs in zip(stored, live[layer.name].get_weights(), strict=True):
                np.testing.assert_array_equal(ours, theirs)


@SUFFIXES
def test_nested_shared_and_frozen(suffix: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    block = keras.Sequential([keras.Input((3,)), L.Dense(3, name="d"), L.BatchNormalization(name="n")], name="body")
    block.layers[0].trainable = False
    frozen = keras.Sequential([keras.Input((3,)), L.Dense(3, name="d")], name="ice")
    frozen.trainable = False
    entry = keras.Input((3,), name="entry")
    model = keras.Model(entry, L.Dense(1, name="out")(frozen(block(block(entry)))), name="whole")
    for variable in model.variables:
        variable.assign(np.random.default_rng(0).uniform(0.5, 1, variable.shape))
    network = read(model, tmp_path, suffix)
    names = [node.layer.name for node in network.nodes]
    assert names == ["entry", "body/d", "body/n", "body/d", "body/n", "ice/d", "out"]
    assert network.nodes[1].layer is network.nodes[3].layer
    assert [node.sources for node in network.nodes] == [(), (0,), (1,), (2,), (3,), (4,), (5,)]
    assert {layer.name for layer in network.layers if not layer.trainable} == {"body/d", "ice/d"}
    dense, norm = block.layers
    same_weights(network, {"body/d": dense, "body/n": norm, "ice/d": frozen.layers[0], "out": model.layers[-1]})
    assert (network.name, network.output_names) == ("whole", ("out",))


@SUFFIXES
def test_dictionary_of_inputs_goes_by_key(suffix: str, tmp_path: Path) -> None:
    inputs = {"b": keras.Input((2,), name="b"), "a": keras.Input((3,), name="a")}
    inner = keras.Model(inputs, L.Subtract()([L.Dense(2)(inputs["a"]), inputs["b"]]), name="inner")
    left, right = keras.Input((2,), name="left"), keras.Input((3,), name="right")
    network = read(keras.Model([left, right], inner({"a": right, "b": left})), tmp_path, suffix)
    dense = next(node for node in network.nodes if node.layer.kind == "Dense")
    assert network.nodes[dense.sources[0]].layer.name == "right"


@SUFFIXES
def test_sequential_built_by_a_call(suffix: str, tmp_path: Path) -> None:
    model = keras.Sequential([L.Dense(4, "relu"), L.Dense(1)])
    model(np.zeros((1, 3), np.float32))
    network = read(model, tmp_path, suffix)
    assert [node.shape for node in network.nodes] == [(3,), (4,), (1,)]
    assert (network.input_width, network.output_widths) == (3, (1,))
    assert network.format == ("Keras 3 archive" if suffix == "keras" else "Keras 3 HDF5")
    assert network.keras_version == keras.__version__


def test_missing_input_shape_comes_from_the_first_kernel(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    keras.Sequential([keras.Input((3,)), L.Dense(4, name="d"), L.Dense(1)]).save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"] = [layer for layer in config["config"]["layers"] if layer["class_name"] != "InputLayer"]
        file.attrs["model_config"] = json.dumps(config)
    assert read_network(str(path)).nodes[0].shape == (3,)


def test_long_lists_of_names_are_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    model = keras.Sequential([keras.Input((2,)), L.Dense(2, name="first"), L.Dense(2, name="second")])
    model.save(path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/first"]
        names = group.attrs["weight_names"]
        del group.attrs["weight_names"]
        for number, name in enumerate(names):
            group.attrs[f"weight_names{number}"] = np.array([str(name).encode()])
    same_weights(read_network(str(path)), {layer.name: layer for layer in model.layers})


@SUFFIXES
def test_shapes_behind_an_unknown_layer(suffix: str, tmp_path: Path) -> None:
    entry = keras.Input((5,), name="entry")
    hidden = L.EinsumDense("ab,bc->ac", 4, name="odd")(entry)
    network = read(keras.Model(entry, L.Dense(2, name="out")(hidden)), tmp_path, suffix)
    odd, out = network.nodes[1], network.nodes[2]
    assert odd.shape == (4,)
    assert {name: weight.shape for name, weight in odd.layer.weights.items()} == {"0": (5, 4)}
    assert (out.shape, out.layer.weights["kernel"].shape) == ((2,), (4, 2))


def test_an_unknown_layer_inside_a_nested_model(tmp_path: Path) -> None:
    parts = [keras.Input((3,)), L.EinsumDense("ab,bc->ac", 4, name="odd"), L.Dense(2, name="d")]
    inner = keras.Sequential(parts, name="inner")
    network = read(keras.Sequential([keras.Input((3,)), inner]), tmp_path, "h5")
    same_weights(network, {"inner/d": inner.layers[1]})


def test_custom_classes_keep_their_registered_name(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("mine")
    class Dense(L.Dense):  # type: ignore[misc,name-defined]
        pass

    model = keras.Sequential([keras.Input((2,)), Dense(3, name="own"), L.Dense(1, name="out")])
    for suffix in ("keras", "h5"):
        own, out = read(model, tmp_path, suffix).layers[1:]
        assert (own.kind, own.registered, out.registered) == ("Dense", "mine>Dense", None)


def test_half_precision_weights_are_read(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), L.Dense(2, dtype="bfloat16", name="half")])
    kernel = np.array([[1.5, -2.0], [0.25, 96.0]])
    model.layers[0].set_weights([kernel, np.array([0.5, -1.0])])
    network = read(model, tmp_path)
    np.testing.assert_array_equal(network.layers[1].weights["kernel"].astype(float), kernel)


def test_the_content_and_not_the_suffix_tells_the_kind(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), L.Dense(1)])
    model.save(tmp_path / "a.keras")
    model.save(tmp_path / "b.h5")
    for name, disguise, kind in (("a.keras", "a.h5", "archive"), ("b.h5", "b.keras", "HDF5")):
        (tmp_path / name).rename(tmp_path / disguise)
        assert read_network(str(tmp_path / disguise)).format == f"Keras 3 {kind}"


def test_subclassed_models_are_explained(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("mine")
    class Model(keras.Model):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:  # noqa: ANN401
            super().__init__(**options)
            self.dense = L.Dense(1)

        def call(self, inputs: Any) -> Any:  # noqa: ANN401
            return self.dense(inputs)

    model = Model()
    model(np.zeros((1, 2), np.float32))
    model.save(tmp_path / "model.keras")
    with pytest.raises(ModelFileError, match=r"class Model, whose file does not tell its graph.*Functional"):
        read_network(str(tmp_path / "model.keras"))


def test_no_code_in_a_file_runs(tmp_path: Path) -> None:
    entry = keras.Input((2,))
    model = keras.Model(entry, L.Lambda(lambda z: z * 2, output_shape=(2,), name="code")(entry))
    path = tmp_path / "model.keras"
    model.save(path)
    config = json.loads(zipfile.ZipFile(path).read("config.json"))
    assert "__lambda__" in json.dumps(config)
    assert read_network(str(path)).layers[1].kind == "Lambda"
