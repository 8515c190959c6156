"""A file is untrusted in ``treat`` too: what the guard refuses is not rebuilt, and no code of a file is run."""

import base64
import io
import json
import marshal
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Layer, LossConfig, Network, Node
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.treat.trials.model import load
from mlpdoctor.treat.trials.rebuilt import Different, rebuilt

MARK = "was-run"


def code(folder: Path) -> str:
    """Marshalled code that leaves a mark, as Keras stores a Lambda's."""
    source = f"lambda x: (open({str(folder / MARK)!r}, 'w').close(), x)[1]"
    return base64.b64encode(marshal.dumps(eval(source).__code__)).decode("ascii")  # noqa: S307  our own words


def lambda_config(folder: Path) -> dict[str, Any]:
    function = {"class_name": "__lambda__", "config": {"code": code(folder), "defaults": None, "closure": None}}
    return {"name": "lambda", "trainable": True, "dtype": "float32", "function": function, "arguments": {}}


def dense_config(**more: object) -> dict[str, Any]:
    return {"name": "dense", "trainable": True, "dtype": "float32", "units": 1, "activation": "linear", **more}


def network(*layers: Layer) -> Network:
    nodes = [Node(Layer("in", "InputLayer", {}), (), (1,))]
    nodes += [Node(layer, (place,), (1,)) for place, layer in enumerate(layers)]
    last = len(nodes) - 1
    return Network("n", tuple(nodes), (0,), (last,), ("out",), (LossConfig("mse"),), (1.0,), None, "n.keras", "by hand")


def saved(folder: Path) -> str:
    """A .keras file with a Lambda in front of a Dense, written without Keras."""

    def entry(kind: str, config: dict[str, Any]) -> dict[str, Any]:
        return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}

    first = {"batch_shape": [None, 1], "dtype": "float32", "name": "in"}
    layers = [entry("InputLayer", first), entry("Lambda", lambda_config(folder)), entry("Dense", dense_config())]
    compiled = {"optimizer": "sgd", "loss": "mse", "metrics": None}
    whole = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "trainable": True, "layers": layers, "build_input_shape": [None, 1]},
        "registered_name": None,
        "compile_config": compiled,
    }
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file["layers/dense/vars/0"] = np.ones((1, 1), np.float32)
        file["layers/dense/vars/1"] = np.zeros(1, np.float32)
    path = folder / "lambda.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0", "date_saved": "x"}))
        archive.writestr("config.json", json.dumps(whole))
        archive.writestr("model.weights.h5", weights.getvalue())
    return str(path)


def test_the_mark_would_be_seen(tmp_path: Path) -> None:
    layer = keras.layers.Lambda(lambda x: x)
    config = {**layer.get_config(), "function": lambda_config(tmp_path)["function"]}
    with keras.src.saving.serialization_lib.SafeModeScope(safe_mode=False):
        keras.layers.Lambda.from_config(config)(np.ones((1, 1)))
    assert (tmp_path / MARK).exists()


def test_what_the_guard_refuses_is_not_rebuilt(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with pytest.raises(ModelFileError, match=r"which mlpdoctor never runs.*nothing can be tried"):
        load(read_network(path), {})
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("kind", ["Lambda", "TFSMLayer", "StringLookup", "TextVectorization", "TorchModuleWrapper"])
def test_only_layers_that_mlpdoctor_computes_are_rebuilt(kind: str, tmp_path: Path) -> None:
    with pytest.raises(Different, match="only layers that mlpdoctor computes itself"):
        rebuilt(network(Layer("lambda", kind, lambda_config(tmp_path))))
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("option", ["activation", "kernel_initializer", "bias_constraint"])
def test_code_in_a_layers_options_is_not_run(option: str, tmp_path: Path) -> None:
    inner = {"module": "keras.layers", "class_name": "Lambda", "config": lambda_config(tmp_path)}
    layer = Layer("dense", "Dense", dense_config(**{option: inner}))
    with pytest.raises(Different):
        rebuilt(network(layer))
    hidden = Layer("dense", "Dense", dense_config(**{option: {"compile_config": inner}}))
    with pytest.raises(Different):
        rebuilt(network(hidden))
    assert not (tmp_path / MARK).exists()


def test_a_plain_network_is_rebuilt() -> None:
    weights = {"kernel": np.full((1, 1), 2.0, np.float32), "bias": np.ones(1, np.float32)}
    model = rebuilt(network(Layer("dense", "Dense", dense_config(), weights)))
    assert np.allclose(model(np.array([[3.0]], np.float32)), 7.0)
