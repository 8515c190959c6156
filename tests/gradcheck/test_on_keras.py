"""Our gradient of a chain is TensorFlow's, for every activation and loss that a check can be asked about."""

from typing import Any

import numpy as np
import pytest
from hand_written import OTHERS, SLOPES, HandWritten, drawn

from mlpdoctor.gradcheck.backward import Run, gradients
from mlpdoctor.gradcheck.plan import all_right
from mlpdoctor.gradcheck.recognition import named_layers, recognised

pytestmark = pytest.mark.keras

LOSSES = {"mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "bce": "BinaryCrossentropy"}
LOSSES |= {"cce": "CategoricalCrossentropy"}
OUTPUTS = {"mse": "linear", "mae": "tanh", "bce": "sigmoid", "cce": "softmax"}


def of_tensorflow(net: HandWritten) -> list[Any]:
    import keras
    import tensorflow as tf

    variables = [tf.Variable(values, dtype=tf.float64) for values in net.parameters]
    half = len(variables) // 2
    with tf.GradientTape() as tape:
        outputs = tf.constant(net.x, dtype=tf.float64)
        for weight, bias, name in zip(variables[:half], variables[half:], net.activations, strict=True):
            outputs = keras.activations.get(name)(outputs @ weight + bias)
        loss = getattr(keras.losses, LOSSES[net.loss_kind])(dtype="float64")(net.y.astype(float), outputs)
    return [values.numpy() for values in tape.gradient(loss, variables)]


def ours(net: HandWritten) -> list[Any]:
    points, losses = [], []
    for size in (1.0, 1.1, 0.9):
        moved = HandWritten(net.sizes, net.activations, net.loss_kind, rows=net.rows, seed=net.seed)
        for values in moved.parameters:
            values *= size  # noqa: PLW2901  in place
        points.append([values.copy() for values in moved.parameters])
        losses.append(float(moved.loss()))
    names = [f"parameters[{place}]" for place in range(len(points[0]))]
    chain = recognised(names, points, losses, net.x, net.y, named_layers(net.activations), "float64")
    assert chain is not None
    return gradients(Run.of(chain, points[0]), all_right(chain.places))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", [*SLOPES, *OTHERS])
def test_the_gradient_is_that_of_tensorflow(name: str, loss: str) -> None:
    net = HandWritten([3, 6, 4, 3], [name, name, OUTPUTS[loss]], loss, rows=9, seed=2)
    for mine, theirs in zip(ours(net), of_tensorflow(net), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7 * np.abs(theirs).max())


@pytest.mark.parametrize("seed", range(12))
def test_so_it_is_for_random_networks(seed: int) -> None:
    found = drawn(seed, 0)
    net = HandWritten(found.sizes, found.activations, found.loss_kind, rows=found.rows, seed=found.seed)
    for mine, theirs in zip(ours(net), of_tensorflow(net), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6 * max(np.abs(theirs).max(), 1e-9))
