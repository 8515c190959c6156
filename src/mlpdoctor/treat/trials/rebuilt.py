"""A model that this Keras cannot load, as many of Keras 2 are, rebuilt from our own reading of its file.

The file is untrusted here as everywhere: only layers are made that mlpdoctor computes itself, none whose configuration
names code, and all of them in Keras's safe mode.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpdoctor.core.network import Array, Layer, Network
from mlpdoctor.engine.keras_guard import objections
from mlpdoctor.engine.keras_start import keras, safe_mode
from mlpdoctor.engine.numpy_engine import NumpyEngine, UnsupportedLayer
from mlpdoctor.engine.tape import split
from mlpdoctor.nn.layers.properties import obstacle

SAME = 1e-3
"""How far answers may lie apart, relative to their size: Keras computes in float32."""
PROBES = 64
"""Rows on which the rebuilt model is compared with the file."""
GONE = ("batch_input_shape", "batch_shape", "input_shape", "input_dtype", "ragged", "sparse")
RENAMED: Mapping[str, Mapping[str, str]] = {"LeakyReLU": {"alpha": "negative_slope"}}


class Different(Exception):  # noqa: N818  it says what was found
    """The model cannot be rebuilt so that it answers the same."""


def rebuilt(network: Network) -> Any:  # noqa: ANN401  a Keras model
    """The model layer by layer, with its weights; the answers are compared with those that the file stands for.

    Raises:
        Different: it cannot be rebuilt, or does not answer the same.
    """
    if any("/" in layer.name for layer in network.layers):
        raise Different("it holds models inside the model")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = _called(network)
            _filled(model, network)
            _compared(model, network)
    except Different:
        raise
    except Exception as fault:
        raise Different(" ".join(str(fault).split())[:200] or type(fault).__name__) from fault
    return model


def _called(network: Network) -> Any:  # noqa: ANN401  a Keras model
    k = keras()
    made: dict[int, Any] = {}
    values: list[Any] = []
    for node in network.nodes:
        layer = node.layer
        if layer.kind == "InputLayer":
            values.append(k.Input(node.shape, name=layer.name))
            continue
        if id(layer) not in made:
            made[id(layer)] = _layer(layer)
        sources = [values[place] for place in node.sources]
        values.append(made[id(layer)](sources[0] if len(sources) == 1 else sources))
    inputs = [values[place] for place in network.inputs]
    outputs = [values[place] for place in network.outputs]
    return k.Model(
        inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0], name=network.name
    )


def _layer(layer: Layer) -> Any:  # noqa: ANN401  a Keras layer
    unknown = obstacle(layer)
    if unknown is not None:
        raise Different(f"{layer.name} {unknown}, and only layers that mlpdoctor computes itself are rebuilt")
    if any(objections(layer.config)):
        raise Different(f"the configuration of {layer.name} names code or a file")
    names = RENAMED.get(layer.kind, {})
    config = {names.get(key, key): value for key, value in layer.config.items() if key not in GONE}
    if isinstance(config.get("axis"), list | tuple) and layer.kind == "BatchNormalization":
        config["axis"] = config["axis"][0]
    config["trainable"] = layer.trainable
    kind = getattr(keras().layers, layer.kind, None)
    if kind is None:
        raise Different(f"Keras {keras().__version__} has no layer {layer.kind}")
    with safe_mode():
        return kind.from_config(config)


def _filled(model: Any, network: Network) -> None:  # noqa: ANN401  a Keras model
    for layer in network.layers:
        if not layer.weights:
            continue
        for variable in model.get_layer(layer.name).weights:
            if variable.name not in layer.weights:
                raise Different(f"{layer.name} has no {variable.name} in the file")
            variable.assign(layer.weights[variable.name])
        if layer.kind == "Normalization":
            model.get_layer(layer.name).finalize_state()


def _compared(model: Any, network: Network) -> None:  # noqa: ANN401  a Keras model
    width = network.input_width
    if width is None:
        raise Different("the width of its input is open")
    rows = np.random.default_rng(0).normal(size=(PROBES, width))
    try:
        ours = NumpyEngine(network).forward(rows)
    except UnsupportedLayer as unsupported:
        raise Different(str(unsupported)) from unsupported
    given = [part.astype(np.float32) for part in split(network, rows)]
    theirs = keras().tree.flatten(model(given if len(given) > 1 else given[0], training=False))
    for one, other in zip(ours, theirs, strict=True):
        if not _alike(one, np.asarray(other, dtype=np.float64)):
            raise Different("rebuilt in this Keras it predicts something else")


def _alike(one: Array, other: Array) -> bool:
    flat, twin = one.reshape(len(one), -1), other.reshape(len(other), -1)
    if flat.shape != twin.shape:
        return False
    finite = np.isfinite(flat) & np.isfinite(twin)
    size = max(float(np.abs(flat[finite]).max(initial=0.0)), 1e-6)
    return bool((np.abs(flat - twin)[finite] <= SAME * size).all())
