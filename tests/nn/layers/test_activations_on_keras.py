"""Activation functions against Keras itself: values, and slopes as TensorFlow takes them."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from activation_cases import CONFIGURED, GRID, slope, smooth_points

from mlpdoctor.core.network import Array
from mlpdoctor.nn.layers.activations import named_activations

NAMES = sorted(named_activations())
IN_KERAS = sorted(
    name
    for name in dir(keras.activations)
    if callable(getattr(keras.activations, name)) and name not in {"get", "serialize", "deserialize", "threshold"}
)
IN_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "relu slope": keras.layers.ReLU(negative_slope=0.3),
    "relu slope 1": keras.layers.ReLU(negative_slope=1.0),
    "relu slope 1 cap": keras.layers.ReLU(negative_slope=1.0, max_value=2.0),
    "relu cap": keras.layers.ReLU(max_value=2.0),
    "relu cap 0": keras.layers.ReLU(max_value=0.0),
    "relu threshold": keras.layers.ReLU(threshold=1.5),
    "relu all": keras.layers.ReLU(max_value=3.0, negative_slope=0.2, threshold=0.5),
    "relu below": lambda z: keras.activations.relu(
        z,
        negative_slope=0.1,
        max_value=2.0,
        threshold=-1.0,
    ),
    "relu open below": lambda z: keras.activations.relu(z, threshold=-1.0),
    "relu negative slope": lambda z: keras.activations.leaky_relu(z, negative_slope=-0.5),
    "leaky 0": keras.layers.LeakyReLU(0.0),
    "elu 2": keras.layers.ELU(alpha=2.0),
    "elu 0": keras.layers.ELU(alpha=0.0),
    "celu 2": lambda z: keras.activations.celu(z, alpha=2.0),
    "threshold": lambda z: keras.activations.threshold(z, 1.0, -2.0),
    "threshold joined": lambda z: keras.activations.threshold(z, 1.0, 1.0),
}
ALL = {name: (known, keras.activations.get(name)) for name, known in named_activations().items() if name in IN_KERAS}
ALL |= {name: (known, IN_OPTIONS[name]) for name, known in CONFIGURED.items()}
ELEMENTWISE = sorted(name for name, (known, _) in ALL.items() if known.derivative is not None)


def test_every_keras_activation_is_known() -> None:
    assert set(IN_KERAS) <= set(NAMES)


@pytest.mark.parametrize("name", sorted(ALL))
def test_values_are_those_of_keras(name: str) -> None:
    known, theirs = ALL[name]
    z = GRID[: len(GRID) // 4 * 4].reshape(-1, 4)
    np.testing.assert_allclose(known.function(z), np.asarray(in_float64(theirs, z)), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivative_is_that_of_tensorflow(name: str) -> None:
    known, theirs = ALL[name]
    z = smooth_points(known)
    point = tf.constant(z, dtype=tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = theirs(point)
    gradient = tape.gradient(value, point)
    expected = np.zeros_like(z) if gradient is None else np.asarray(gradient)
    np.testing.assert_allclose(slope(known, z), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_at_corners_and_jumps_the_slope_is_what_tensorflow_takes(name: str) -> None:
    known, theirs = ALL[name]
    z = np.unique([0.0, *(known.kinks or ()), -3.0, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0])
    point = tf.constant(z, dtype=tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = theirs(point)
    gradient = tape.gradient(value, point)
    expected = np.zeros_like(z) if gradient is None else np.asarray(gradient)
    np.testing.assert_allclose(slope(known, z), expected, rtol=2e-5, atol=2e-6)


def in_float64(theirs: Callable[[Any], Any], z: Array) -> Any:  # noqa: ANN401
    if isinstance(theirs, keras.layers.Layer):
        return theirs(tf.constant(z, dtype=tf.float32))
    return theirs(tf.constant(z, dtype=tf.float64))
