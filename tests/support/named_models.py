"""Small ``.keras`` and ``.h5`` files with names of one's own choosing, written without Keras."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def layer(kind: str, name: str, **config: object) -> dict[str, Any]:
    module = "keras.layers"
    return {"module": module, "class_name": kind, "config": {"name": name, **config}, "registered_name": None}


def _dense(name: str, units: int) -> dict[str, Any]:
    return layer("Dense", name, units=units, activation="linear", use_bias=True, trainable=True, dtype="float32")


def two_dense(names: tuple[str, str], model: str = "model", loss: str = "mse") -> dict[str, Any]:
    """One feature, three linear units, one output: a straight line, which is a finding about the first layer."""
    entry = layer("InputLayer", "in", batch_shape=[None, 1], dtype="float32")
    layers = [entry, _dense(names[0], 3), _dense(names[1], 1)]
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": model, "layers": layers, "build_input_shape": [None, 1]},
        "registered_name": None,
        "compile_config": {"optimizer": "sgd", "loss": loss},
    }


WEIGHTS = (np.ones((1, 3)), np.zeros(3), np.ones((3, 1)), np.zeros(1))


def archive(path: Path, config: dict[str, Any], version: str = "3.9.0") -> Path:
    """As Keras 3 writes it."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for place, values in enumerate(WEIGHTS):
            folder = "dense" if place < 2 else "dense_1"
            file[f"layers/{folder}/vars/{place % 2}"] = values.astype("f4")
    with zipfile.ZipFile(path, "w") as whole:
        whole.writestr("metadata.json", json.dumps({"keras_version": version}))
        whole.writestr("config.json", json.dumps(config))
        whole.writestr("model.weights.h5", content.getvalue())
    return path


def legacy(path: Path, config: dict[str, Any]) -> Path:
    """As ``model.save('model.h5')`` writes it: weights lie under the names of their layers."""
    names = [item["config"]["name"] for item in config["config"]["layers"][1:]]
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "3.9.0"
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["training_config"] = json.dumps({"loss": "mse", "optimizer_config": None})
        for place, name in enumerate(names):
            group = file.create_group(f"model_weights/{name}")
            group["kernel"], group["bias"] = (values.astype("f4") for values in WEIGHTS[2 * place : 2 * place + 2])
            group.attrs["weight_names"] = ["kernel", "bias"]
    return path
