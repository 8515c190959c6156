"""G602: a gradient that grows on its way back, beside TensorFlow's own gradients."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from model_cases import L, compiled, examined, found, number, only, put, quiet, stack, told, train, waves

from mlpdoctor.core.finding import Severity


def tower(seed: int, depth: int, gain: float, activation: str = "relu", width: int = 24) -> Any:  # noqa: ANN401
    keras.utils.set_random_seed(seed)
    start = keras.initializers.RandomNormal(stddev=gain * math.sqrt(2 / width))
    layers = [L.Dense(width, activation, kernel_initializer=start) for _ in range(depth)]
    return stack(3, *layers, L.Dense(1, kernel_initializer=start))


def growth_by_tensorflow(model: Any, x: Any, y: Any) -> float:  # noqa: ANN401
    sums, here = [], tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        for layer in model.layers:
            before = here @ layer.kernel + layer.bias
            tape.watch(before)
            sums.append(before)
            here = layer.activation(before)
        loss = tf.reduce_sum(tf.square(here - tf.constant(y, tf.float32)))
    first, *_, last, _ = (np.square(part.numpy().astype(np.float64)).sum() for part in tape.gradient(loss, sums))
    return math.sqrt(first / last)


@pytest.mark.parametrize(("depth", "gain", "activation"), [(10, 3.0, "relu"), (12, 2.5, "elu"), (14, 4.0, "relu")])
@pytest.mark.parametrize("seed", [0, 1])
def test_weights_that_are_too_large(tmp_path: Path, depth: int, gain: float, activation: str, seed: int) -> None:
    x, y = waves(150, 3, seed)
    model = tower(seed, depth, gain, activation)
    fresh = compiled(model, updates=0)
    finding = only(report := examined(tmp_path, fresh, x, y, rules=("G602",)), "G602")
    assert finding.severity is Severity.WARNING, told(report)
    assert number(finding, "times") == pytest.approx(growth_by_tensorflow(model, x, y), rel=5e-3)


def test_a_trained_one_is_an_error(tmp_path: Path) -> None:
    x, y = waves(150, 3, 2)
    model = compiled(tower(2, 11, 3.0), updates=0)
    train(model, x, y, 2, rate=1e-5)
    finding = only(report := examined(tmp_path, model, x, y, rules=("G602",)), "G602")
    assert finding.severity is Severity.ERROR, told(report)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ["relu", "tanh", "selu"])
def test_quiet_on_ordinary_starts(tmp_path: Path, activation: str, seed: int) -> None:
    x, y = waves(150, 3, seed)
    keras.utils.set_random_seed(seed)
    start = {"relu": "he_normal", "selu": "lecun_normal"}.get(activation, "glorot_uniform")
    layers = [L.Dense(32, activation, kernel_initializer=start) for _ in range(12)]
    model = compiled(stack(3, *layers, L.Dense(1)), updates=0)
    assert quiet(report := examined(tmp_path, model, x, y, rules=("G602",)), "G602"), told(report)


def test_quiet_on_a_head_that_starts_near_zero_and_on_one_that_is_large(tmp_path: Path) -> None:
    """The named false alarm: a head start of tiny weights makes gradients small, a large head is part of the answer."""
    x, y = waves(150, 3, 0)
    keras.utils.set_random_seed(0)
    small = stack(3, L.Dense(16, "relu"), L.Dense(1, kernel_initializer=keras.initializers.RandomNormal(stddev=1e-6)))
    assert quiet(examined(tmp_path, compiled(small, updates=0), x, y, rules=("G602",)), "G602")
    far = stack(1, L.Dense(1), L.Dense(1))
    put(far.layers[0], [[1]], [0])
    put(far.layers[1], [[1e5]], [0])
    line = np.linspace(-1, 1, 80)[:, None]
    assert not found(examined(tmp_path, compiled(far), line, 1e5 * line, rules=("G602",)), "G602")


def test_broken_weights_are_left_to_w301(tmp_path: Path) -> None:
    x, y = waves(100, 3, 0)
    model = compiled(tower(0, 3, 1.0))
    put(model.layers[1], np.full((24, 24), np.nan), np.zeros(24))
    report = examined(tmp_path, model, x, y, rules=("G602", "W301"))
    assert found(report, "W301")
    assert not found(report, "G602")
