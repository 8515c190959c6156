"""Gradients by TensorFlow's tape and by mlpdoctor's own engine, of the same Keras model on the same rows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mlpdoctor.core.network import Array, Key, Network
from mlpdoctor.readers.models.model import read_network

Model = Any


@contextmanager
def in_float64() -> Iterator[None]:
    """Lets Keras make and train models in float64, where twelve digits of a gradient can be compared."""
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(policy)


@dataclass(frozen=True)
class Found:
    """Loss with penalties, and its gradient with respect to each trainable weight."""

    loss: float
    weights: Mapping[Key, Array]


def keys(model: Model) -> dict[Key, Any]:
    """The trainable variables as mlpdoctor names them, those of nested models by the end of their path."""
    found = {}
    for layer in model.layers:
        for v in layer.trainable_variables:
            nested = hasattr(layer, "layers")
            found[layer.name, "/".join(v.path.split("/")[-2:]) if nested else v.name] = v
    return found


def by_tensorflow(
    model: Model, x: Sequence[Array], y: Sequence[Array], weights: Array | None = None, *, training: bool = True
) -> Found:
    """What ``fit`` hands to the optimizer for one batch."""
    dtype = keras.config.floatx()
    inputs = [tf.constant(part, dtype) for part in x]
    targets = [tf.constant(part, dtype) for part in y]
    own = None if weights is None else [tf.constant(weights, dtype) for _ in y]
    single = len(targets) == 1
    variables = keys(model)
    with tf.GradientTape() as tape:
        answers = model(inputs if len(inputs) > 1 else inputs[0], training=training)
        loss = model.compute_loss(
            y=targets[0] if single else targets,
            y_pred=answers,
            sample_weight=own[0] if own and single else own,
        )
    found = tape.gradient(loss, [v.value for v in variables.values()], unconnected_gradients="zero")
    arrays = [np.asarray(tf.convert_to_tensor(part), np.float64) for part in found]
    return Found(float(loss), dict(zip(variables, arrays, strict=True)))


def saved(model: Model, path: Path) -> Network:
    """The model as mlpdoctor reads it."""
    model.save(path)
    return read_network(str(path))
