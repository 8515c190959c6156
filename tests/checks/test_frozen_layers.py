"""A103: finds layers that cannot train, and leaves deliberate freezing alone."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    Table,
    alarms,
    compiled,
    examined,
    found,
    inside,
    names,
    number,
    only,
    outcome,
    predicted,
    quiet,
    root,
    rungs,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def network(units: int = 16, activation: str = "relu", width: int = 2) -> Model:
    return stack(
        width,
        L.Dense(units, activation, name="first"),
        L.Dense(units, activation, name="second"),
        L.Dense(1, name="last"),
    )


def freeze(model: Model, *frozen: str) -> Model:
    for name in frozen:
        model.get_layer(name).trainable = False
    return model


def fitted(model: Model, x: Table, y: Table, epochs: int = 60, **options: str) -> Model:
    model.compile(**{"optimizer": "adam", "loss": "mse", **options})
    return train(model, x, y, epochs)


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize(("optimizer", "loss"), [("adam", "mse"), ("adamw", "mae"), ("sgd", "huber")])
def test_everything_frozen_is_an_error_and_training_does_nothing(
    optimizer: str, loss: str, form: str, tmp_path: Path
) -> None:
    x, y = waves(200, 2, seed=0)
    model = network()
    model.trainable = False
    model.compile(optimizer, loss)
    before = predicted(model, x)
    with pytest.warns(UserWarning, match="trainable"):
        model.fit(x, y, epochs=3, verbose=0)
    np.testing.assert_array_equal(before, predicted(model, x))
    finding = only(report := examined(tmp_path, model, x, y, form=form), "A103")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED)
    assert report.findings[0] is finding
    assert names(finding, "frozen_layers") == ("first", "second", "last")
    assert number(finding, "frozen_share") == 1
    assert number(finding, "frozen_parameters") == model.count_params()
    assert finding.evidence.explains == pytest.approx(1)
    assert "every layer is frozen" in report.verdict


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("units", [2, 5])
def test_the_floor_of_frozen_features_is_that_of_linear_regression_on_them(
    units: int, seed: int, tmp_path: Path
) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    keras.utils.set_random_seed(seed)
    x, y = waves(200, 3, seed=seed)
    model = freeze(stack(3, L.Dense(units, "tanh", name="first"), L.Dense(1, name="last")), "first")
    floor = number(only(examined(tmp_path, compiled(model), x, y, rules=("A103",)), "A103"), "floor")
    hidden = inside(model, "first", x)
    best = linear_model.LinearRegression().fit(hidden, y)
    assert floor == pytest.approx(np.square(y - best.predict(hidden)).mean(), rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.series
def test_a_last_layer_on_poor_frozen_features_cannot_go_below_their_floor(
    units: int, seed: int, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(seed)
    x, y = waves(300, 2, seed=seed)
    model = fitted(freeze(stack(2, L.Dense(units, "relu", name="first"), L.Dense(1, name="last")), "first"), x, y)
    report = examined(tmp_path, model, x, y)
    finding = only(report, "A103")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.MEASURED), told(report)
    floor = number(finding, "floor")
    assert floor == pytest.approx(rungs(report)["readout"], rel=1e-6)
    assert floor <= rungs(report)["model"]
    assert (finding.evidence.explains or 0) > 0.5
    assert "only the last layer moves" in finding.evidence.verdict if finding.evidence.verdict else False


def test_the_same_before_any_training_for_frozen_features_never_move(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(300, 2, seed=1)
    model = freeze(stack(2, L.Dense(1, "relu", name="first"), L.Dense(1, name="last")), "first")
    assert (
        only(examined(tmp_path, compiled(model, updates=0), x, y, rules=("A103",)), "A103").severity is Severity.ERROR
    )


def test_false_alarm_random_features_wide_enough_for_the_task(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(400, 1, seed=2)
    wide = L.Dense(100, "relu", kernel_initializer="he_normal", bias_initializer="random_normal", name="random")
    report = examined(tmp_path, fitted(freeze(stack(1, wide, L.Dense(1)), "random"), x, y, 100), x, y)
    assert only(report, "A103").severity is Severity.NOTE
    assert not alarms(report), told(report)


def test_false_alarm_a_poor_last_layer_on_good_frozen_features_is_not_their_fault(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    x, y = waves(400, 1, seed=3)
    wide = L.Dense(100, "relu", bias_initializer="random_normal", name="random")
    model = compiled(freeze(stack(1, wide, L.Dense(1, name="last")), "random"))
    assert only(examined(tmp_path, model, x, y, rules=("A103",)), "A103").severity is Severity.NOTE


def test_some_frozen_layers_of_a_stuck_model_are_a_warning(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(400, 2, seed=4)
    model = stack(2, L.Dense(1, "tanh", name="narrow"), L.Dense(8, "tanh", name="middle"), L.Dense(1, name="last"))
    finding = only(report := examined(tmp_path, fitted(freeze(model, "narrow"), x, y), x, y), "A103")
    assert (finding.evidence.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED)
    assert root(report, only(report, "L502")) == "A103", told(report)
    assert finding.severity is Severity.ERROR, "as grave as what it brings about"
    assert finding.message.startswith("1 of 3 layers with weights cannot train (narrow)")


def test_some_frozen_layers_of_a_model_that_does_well_are_a_note(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(400, 1, seed=5)
    model = network(48, "tanh", width=1)
    report = examined(tmp_path, fitted(freeze(model, "first"), x, y, 150), x, y, rules=("A103",))
    assert only(report, "A103").severity is Severity.NOTE, told(report)


def test_false_alarm_a_finished_model_frozen_as_a_whole(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x, y = waves(400, 1, seed=6)
    model = fitted(network(48, "tanh", width=1), x, y, 150)
    model.trainable = False
    model.compile("adam", "mse")
    report = examined(tmp_path, model, x, y)
    assert only(report, "A103").severity is Severity.NOTE, told(report)
    assert not alarms(report), told(report)


def test_the_model_alone_is_enough(tmp_path: Path) -> None:
    for updates, optimizer, severity in ((0, True, "error"), (500, True, "warning"), (0, False, "warning")):
        (folder := tmp_path / f"{updates}{optimizer}").mkdir()
        one = network()
        one.trainable = False
        one = compiled(one, updates=updates) if optimizer else one
        assert str(only(examined(folder, one, rules=("A103",)), "A103").severity) == severity


def test_a_frozen_base_without_data_is_a_note(tmp_path: Path) -> None:
    assert (
        only(examined(tmp_path, compiled(freeze(network(), "first")), rules=("A103",)), "A103").severity
        is Severity.NOTE
    )


def test_a_frozen_nested_model_freezes_its_layers(tmp_path: Path) -> None:
    body = keras.Sequential([keras.Input((2,)), L.Dense(4, "tanh", name="inner")], name="body")
    body.trainable = False
    entry = keras.Input((2,))
    finding = only(examined(tmp_path, compiled(keras.Model(entry, L.Dense(1)(body(entry)))), rules=("A103",)), "A103")
    assert names(finding, "frozen_layers") == ("body/inner",)
    assert finding.evidence.remedy is not None
    assert str(finding.evidence.remedy.code).startswith('model.get_layer("body").get_layer("inner").trainable = True')


@pytest.mark.parametrize("frozen", [("first",), ("first", "second"), ("first", "second", "last")])
def test_the_remedy_is_code_that_thaws(frozen: tuple[str, ...], tmp_path: Path) -> None:
    model = compiled(freeze(network(), *frozen), updates=0)
    remedy = only(examined(tmp_path, model, rules=("A103",)), "A103").evidence.remedy
    assert remedy is not None
    exec(str(remedy.code), {"model": model})  # noqa: S102
    assert all(layer.trainable for layer in model.layers)


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_the_remedy_reaches_into_nested_models(layers: int, tmp_path: Path) -> None:
    inner = [L.Dense(4, "tanh", name=f"inner_{k}") for k in range(layers)]
    body = keras.Sequential([keras.Input((2,)), *inner], name="body")
    body.trainable = False
    entry = keras.Input((2,))
    model = compiled(keras.Model(entry, L.Dense(1)(body(entry))))
    remedy = only(examined(tmp_path, model, rules=("A103",)), "A103").evidence.remedy
    assert remedy is not None
    exec(str(remedy.code), {"model": model})  # noqa: S102
    assert len(model.trainable_variables) == len(model.variables) == 2 * layers + 2


def normalised() -> Model:
    model = stack(2, L.Dense(8, use_bias=False), L.BatchNormalization(name="norm"), L.ReLU(), L.Dense(1))
    return freeze(model, "norm")


def activations() -> Model:
    return freeze(stack(2, L.Dense(8), L.ReLU(name="relu"), L.Dropout(0.1, name="drop"), L.Dense(1)), "relu", "drop")


QUIET: dict[str, Callable[[], Model]] = {
    "nothing frozen": network,
    "Normalization": lambda: stack(2, L.Normalization(mean=0.0, variance=1.0), L.Dense(4, "relu"), L.Dense(1)),
    "frozen BatchNormalization": normalised,
    "layers without weights": activations,
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_not_frozen_stays_quiet(name: str, tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=7)
    assert quiet(examined(tmp_path, compiled(QUIET[name]()), x, y, rules=("A103",)), "A103")


def test_a_normalization_adapted_to_data_is_not_frozen(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=7)
    layer = L.Normalization()
    layer.adapt(x.astype(np.float32))
    layer.trainable = False
    assert quiet(
        examined(tmp_path, compiled(stack(2, layer, L.Dense(4, "relu"), L.Dense(1))), x, y, rules=("A103",)), "A103"
    )


def test_false_alarm_a_frozen_embedding_is_a_note(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 9, (200, 2)).astype(float)
    table = L.Embedding(9, 3, name="table")
    model = freeze(stack(2, table, L.Flatten(), L.Dense(8, "relu"), L.Dense(8, "relu"), L.Dense(1)), "table")
    assert (
        only(examined(tmp_path, compiled(model), x, np.sin(x[:, :1]), rules=("A103",)), "A103").severity
        is Severity.NOTE
    )


def test_frozen_layers_that_no_loss_asks_for_do_not_count(tmp_path: Path) -> None:
    entry = keras.Input((2,))
    trunk = L.Dense(4, "relu")(entry)
    model = keras.Model(entry, [L.Dense(1, name="asked")(trunk), L.Dense(1, name="idle")(trunk)])
    model.get_layer("idle").trainable = False
    assert not found(examined(tmp_path, compiled(model, ["mse", None]), rules=("A103",)), "A103")


def test_a_network_that_cannot_be_run_is_still_looked_at(tmp_path: Path) -> None:
    entry = keras.Input((4,))
    odd = L.Flatten()(L.Conv1D(3, 2, name="odd")(L.Reshape((4, 1))(entry)))
    model = keras.Model(entry, L.Dense(1)(odd))
    model.trainable = False
    x, y = waves(50, 4, seed=0)
    report = examined(tmp_path, compiled(model, updates=0), x, y, rules=("A103",))
    assert outcome(report, "A103").status is Status.FOUND
    assert "odd" in names(only(report, "A103"), "frozen_layers")
