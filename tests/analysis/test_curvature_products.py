"""Products with the second derivative against TensorFlow's exact ones, and the sharpness against full Hessians."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from gradient_probe import probe
from hand_built import Table
from keras_gradients import in_float64

from mlpdoctor.core.network import Array
from mlpdoctor.diagnosis.diagnose import examine
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.curvature import Bend, is_smooth
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.statistics.rows import RowSample

L = keras.layers
ROWS, WIDTH = 60, 3
SMOOTH = ["tanh", "sigmoid", "gelu"]
SEEDS = {"mse": 0, "binary_crossentropy": 1, "categorical_crossentropy": 2}
CORNERED = ["relu", "leaky_relu", "elu"]


def _model(activation: str, head: str, widths: Sequence[int], *, normalised: bool, seed: int) -> Any:  # noqa: ANN401
    keras.utils.set_random_seed(seed)
    layers: list[Any] = [keras.Input((WIDTH,))]
    for width in widths:
        # Biases away from zero: at the very corner of a relu two one-sided derivatives are equally right.
        layers += [L.Dense(width, None if normalised else activation, bias_initializer="normal")]
        layers += [L.BatchNormalization(), L.Activation(activation)] if normalised else []
    units, end = {"mse": (1, None), "binary_crossentropy": (1, "sigmoid"), "categorical_crossentropy": (3, "softmax")}[
        head
    ]
    model = keras.Sequential([*layers, L.Dense(units, end)])
    model.compile("sgd", head)
    return model


def _data(head: str, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, WIDTH))
    score = np.stack([x[:, 0] * x[:, 1], x[:, 2], np.sin(x[:, 0])], axis=1)
    if head == "mse":
        return x, score[:, :1]
    labels = score[:, :1] > 0 if head == "binary_crossentropy" else np.eye(3)[score.argmax(axis=1)]
    return x, np.asarray(labels, np.float64)


def _bend(model: Any, x: Array, y: Array, folder: Path) -> Bend:  # noqa: ANN401
    model.save(path := folder / "model.keras")
    answers = examine(read_network(str(path)), Table(x, y), [probe])
    objective = answers.get(Objective)
    engine = objective.passes.engine
    assert engine is not None
    return Bend(engine.at({}, training=True), objective, answers.get(RowSample))


def _logits(model: Any, x: Any) -> Any:  # noqa: ANN401
    """What the loss reads: the answer, or what the last sigmoid or softmax is applied to."""
    *body, last = model.layers
    for layer in body:
        x = _normalised(layer, x) if isinstance(layer, L.BatchNormalization) else layer(x)
    return x @ last.kernel.value + last.bias.value


def _normalised(layer: Any, x: Any) -> Any:  # noqa: ANN401
    """By hand: TensorFlow's own moments stop a gradient that only first derivatives can do without."""
    centred = x - tf.reduce_mean(x, axis=0)
    variance = tf.reduce_mean(tf.square(centred), axis=0)
    return centred / tf.sqrt(variance + layer.epsilon) * layer.gamma.value + layer.beta.value


def _loss(head: str, y: Any, z: Any) -> Any:  # noqa: ANN401
    if head == "mse":
        return tf.reduce_mean(tf.square(y - z))
    if head == "binary_crossentropy":
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, z))
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, z))


def _split(vector: Array, like: Sequence[Any]) -> list[Any]:
    ends = np.cumsum([int(np.prod(one.shape)) for one in like])
    parts = np.split(vector, ends[:-1])
    return [tf.constant(part.reshape(one.shape)) for part, one in zip(parts, like, strict=True)]


def _joined(parts: Sequence[Any], like: Sequence[Any]) -> Array:
    none = [tf.zeros_like(one) if part is None else part for part, one in zip(parts, like, strict=True)]
    return np.concatenate([np.ravel(part) for part in none])


def exact_hessian_product(model: Any, head: str, x: Array, y: Array, v: Array) -> Array:  # noqa: ANN401
    """Forward over reverse."""
    weights = [one.value for one in model.trainable_variables]
    with tf.autodiff.ForwardAccumulator(weights, _split(v, weights)) as forward:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = _loss(head, tf.constant(y), _logits(model, tf.constant(x)))
        gradient = tape.gradient(loss, weights)
    return _joined([None if g is None else forward.jvp(g) for g in gradient], weights)


