"""A107: finds stacks through which a gradient fades, by slopes and by the weights that are there."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from model_cases import (
    L,
    Model,
    Table,
    alarms,
    compiled,
    examined,
    found,
    names,
    number,
    only,
    quiet,
    root,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity


def deep(activation: str, depth: int, units: int = 16, width: int = 2, **options: object) -> Model:
    layers = [L.Dense(units, activation, name=f"layer_{k + 1}", **options) for k in range(depth)]
    return stack(width, *layers, L.Dense(1, name="out"))


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("activation", ["sigmoid", "hard_sigmoid"])
@pytest.mark.parametrize(("depth", "units"), [(4, 32), (6, 8), (12, 24)])
@pytest.mark.series
def test_deep_sigmoids_are_found_from_the_file_alone(
    activation: str, depth: int, units: int, form: str, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(depth)
    finding = only(
        examined(tmp_path, compiled(deep(activation, depth, units), updates=0), form=form, rules=("A107",)), "A107"
    )
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.ESTIMATED)
    assert number(finding, "depth") == depth
    assert names(finding, "layers") == tuple(f"layer_{k + 1}" for k in range(depth))
    slope = 0.25 if activation == "sigmoid" else 1 / 6
    assert number(finding, "product_of_slopes") == pytest.approx(slope**depth, rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("activation", "depth"), [("sigmoid", 4), ("sigmoid", 8), ("tanh", 6)])
@pytest.mark.series
def test_what_it_estimates_is_what_tensorflow_measures(activation: str, depth: int, seed: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(seed)
    small = {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.05)} if activation == "tanh" else {}
    model = deep(activation, depth, 32, **small)
    x, _ = waves(200, 2, seed=seed)
    passed = number(only(examined(tmp_path, compiled(model, updates=0), rules=("A107",)), "A107"), "passed")
    ends = keras.Model(model.inputs[0], model.get_layer("layer_1").output)(x.astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(ends)
        out = ends
        for layer in model.layers[1:-1]:
            out = layer(out)
        # A gradient of random direction entering at the top, one for each row.
        pull = tf.random.normal(out.shape, seed=seed)
        total = tf.reduce_sum(out * pull)
    gradient = tape.gradient(total, ends)
    slope = tf.square(ends * (1 - ends)) if activation == "sigmoid" else tf.square(1 - tf.square(ends))
    measured = tf.norm(gradient * tf.sqrt(slope)) / tf.norm(pull)
    assert passed / 3 < float(measured) <= passed * 1.3


@pytest.mark.parametrize("activation", ["sigmoid"])
def test_a_stack_that_stayed_on_the_constant_is_an_error_and_the_cause(activation: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(400, 2, seed=0)
    model = deep(activation, 8)
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, 10), x, y)
    finding = only(report, "A107")
    assert finding.severity is Severity.ERROR, told(report)
    assert report.findings[0] is finding
    assert all(root(report, effect) == "A107" for effect in found(report, "L502"))
    assert report.verdict.startswith("The gradient fades")


def test_a_stack_that_learned_part_is_a_warning(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(400, 2, seed=1)
    model = deep("sigmoid", 4)
    model.compile("adam", "mse")
    assert (
        only(report := examined(tmp_path, train(model, x, y, 60), x, y, rules=("A107",)), "A107").severity
        is Severity.WARNING
    ), told(report)


def test_false_alarm_a_deep_stack_that_has_learned(tmp_path: Path) -> None:
    keras.utils.set_random_seed(2)
    x = np.linspace(-1, 1, 300)[:, None]
    y = 0.8 * x + 0.1
    model = deep("sigmoid", 4, width=1)
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, 200), x, y, rules=("A107",))
    assert all(finding.severity is Severity.NOTE for finding in found(report, "A107")), told(report)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("depth", [4, 10])
@pytest.mark.parametrize("activation", ["tanh", "softsign"])
@pytest.mark.series
def test_false_alarm_tanh_layers_of_ordinary_start_weights(
    activation: str, depth: int, seed: int, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(seed)
    assert quiet(examined(tmp_path, compiled(deep(activation, depth, 12), updates=0), rules=("A107",)), "A107")


def test_tanh_layers_with_tiny_weights_fade_too(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    tiny = keras.initializers.RandomNormal(stddev=0.01)
    finding = only(
        examined(tmp_path, compiled(deep("tanh", 4, kernel_initializer=tiny), updates=0), rules=("A107",)), "A107"
    )
    assert number(finding, "product_of_slopes") == pytest.approx(1)
    assert number(finding, "passed") < 1e-3


def activation_layers() -> Model:
    parts = [part for _ in range(5) for part in (L.Dense(16), L.Dropout(0.1), L.Activation("sigmoid"))]
    return stack(2, *parts, L.Dense(1))


def nested() -> Model:
    body = keras.Sequential([keras.Input((2,)), *[L.Dense(8, "sigmoid") for _ in range(3)]], name="body")
    entry = keras.Input((2,))
    stream = L.Dense(8, "sigmoid")(L.Dense(8, "sigmoid")(body(entry)))
    return keras.Model(entry, L.Dense(1)(stream))


def wide_and_deep() -> Model:
    entry = keras.Input((2,))
    stream = entry
    for _ in range(5):
        stream = L.Dense(8, "sigmoid")(stream)
    return keras.Model(entry, L.Dense(1)(L.Concatenate()([entry, stream])))


@pytest.mark.parametrize("make", [activation_layers, nested, wide_and_deep])
def test_the_stack_is_seen_in_every_spelling(make: Callable[[], Model], tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    assert number(only(examined(tmp_path, compiled(make(), updates=0), rules=("A107",)), "A107"), "depth") == 5


def residual() -> Model:
    entry = keras.Input((2,))
    stream = L.Dense(8, "sigmoid")(entry)
    for _ in range(3):
        stream = L.Add()([stream, L.Dense(8, "sigmoid")(L.Dense(8, "sigmoid")(stream))])
    return keras.Model(entry, L.Dense(1)(stream))


def normed(layer: Callable[[], Model]) -> Model:
    parts = [part for _ in range(6) for part in (L.Dense(16, "sigmoid"), layer())]
    return stack(2, *parts, L.Dense(1))


QUIET: dict[str, Callable[[], Model]] = {
    "three sigmoids": lambda: deep("sigmoid", 3),
    "deep relu": lambda: deep("relu", 12),
    "BatchNormalization": lambda: normed(L.BatchNormalization),
    "LayerNormalization": lambda: normed(L.LayerNormalization),
    "skip connections": residual,
    "three and a sigmoid output": lambda: stack(2, *[L.Dense(16, "sigmoid") for _ in range(3)], L.Dense(1, "sigmoid")),
    "relu between": lambda: stack(
        2, *[L.Dense(16, kind) for _ in range(3) for kind in ("sigmoid", "sigmoid", "relu")], L.Dense(1)
    ),
    "logistic regression": lambda: stack(2, L.Dense(1, "sigmoid")),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_keeps_gradients_alive_stays_quiet(name: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(100, 2, seed=3)
    model = compiled(QUIET[name](), updates=0)
    assert quiet(examined(tmp_path, model, rules=("A107",)), "A107")
    assert quiet(examined(tmp_path, model, x, y, rules=("A107",)), "A107")


def test_large_trained_weights_make_up_for_the_slopes(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = deep("sigmoid", 5)
    for layer in model.layers[:-1]:
        kernel, bias = layer.get_weights()
        layer.set_weights([4 * kernel, bias])
    assert quiet(examined(tmp_path, compiled(model), rules=("A107",)), "A107")


def trained_four(seed: int) -> tuple[Model, Table, Table]:
    keras.utils.set_random_seed(seed)
    x, y = waves(500, 2, seed=seed)
    model = deep("sigmoid", 4)
    model.compile("adam", "mse")
    return train(model, x, y, 300), x, y


def test_false_alarm_four_sigmoids_trained_to_the_end(tmp_path: Path) -> None:
    model, x, y = trained_four(0)
    report = examined(tmp_path, model, x, y)
    assert not alarms(report), told(report)
