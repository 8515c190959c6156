"""A106: finds what is cut off from the output, the loss or the gradient, by name."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from keras_fit import fit
from model_cases import (
    L,
    Model,
    Table,
    alarms,
    compiled,
    examined,
    found,
    names,
    put,
    quiet,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Finding, Severity
from mlpdoctor.core.report_model import Report


def the(report: Report, case: str) -> Finding:
    (finding,) = [finding for finding in found(report, "A106") if finding.evidence.numbers["case"] == case]
    assert finding.evidence.certainty is Certainty.PROVED
    return finding


def gets_no_gradient(model: Model, layer: str, x: Table) -> bool:
    """What TensorFlow says of a layer's weights, in training mode, whatever the loss."""
    with tf.GradientTape() as tape:
        answers = model(x.astype(np.float32), training=True)
        parts = answers if isinstance(answers, list | tuple) else [answers]
        total = tf.add_n([tf.reduce_sum(tf.square(part - 0.3)) for part in parts])
    gradients = tape.gradient(total, model.get_layer(layer).trainable_variables)
    return all(gradient is None or not np.any(np.asarray(gradient)) for gradient in gradients)


def two_inputs() -> tuple[Model, Model]:
    return keras.Input((1,), name="left"), keras.Input((1,), name="right")


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_an_input_that_nothing_uses(form: str, tmp_path: Path) -> None:
    left, right = two_inputs()
    model = compiled(keras.Model([left, right], L.Dense(1)(L.Dense(8, "relu")(left))))
    finding = the(examined(tmp_path, model, form=form), "unused input")
    assert names(finding, "cut_off") == ("right",)
    assert finding.severity is Severity.WARNING
    assert finding.message == "right: not connected to an output"


def test_false_alarm_an_unused_input_of_a_model_that_does_well_is_a_note(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    left, right = two_inputs()
    model = keras.Model([left, right], L.Dense(1)(L.Dense(48, "tanh")(left)))
    x = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    y = np.sin(3 * x[:, :1])
    model.compile("adam", "mse")
    order = np.tile(np.arange(400), 150)
    model.optimizer.learning_rate = 0.01
    fit(model, [x[order, :1], x[order, 1:]], y[order], batch=64)
    report = examined(tmp_path, model, x, y)
    assert the(report, "unused input").severity is Severity.NOTE, told(report)
    assert not alarms(report), told(report)


@pytest.mark.parametrize("training", [True, False])
def test_an_input_whose_weights_are_all_zero(*, training: bool, tmp_path: Path) -> None:
    left, right = two_inputs()
    body = L.Dense(6, "tanh", name="body")(L.Concatenate()([left, right]))
    model = compiled(keras.Model([left, right], L.Dense(1)(body)), updates=1000 if training else 0)
    put(model.get_layer("body"), [[1.0] * 6, [0.0] * 6], np.full(6, 0.1 if training else 0.0))
    report = examined(tmp_path, model)
    if not training:  # zeros that can train are a start like any other
        assert quiet(report, "A106")
        return
    finding = the(report, "silent input")
    assert names(finding, "cut_off") == ("right",)
    assert finding.severity is Severity.WARNING
    model.get_layer("body").trainable = False
    (folder := tmp_path / "frozen").mkdir()
    assert the(examined(folder, model), "silent input").evidence.numbers["for_good"] is True


def test_layers_that_lead_nowhere_are_a_note(tmp_path: Path) -> None:
    entry = keras.Input((2,))
    trunk = L.Dense(4, "relu", name="trunk")(entry)
    ends = [L.Dense(1, name="used")(trunk), L.Dense(1, name="spare")(L.Dense(3, "relu", name="way")(trunk))]
    body = keras.Model(entry, ends, name="body")
    outer = keras.Input((2,))
    report = examined(tmp_path, compiled(keras.Model(outer, L.Activation("relu")(body(outer)[0]))))
    finding = the(report, "dead end")
    assert set(names(finding, "cut_off")) == {"body/way", "body/spare"}
    assert finding.severity is Severity.NOTE


def heads() -> Model:
    entry = keras.Input((2,))
    trunk = L.Dense(4, "relu", name="trunk")(entry)
    return keras.Model(entry, [L.Dense(1, name="up")(trunk), L.Dense(1, name="down")(L.Dense(3, name="own")(trunk))])


@pytest.mark.parametrize(
    ("losses", "weights", "word"),
    [
        (["mse", "mse"], [1.0, 0.0], "a loss weight of 0"),
        (["mse", None], None, "no loss"),
        ({"up": "mse"}, None, "no loss"),
    ],
)
@pytest.mark.parametrize("form", ["keras", "h5"])
def test_an_output_that_no_loss_asks_for(
    losses: list[str | None], weights: list[float] | None, word: str, form: str, tmp_path: Path
) -> None:
    model = compiled(heads(), losses, loss_weights=weights)
    finding = the(examined(tmp_path, model, form=form), "unjudged")
    assert set(names(finding, "cut_off")) == {"own", "down"}
    assert finding.severity is Severity.WARNING
    assert word in finding.message


def test_training_leaves_the_layers_of_such_an_output_as_they_are(tmp_path: Path) -> None:
    model = compiled(heads(), ["mse", None])
    cut = names(the(examined(tmp_path, model), "unjudged"), "cut_off")
    start = {layer.name: layer.get_weights() for layer in model.layers}
    x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        model.fit(x, {"up": x[:, :1]}, verbose=0)
    still = {
        layer.name
        for layer in model.layers
        if layer.weights
        and all(np.array_equal(*pair) for pair in zip(start[layer.name], layer.get_weights(), strict=True))
    }
    assert still == set(cut)


def test_no_loss_that_counts_at_all_is_an_error(tmp_path: Path) -> None:
    report = examined(tmp_path, compiled(heads(), ["mse", "mse"], loss_weights=[0.0, 0.0]))
    assert the(report, "no loss").severity is Severity.ERROR
    assert report.verdict.startswith("Nothing can train because every loss weight is 0")


def test_a_model_without_any_loss_is_not_blamed_for_it(tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, heads(), rules=("A106",)), "A106")