def exact_gauss_newton_product(model: Any, head: str, x: Array, y: Array, v: Array) -> Array:  # noqa: ANN401
    """J v by forward mode, the loss's own Hessian by forward over reverse, J' by reverse mode."""
    weights = [one.value for one in model.trainable_variables]
    with tf.autodiff.ForwardAccumulator(weights, _split(v, weights)) as forward:
        z = _logits(model, tf.constant(x))
        moved = forward.jvp(z)
    z = tf.constant(z.numpy())
    with tf.autodiff.ForwardAccumulator(z, moved) as forward:
        with tf.GradientTape() as tape:
            tape.watch(z)
            loss = _loss(head, tf.constant(y), z)
        slopes = tape.gradient(loss, z)
        bent = forward.jvp(slopes)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        z = _logits(model, tf.constant(x))
    return _joined(tape.gradient(z, weights, output_gradients=bent), weights)


@pytest.mark.parametrize("head", ["mse", "binary_crossentropy", "categorical_crossentropy"])
@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.series
def test_smooth_networks_have_their_exact_hessian(activation: str, head: str, tmp_path: Path) -> None:
    seed = SEEDS[head]
    with in_float64():
        model = _model(activation, head, (7, 5), normalised=seed == 1, seed=seed)
        x, y = _data(head, seed)
        bend = _bend(model, x, y, tmp_path)
        v = np.random.default_rng(seed).normal(size=bend.vectors.size)
        exact = exact_hessian_product(model, head, bend.rows.features, _targets(bend, y), v)
    assert bend.method == "Hessian"
    assert np.abs(bend.product(v) - exact).max() < 1e-7 * np.abs(exact).max()


@pytest.mark.parametrize("head", ["mse", "binary_crossentropy", "categorical_crossentropy"])
@pytest.mark.parametrize("activation", CORNERED)
@pytest.mark.series
def test_networks_with_corners_have_their_gauss_newton_matrix(activation: str, head: str, tmp_path: Path) -> None:
    seed = SEEDS[head]
    with in_float64():
        model = _model(activation, head, (7, 5), normalised=seed == 1, seed=seed)
        x, y = _data(head, seed)
        bend = _bend(model, x, y, tmp_path)
        v = np.random.default_rng(seed).normal(size=bend.vectors.size)
        exact = exact_gauss_newton_product(model, head, bend.rows.features, _targets(bend, y), v)
    assert bend.method == "Gauss-Newton"
    assert np.abs(bend.product(v) - exact).max() < 1e-4 * np.abs(exact).max()


def _targets(bend: Bend, y: Array) -> Array:
    assert bend.rows.targets.shape == y.shape
    return bend.rows.targets


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_sharpness_is_the_largest_eigenvalue_of_the_whole_matrix(activation: str, seed: int, tmp_path: Path) -> None:
    with in_float64():
        x, y = _data("mse", seed)
        bend = _bend(_model(activation, "mse", (6,), normalised=False, seed=seed), x, y, tmp_path)
    whole = np.stack([bend.product(e) for e in np.eye(bend.vectors.size)])
    assert np.abs(whole - whole.T).max() < 1e-4 * np.abs(whole).max()
    found = bend.sharpness()
    assert found is not None
    assert found.value == pytest.approx(np.linalg.eigvalsh((whole + whole.T) / 2)[-1], rel=0.02)
    assert found.error <= 0.01 * found.value * 1.01
    assert (found.rows, found.share) == (ROWS, 1.0)
    scale = np.exp(np.random.default_rng(seed).normal(size=len(whole)))
    scaled = bend.sharpness(scale)
    assert scaled is not None
    own = np.linalg.eigvalsh(scale[:, None] * (whole + whole.T) / 2 * scale)[-1]
    assert scaled.value == pytest.approx(own, rel=0.02)


@pytest.mark.parametrize("size", [1.0, 100.0, 1e4])
def test_the_step_of_the_difference_suits_inputs_of_any_size(size: float, tmp_path: Path) -> None:
    with in_float64():
        model = _model("tanh", "mse", (5,), normalised=False, seed=3)
        kernel, *rest = model.get_weights()
        model.set_weights([kernel / size, *rest])
        x, y = _data("mse", 3)
        bend = _bend(model, size * x, y, tmp_path)
        v = np.random.default_rng(3).normal(size=bend.vectors.size)
        exact = exact_hessian_product(model, "mse", bend.rows.features, bend.rows.targets, v)
    assert np.abs(bend.product(v) - exact).max() < 1e-4 * np.abs(exact).max()


def test_what_counts_as_smooth(tmp_path: Path) -> None:
    smooth = keras.Sequential([keras.Input((2,)), L.Dense(3, "tanh"), L.Dense(1)])
    a, b = keras.Input((2,)), keras.Input((2,))
    corner = keras.Model([a, b], L.Dense(1)(L.Maximum()([a, b])))
    for model, expected in ((smooth, True), (corner, False)):
        model.save(path := tmp_path / "model.keras")
        assert is_smooth(read_network(str(path))) is expected
