"""G606: training that has come to rest above every floor."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import L, alarms, compiled, examined, found, number, only, put, quiet, stack, told, train, waves

from mlpdoctor.core.finding import Certainty, Severity

GRID = np.random.default_rng(3).uniform(-1, 1, (300, 2))


def product(seed: int) -> tuple[Any, Any]:
    """Exclusive or: the sign of a product, smoothed."""
    rng = np.random.default_rng(seed)
    y = np.tanh(8 * GRID[:, :1] * GRID[:, 1:]) + 0.02 * rng.normal(size=(len(GRID), 1))
    return GRID, y / y.std()


def come_to_rest(model: Any, x: Any, y: Any, epochs: int = 900) -> Any:  # noqa: ANN401
    """Full-batch training to a standstill: the rows repeated, so that one call of Keras makes all updates."""
    for rate, part in ((0.05, 0.5), (0.005, 0.3), (0.0005, 0.2)):
        model.optimizer.learning_rate = rate
        number_of = int(epochs * part)
        fit(model, np.tile(x, (number_of, 1)), np.tile(y, (number_of, 1)), batch=len(x), shuffle=False)
    return model


@pytest.mark.parametrize(("units", "activation", "seed"), [(2, "tanh", 0), (2, "sigmoid", 1), (2, "tanh", 3)])
@pytest.mark.series
def test_too_few_tanh_units_in_a_local_minimum(tmp_path: Path, units: int, activation: str, seed: int) -> None:
    x, y = product(seed)
    keras.utils.set_random_seed(seed)
    model = stack(2, L.Dense(units, activation), L.Dense(1))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    report = examined(tmp_path, come_to_rest(model, x, y), x, y, rules=("G604", "G606", "G607"))
    finding = only(report, "G606")
    assert finding.evidence.certainty is Certainty.TRIED
    assert finding.severity is Severity.WARNING, told(report)
    assert quiet(report, "G607"), told(report)
    assert quiet(report, "G604"), told(report)


def test_the_gradient_is_that_of_tensorflow(tmp_path: Path) -> None:
    import tensorflow as tf

    x, y = product(0)
    keras.utils.set_random_seed(0)
    model = stack(2, L.Dense(2, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    come_to_rest(model, x, y)
    finding = only(examined(tmp_path, model, x, y, rules=("G606",)), "G606")
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x.astype(np.float32)) - y.astype(np.float32)))
    parts = tape.gradient(loss, model.trainable_variables)
    expected = math.sqrt(sum(float(np.square(part.numpy()).sum()) for part in parts))
    assert number(finding, "gradient") == pytest.approx(expected, rel=0.05, abs=1e-6)


def test_a_saddle_of_equal_units_is_put_down_to_them(tmp_path: Path) -> None:
    """All weights zero: no gradient anywhere but at the last bias, and W302 says why."""
    x, y = waves(300, 2, 1)
    y = (y - y.mean()) / y.std()
    model = compiled(stack(2, L.Dense(8, "tanh"), L.Dense(1)), updates=500)
    for layer in model.layers:
        put(layer, *(np.zeros_like(weight) for weight in layer.get_weights()))
    report = examined(tmp_path, model, x, y)
    for finding in found(report, "G606"):
        assert finding.because_of is not None, told(report)


def test_quiet_on_a_line_that_is_all_there_can_be(tmp_path: Path) -> None:
    """The named false alarm: the minimum of a linear model is no trap, it is its proved floor."""
    x, y = product(2)
    model = stack(2, L.Dense(1))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    report = examined(tmp_path, come_to_rest(model, x, y, 300), x, y, rules=("G606",))
    assert quiet(report, "G606"), told(report)


def test_quiet_while_the_loss_falls_and_when_it_is_done(tmp_path: Path) -> None:
    x, y = waves(300, 2, 3)
    y = (y - y.mean()) / y.std()
    keras.utils.set_random_seed(3)
    model = stack(2, L.Dense(24, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.Adam(1e-3), "mse")
    fit(model, x, y, epochs=2)
    assert quiet(report := examined(tmp_path, model, x, y), "G606"), told(report)
    (tmp_path / "done").mkdir()
    model.compile(keras.optimizers.Adam(0.01), "mse")
    report = examined(tmp_path / "done", train(model, x, y, 150), x, y)
    assert not found(report, "G606")
    assert not alarms(report), told(report)