def behind(*steps: Model) -> Model:
    entry = keras.Input((2,))
    values = L.Dense(3, name="hidden")(entry)
    for step in steps:
        values = step(values)
    return keras.Model(entry, L.Dense(1, name="out")(values))


WALLS: dict[str, Callable[[], Model]] = {
    "sign": lambda: behind(ops.sign),
    "round": lambda: behind(ops.round),
    "floor": lambda: behind(ops.floor),
    "Dropout of everything": lambda: behind(L.Dropout(1.0)),
    "Embedding": lambda: behind(L.ReLU(max_value=4.0), L.Embedding(5, 2), L.Flatten()),
}


@pytest.mark.parametrize("name", WALLS)
def test_layers_without_a_gradient(name: str, tmp_path: Path) -> None:
    model = compiled(WALLS[name]())
    assert gets_no_gradient(model, "hidden", waves(30, 2, seed=0)[0])
    finding = the(examined(tmp_path, model), "no gradient")
    assert names(finding, "cut_off") == ("hidden",)
    assert finding.severity is Severity.WARNING


NOTHING: dict[str, Callable[[], Model]] = {
    "a scale of zero": lambda: behind(L.Rescaling(0.0)),
    "a relu that is cut off at zero": lambda: behind(L.ReLU(max_value=0.0)),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_network_that_never_hears_of_its_inputs_is_an_error(name: str, tmp_path: Path) -> None:
    model = compiled(NOTHING[name](), updates=0)
    assert gets_no_gradient(model, "hidden", waves(30, 2, seed=0)[0])
    finding = the(examined(tmp_path, model), "silent input")
    assert finding.severity is Severity.ERROR
    assert "No training changes that" in finding.evidence.why


def frozen_zeros(model: Model) -> Model:
    put(model.get_layer("out"), np.zeros((3, 1)), [0.5])
    model.get_layer("out").trainable = False
    return compiled(model)


def test_an_output_layer_frozen_at_zero_lets_no_gradient_through(tmp_path: Path) -> None:
    model = frozen_zeros(behind(L.ReLU()))
    x, y = waves(100, 2, seed=1)
    assert gets_no_gradient(model, "hidden", x)
    report = examined(tmp_path, model, x, y)
    finding = the(report, "silent input")
    assert finding.severity is Severity.ERROR
    assert names(finding, "blocked_by") == ("out",)
    assert all(effect.because_of == "A106" for effect in found(report, "L502"))


def test_nothing_left_that_could_train_is_an_error(tmp_path: Path) -> None:
    model = behind(ops.sign)
    model.get_layer("out").trainable = False
    finding = the(report := examined(tmp_path, compiled(model)), "no gradient")
    assert finding.severity is Severity.ERROR
    assert "Nothing else in this network can train" in report.verdict


def test_stop_gradient_beside_layers_that_train_is_deliberate(tmp_path: Path) -> None:
    model = compiled(behind(ops.stop_gradient))
    assert gets_no_gradient(model, "hidden", waves(30, 2, seed=0)[0])
    assert the(examined(tmp_path, model), "no gradient").severity is Severity.NOTE


def straight_through() -> Model:
    entry = keras.Input((2,))
    soft = L.Dense(3, name="hidden")(entry)
    hard = L.Add()([soft, ops.stop_gradient(ops.sign(soft) - soft)])
    return keras.Model(entry, L.Dense(1, name="out")(hard))


def way_round() -> Model:
    entry = keras.Input((2,))
    soft = L.Dense(3, name="hidden")(entry)
    return keras.Model(entry, L.Dense(1, name="out")(L.Concatenate()([soft, ops.round(soft)])))


def zero_start() -> Model:
    model = stack(2, L.Dense(4, "relu"), L.Dense(1, kernel_initializer="zeros", name="out"))
    return compiled(model, updates=0)


def partly_zero() -> Model:
    model = behind(L.ReLU())
    put(model.get_layer("out"), [[0.0], [1.0], [0.0]], [0.1])
    model.get_layer("out").trainable = False
    return model


def shared() -> Model:
    entry = keras.Input((3,))
    layer = L.Dense(3, name="shared")
    return keras.Model(entry, L.Dense(1)(L.Add()([layer(entry), ops.sign(layer(entry))])))


def odd() -> Model:
    entry = keras.Input((4,))
    values = L.Flatten()(L.Conv1D(3, 2)(L.Reshape((4, 1))(entry)))
    return keras.Model(entry, L.Dense(1)(values))


def two_heads() -> Model:
    return compiled(heads(), ["mse", "mse"], loss_weights=[1.0, 0.2])


def gate() -> Model:
    entry = keras.Input((2,))
    return keras.Model(entry, L.Dense(1)(L.Multiply()([L.Dense(4, "sigmoid")(entry), L.Dense(4)(entry)])))


QUIET: dict[str, Callable[[], Model]] = {
    "an ordinary network": lambda: stack(2, L.Dense(4, "relu"), L.Dense(1)),
    "straight through": straight_through,
    "a way round": way_round,
    "an output that starts at zero": zero_start,
    "frozen weights, one of them not zero": partly_zero,
    "a shared layer with one good way": shared,
    "layers that are not known": odd,
    "two outputs": two_heads,
    "ids into an Embedding": lambda: stack(2, L.Embedding(5, 2), L.Flatten(), L.Dense(1)),
    "Normalization": lambda: stack(2, L.Normalization(mean=0.0, variance=1.0), L.Dense(4, "relu"), L.Dense(1)),
    "a gate": gate,
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_connected_stays_quiet(name: str, tmp_path: Path) -> None:
    model = QUIET[name]()
    report = examined(tmp_path, model if model.compiled else compiled(model, updates=0), rules=("A106",))
    assert quiet(report, "A106"), told(report)


def test_false_alarm_trained_networks(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(300, 2, seed=2)
    model = zero_start()
    assert quiet(examined(tmp_path, train(model, x, y, 30), x, y, rules=("A106",)), "A106")
