"""G601: a gradient that fades on its way back, beside TensorFlow's own gradients."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from model_cases import L, alarms, compiled, examined, found, only, put, quiet, stack, told, train, waves

from mlpdoctor.core.finding import Certainty, Severity


def tower(seed: int, depth: int, activation: str, width: int = 16, start: Any = "glorot_uniform") -> Any:  # noqa: ANN401
    keras.utils.set_random_seed(seed)
    layers = [L.Dense(width, activation, kernel_initializer=start, name=f"hidden_{k}") for k in range(depth)]
    return stack(3, *layers, L.Dense(1, name="out"))


def standard(rows: int, seed: int) -> tuple[Any, Any]:
    x, y = waves(rows, 3, seed)
    return x, (y - y.mean()) / y.std()


def sizes_by_tensorflow(model: Any, x: Any, y: Any) -> list[float]:  # noqa: ANN401
    """Root mean square over rows of the gradient of each row's loss with respect to each layer's sums."""
    sums, here = [], tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        for layer in model.layers:
            before = here @ layer.kernel + layer.bias
            tape.watch(before)
            sums.append(before)
            here = layer.activation(before)
        loss = tf.reduce_sum(tf.square(here - tf.constant(y, tf.float32)))
    return [math.sqrt(float(np.square(part.numpy()).sum()) / len(x)) for part in tape.gradient(loss, sums)]


@pytest.mark.parametrize(
    ("depth", "activation", "seed"), [(6, "sigmoid", 0), (8, "sigmoid", 1), (9, "hard_sigmoid", 2)]
)
def test_sigmoid_towers(tmp_path: Path, depth: int, activation: str, seed: int) -> None:
    x, y = standard(200, seed)
    model = tower(seed, depth, activation)
    train(compiled(model, updates=0, optimizer=keras.optimizers.SGD(0.01)), x, y, 5)
    report = examined(tmp_path, model, x, y, rules=("G601",))
    finding = only(report, "G601")
    assert finding.severity is Severity.ERROR, told(report)
    assert finding.evidence.certainty is Certainty.MEASURED
    expected = sizes_by_tensorflow(model, x, y)
    shown = finding.evidence.numbers["gradient_at"]
    assert isinstance(shown, dict)
    np.testing.assert_allclose(list(shown.values()), expected, rtol=2e-3)
    assert finding.evidence.numbers["share"] == pytest.approx(expected[0] / expected[-2], rel=2e-3)


@pytest.mark.parametrize("kind", ["relu", "tanh"])
def test_weights_that_are_too_small_fade_it_as_well(tmp_path: Path, kind: str) -> None:
    x, y = standard(150, 3)
    start = keras.initializers.RandomNormal(stddev=0.08)
    model = compiled(tower(1, 9, kind, start=start), updates=0)
    report = examined(tmp_path, model, x, y)
    finding = only(report, "G601")
    assert finding.severity is Severity.WARNING  # a prediction
    assert "will hardly learn" in str(finding.evidence.verdict)


def residual(seed: int) -> Any:  # noqa: ANN401
    keras.utils.set_random_seed(seed)
    here = entry = keras.Input((3,))
    here = L.Dense(16)(here)
    for _ in range(10):
        here = L.Add()([here, L.Dense(16, "sigmoid")(here)])
    return keras.Model(entry, L.Dense(1)(here))


def normalised(seed: int) -> Any:  # noqa: ANN401
    keras.utils.set_random_seed(seed)
    layers = []
    for _ in range(8):
        layers += [L.Dense(16), L.BatchNormalization(), L.Activation("tanh")]
    return stack(3, *layers, L.Dense(1))


CONTROLS: dict[str, Callable[[int], Any]] = {
    "residual": residual,
    "batch norm": normalised,
    "relu with he start": lambda seed: tower(seed, 10, "relu", start="he_uniform"),
    "tanh": lambda seed: tower(seed, 8, "tanh"),
    "two sigmoids": lambda seed: tower(seed, 2, "sigmoid"),
    "one layer": lambda seed: tower(seed, 0, "relu"),
}


@pytest.mark.parametrize("kind", CONTROLS)
@pytest.mark.parametrize("seed", [0, 1])
def test_quiet_on_networks_that_pass_it_on(tmp_path: Path, kind: str, seed: int) -> None:
    x, y = standard(150, seed)
    model = compiled(CONTROLS[kind](seed), updates=0)
    assert quiet(report := examined(tmp_path, model, x, y, rules=("G601",)), "G601"), told(report)


def test_quiet_on_a_last_layer_that_starts_from_zeros(tmp_path: Path) -> None:
    """The named false alarm: it passes nothing on before its first update, and much after it."""
    x, y = standard(150, 0)
    model = stack(3, L.Dense(16, "relu"), L.Dense(16, "relu"), L.Dense(1, kernel_initializer="zeros"))
    assert quiet(report := examined(tmp_path, compiled(model, updates=0), x, y, rules=("G601",)), "G601"), told(report)


def test_quiet_at_the_end_of_training_where_every_gradient_is_small(tmp_path: Path) -> None:
    x, y = standard(300, 5)
    keras.utils.set_random_seed(5)
    model = compiled(stack(3, L.Dense(32, "tanh"), L.Dense(32, "tanh"), L.Dense(1)), updates=0)
    report = examined(tmp_path, train(model, x, y, 150), x, y)
    assert not found(report, "G601")
    assert not alarms(report), told(report)


def test_a_deep_tower_that_fits_all_the_same(tmp_path: Path) -> None:
    """A model that does as well as anything known is not told about its gradients."""
    x = np.linspace(-1, 1, 60)[:, None]
    y = np.full_like(x, 0.25) + 1e-3 * np.sin(x)
    model = compiled(stack(1, *[L.Dense(1, "sigmoid", name=f"s{k}") for k in range(7)], L.Dense(1, name="out")))
    for layer in model.layers[:-1]:
        put(layer, [[0.1]], [0.0])
    put(model.layers[-1], [[0.0]], [0.25])
    assert not found(examined(tmp_path, model, x, np.full_like(y, 0.25), rules=("G601",)), "G601")
