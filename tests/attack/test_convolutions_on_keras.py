"""Affine convolutions: what is proved of their file, TensorFlow's own gradients do not get below."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from effort import EFFORT
from hand_built import examined
from keras import layers
from scipy.optimize import minimize

from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.network import Array
from mlpdoctor.facts.ladder.architecture_floor import ArchitectureFloor
from mlpdoctor.readers.models.model import read_network


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6 if EFFORT.every else 1))
def test_no_training_of_affine_convolutions_gets_below_the_floor(seed: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(40, 6)), rng.normal(size=(40, 1))
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Reshape((6, 1)),
            layers.Conv1D(4, 3, padding="same" if seed % 2 else "valid"),
            layers.BatchNormalization() if seed % 3 == 0 else layers.AveragePooling1D(2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    model.save(tmp_path / "model.keras")
    floor = examined(read_network(str(tmp_path / "model.keras")), x, y).get(ArchitectureFloor)
    assert isinstance(floor, ArchitectureFloor)
    assert floor.certainty is Certainty.PROVED
    inputs, targets = tf.constant(x, tf.float32), tf.constant(y, tf.float32)
    variables = model.trainable_variables
    sizes = [int(np.prod(one.shape)) for one in variables]

    @tf.function  # type: ignore[untyped-decorator]
    def slopes() -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            found = tf.reduce_mean(tf.square(model(inputs, training=False) - targets))
        return found, tape.gradient(found, [one.value for one in variables])

    def loss(weights: Array) -> tuple[float, Array]:
        for one, values in zip(variables, np.split(weights, np.cumsum(sizes)[:-1]), strict=True):
            one.assign(values.reshape(one.shape))
        found, here = slopes()
        return float(found), np.concatenate([np.ravel(slope) for slope in here]).astype(np.float64)

    reached = []
    for _ in range(3):
        start = rng.normal(size=sum(sizes))
        reached.append(float(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).fun))
    assert min(reached) >= floor.total - 1e-6
    assert min(reached) <= floor.total + 0.05
