"""G608, with Keras: clipping far below the gradient, all the time."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import L, examined, number, only, stack, waves

Optimizers = keras.optimizers


def trained(optimizer: Any, seed: int, updates: int = 150) -> tuple[Any, Any, Any]:  # noqa: ANN401
    x, y = waves(300, 3, seed)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(seed)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(optimizer, "mse")
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(len(x)) for _ in range(-(-updates * 32 // len(x)))])[: updates * 32]
    fit(model, x[order], y[order], batch=32, shuffle=False)
    return model, x, y


def test_the_share_is_that_of_the_gradients_keras_has(tmp_path: Path) -> None:
    import tensorflow as tf

    model, x, y = trained(Optimizers.SGD(0.05, global_clipnorm=0.002), 2)
    finding = only(examined(tmp_path, model, x, y, rules=("G608",)), "G608")
    rng, shares = np.random.default_rng(5), []
    for _ in range(40):
        part = rng.permutation(len(x))[:32]
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x[part].astype(np.float32)) - y[part].astype(np.float32)))
        norm = float(tf.linalg.global_norm(tape.gradient(loss, model.trainable_variables)))
        shares.append(0.002 / norm)
    assert number(finding, "left_share") == pytest.approx(float(np.median(shares)), rel=0.3)
