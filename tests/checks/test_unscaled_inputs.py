"""D702: features off the scale that the first layer expects, as they enter it."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import (
    L,
    Model,
    Table,
    compiled,
    examined,
    found,
    number,
    only,
    outcome,
    predicted,
    put,
    quiet,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Finding, Severity
from mlpdoctor.core.report_model import Status

RNG = np.random.default_rng(0)


def network(width: int, *before: Model, units: int = 8) -> Model:
    """A network that answers a constant, and so does badly, behind these layers."""
    model = compiled(stack(width, *before, L.Dense(units, "tanh", name="door"), L.Dense(1, name="out")))
    put(model.get_layer("out"), np.zeros((units, 1)), [0.3])
    return model


def target(x: Table) -> Table:
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    return np.asarray(np.sin(2 * z[:, :1]) + z[:, -1:])


def sizes(finding: Finding) -> dict[str, float]:
    value = finding.evidence.numbers["root_mean_square"]
    assert isinstance(value, dict)
    return value


LARGE: dict[str, Callable[[int], Table]] = {
    "pixels": lambda n: RNG.integers(0, 256, (n, 12)).astype(float),
    "prices": lambda n: RNG.lognormal(11, 1, (n, 2)),
    "years": lambda n: RNG.integers(1990, 2025, (n, 1)).astype(float),
    "a constant offset": lambda n: 500 + RNG.normal(size=(n, 3)),
    "negative temperatures": lambda n: -200 + 10 * RNG.normal(size=(n, 2)),
}


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("rows", [40, 600])
def test_large_features_are_found_with_their_size(kind: str, rows: int, tmp_path: Path) -> None:
    x = LARGE[kind](rows)
    report = examined(tmp_path, network(x.shape[1]), x, target(x), data="csv")
    finding = only(report, "D702")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.MEASURED)
    assert report.findings[0] is finding, told(report)
    assert number(finding, "columns") == number(finding, "width") == x.shape[1]
    assert list(sizes(finding).values()) == pytest.approx(
        sorted(np.sqrt(np.square(x).mean(axis=0)), reverse=True), rel=1e-9
    )
    assert number(finding, "unstable_rate") == pytest.approx(1 / np.square(x).mean(axis=0).max(), rel=1e-9)
    assert "input scale" not in {suspect.what for suspect in report.ruled_out}


def test_only_the_columns_that_are_off_are_named(tmp_path: Path) -> None:
    x = np.column_stack([RNG.normal(size=300), 4e4 + 1e4 * RNG.normal(size=300), RNG.uniform(0, 1, 300)])
    finding = only(examined(tmp_path, network(3), x, target(x), data="parquet", rules=("D702",)), "D702")
    assert list(sizes(finding)) == ["x2"]
    assert (number(finding, "columns"), number(finding, "width")) == (1, 3)
    assert "x2 = " in finding.message


def test_the_worst_column_comes_first(tmp_path: Path) -> None:
    x = np.column_stack([20 * RNG.normal(size=300), 1e5 * RNG.normal(size=300), 300 * RNG.normal(size=300)])
    assert list(sizes(only(examined(tmp_path, network(3), x, target(x), data="csv", rules=("D702",)), "D702"))) == [
        "x2",
        "x3",
        "x1",
    ]


def test_a_tiny_column_beside_ordinary_ones_is_a_warning(tmp_path: Path) -> None:
    x = np.column_stack([RNG.normal(size=300), 1e-4 * RNG.normal(size=300)])
    finding = only(examined(tmp_path, network(2), x, target(x), data="csv", rules=("D702",)), "D702")
    assert finding.severity is Severity.WARNING
    assert list(sizes(finding)) == ["x2"]


@pytest.mark.parametrize(("scale", "fires"), [(9.9, False), (10.1, True), (0.011, False), (0.0099, True)])
def test_between_a_hundredth_and_ten_is_near_enough(scale: float, *, fires: bool, tmp_path: Path) -> None:
    x = scale * np.tile([[1.0], [-1.0]], (50, 1))
    assert bool(found(examined(tmp_path, network(1), x, target(x) + x, rules=("D702",)), "D702")) == fires


@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.parametrize("form", ["keras", "h5"])
def test_really_trained_on_raw_pixels(loss: str, form: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(1).integers(0, 256, (512, 8)).astype(float)
    y = target(x)
    model = stack(8, L.Dense(16, "sigmoid"), L.Dense(1))
    model.compile("sgd", loss)
    report = examined(tmp_path, train(model, x, y, epochs=4), x, y, form=form)
    assert report.findings[0].code == "D702", told(report)
    assert report.findings[0].severity is Severity.ERROR


def test_without_a_loss_or_without_training_it_is_a_warning(tmp_path: Path) -> None:
    x = 300 * RNG.normal(size=(100, 2))
    for k, model in enumerate([stack(2, L.Dense(4, "relu"), L.Dense(1)), compiled(network(2), updates=0)]):
        put(model.layers[-1], np.zeros((model.layers[0].units, 1)), [0.0])
        (folder := tmp_path / str(k)).mkdir()
        assert only(examined(folder, model, x, target(x), rules=("D702",)), "D702").severity is Severity.WARNING


def test_a_model_half_way_there_gets_a_warning(tmp_path: Path) -> None:
    x = 100 * np.random.default_rng(2).normal(size=(400, 1))
    model = compiled(stack(1, L.Dense(1, name="door")))
    put(model.get_layer("door"), [[0.006]], [0.01])
    finding = only(examined(tmp_path, model, x, x / 100, rules=("D702",)), "D702")
    assert finding.severity is Severity.WARNING  # (1 - 0.6)^2 = 16 % of the constant's loss is left


def test_false_alarm_a_model_that_does_well_in_spite_of_its_scales(tmp_path: Path) -> None:
    x = 100 * np.random.default_rng(3).normal(size=(400, 1))
    model = compiled(stack(1, L.Dense(1, name="door")))
    put(model.get_layer("door"), [[0.01]], [0.001])
    assert only(examined(tmp_path, model, x, x / 100, rules=("D702",)), "D702").severity is Severity.NOTE


def one_hot(rows: int) -> Table:
    return np.eye(500)[RNG.integers(0, 500, rows)]


GOOD: dict[str, Callable[[int], Table]] = {
    "between 0 and 1": lambda n: RNG.uniform(0, 1, (n, 3)),
    "standardised": lambda n: RNG.normal(size=(n, 3)),
    "between -1 and 1": lambda n: RNG.uniform(-1, 1, (n, 3)),
    "rare one-hot columns": one_hot,
    "a constant column of ones": lambda n: np.column_stack([RNG.normal(size=n), np.ones(n)]),
    "a column of zeros": lambda n: np.column_stack([RNG.normal(size=n), np.zeros(n)]),
    "small counts": lambda n: RNG.poisson(2, (n, 2)).astype(float),
}


@pytest.mark.parametrize("kind", GOOD)
def test_good_scales_stay_quiet(kind: str, tmp_path: Path) -> None:
    x = GOOD[kind](200)
    report = examined(tmp_path, network(x.shape[1]), x, x[:, :1] ** 2)
    assert quiet(report, "D702")
    assert "input scale" in {suspect.what for suspect in report.ruled_out}


def wild(rows: int) -> Table:
    return RNG.normal(size=(rows, 3)) * [1e4, 50.0, 1e-3] + [2e4, 1995.0, 0.01]


def adapted(x: Table) -> Model:
    layer = L.Normalization()
    layer.adapt(x.astype(np.float32))
    return layer


def settled(x: Table) -> Model:
    """A BatchNormalization that has seen the data."""
    layer = L.BatchNormalization(name="settled")
    layer.build((None, x.shape[1]))
    put(layer, np.ones(x.shape[1]), np.zeros(x.shape[1]), x.mean(axis=0), x.var(axis=0))
    return layer


@pytest.mark.parametrize("layer", [adapted, settled])
def test_false_alarm_scaled_inside_the_model(layer: Callable[[Table], Model], tmp_path: Path) -> None:
    x = wild(400)
    model = network(3, layer(x))
    if any(one.name == "settled" for one in model.layers):
        put(model.get_layer("settled"), np.ones(3), np.zeros(3), x.mean(axis=0), x.var(axis=0))
        tiny = x.var(axis=0) < 1e-3  # epsilon swallows so small a variance: that column really is invisible
        x[:, tiny] = RNG.normal(size=(400, 1))
        put(model.get_layer("settled"), np.ones(3), np.zeros(3), x.mean(axis=0), x.var(axis=0))
    assert quiet(examined(tmp_path, model, x, target(x), rules=("D702",)), "D702")


def test_rescaled_pixels_stay_quiet(tmp_path: Path) -> None:
    x = RNG.integers(0, 256, (300, 12)).astype(float)
    for k, layer in enumerate([L.Rescaling(1 / 255), L.Rescaling(1 / 127.5, offset=-1)]):
        (folder := tmp_path / str(k)).mkdir()
        assert quiet(examined(folder, network(12, layer), x, target(x), rules=("D702",)), "D702")


def test_a_normalization_that_was_never_adapted_does_not_help(tmp_path: Path) -> None:
    x = wild(200)
    model = network(3, L.Normalization(mean=0.0, variance=1.0))
    assert only(examined(tmp_path, model, x, target(x), rules=("D702",)), "D702").severity is Severity.ERROR


def test_false_alarm_embedding_ids_are_names_and_no_amounts(tmp_path: Path) -> None:
    x = RNG.integers(0, 900, (300, 2)).astype(float)
    model = compiled(stack(2, L.Embedding(900, 4), L.Flatten(), L.Dense(4, "relu"), L.Dense(1)))
    assert quiet(examined(tmp_path, model, x, target(x), rules=("D702",)), "D702")


def test_two_inputs_each_with_its_door(tmp_path: Path) -> None:
    inputs = [keras.Input((2,)), keras.Input((1,))]
    doors = [L.Dense(4, "tanh", name=name)(entry) for name, entry in zip(("small", "big"), inputs, strict=True)]
    model = compiled(keras.Model(inputs, L.Dense(1, name="out")(L.Concatenate()(doors))))
    put(model.get_layer("out"), np.zeros((8, 1)), [0.3])
    x = np.column_stack([RNG.normal(size=(200, 2)), 1e3 * RNG.normal(size=200)])
    finding = only(examined(tmp_path, model, x, target(x), data="csv", rules=("D702",)), "D702")
    assert finding.evidence.numbers["door"] == "big"
    assert list(sizes(finding)) == ["x3"]
    assert number(finding, "width") == 1
    assert finding.evidence.remedy is not None
    assert "before big" in finding.evidence.remedy.text


def test_the_door_of_a_nested_model_is_named_by_its_path(tmp_path: Path) -> None:
    body = keras.Sequential([keras.Input((2,)), L.Dense(4, "tanh", name="inner")], name="body")
    entry = keras.Input((2,))
    model = compiled(keras.Model(entry, L.Dense(1)(body(entry))))
    put(model.layers[-1], np.zeros((4, 1)), [0.3])
    x = 1e3 * RNG.normal(size=(200, 2))
    assert (
        only(examined(tmp_path, model, x, target(x), rules=("D702",)), "D702").evidence.numbers["door"] == "body/inner"
    )


def test_the_condition_is_that_of_the_gram_matrix(tmp_path: Path) -> None:
    x = RNG.normal(size=(300, 2)) * [100.0, 1.0] + [40.0, 0.0]
    finding = only(examined(tmp_path, network(2), x, target(x), rules=("D702",)), "D702")
    design = np.column_stack([np.ones(300), x])
    assert number(finding, "condition") == pytest.approx(np.linalg.cond(design.T @ design), rel=1e-6)


def test_the_rate_above_which_plain_descent_is_unstable_holds_in_keras(tmp_path: Path) -> None:
    x = np.random.default_rng(4).normal(size=(256, 1)) * 30
    model = compiled(stack(1, L.Dense(1, use_bias=False, name="door")))
    put(model.get_layer("door"), [[1.0]])
    rate = number(only(examined(tmp_path, model, x, 0.03 * x, rules=("D702",)), "D702"), "unstable_rate")
    for factor, blows_up in ((0.9, False), (1.1, True)):
        put(model.get_layer("door"), [[1.0]])
        model.compile(keras.optimizers.SGD(factor * rate), "mse")
        fit(model, x, 0.03 * x, batch=256, epochs=30)
        assert (abs(model.get_layer("door").get_weights()[0].item() - 0.03) > 0.97) == blows_up


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network(2), rules=("D702",)), "D702")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


def test_good_scales_leave_the_blame_with_others(tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=0)
    assert quiet(examined(tmp_path, network(2), x, y, rules=("D702",)), "D702")


def remedy(finding: Finding) -> tuple[str, str]:
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code is not None
    return finding.evidence.remedy.text, finding.evidence.remedy.code


@pytest.mark.parametrize("width", [1, 2, 4])
def test_the_line_for_a_few_features_brings_them_to_scale(width: int, tmp_path: Path) -> None:
    x = RNG.normal(size=(300, width)) * 10.0 ** RNG.uniform(1, 5, width) + 1e4 * RNG.normal(size=width)
    text, code = remedy(only(examined(tmp_path, network(width), x, target(x), data="csv", rules=("D702",)), "D702"))
    assert "before door" in text
    scaled = predicted(keras.Sequential([keras.Input((width,)), eval(code, {"keras": keras})]), x)  # noqa: S307
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=0.02 * np.abs(x).max() / x.std(axis=0).min())
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-2)


def test_a_constant_column_is_not_divided_by_nothing(tmp_path: Path) -> None:
    x = np.column_stack([1e3 * RNG.normal(size=200), np.full(200, 1995.0)])
    _, code = remedy(only(examined(tmp_path, network(2), x, x[:, :1] / 1e3, data="csv", rules=("D702",)), "D702"))
    assert code.endswith(", 1])")


def test_the_line_for_many_features_names_those_that_are_off(tmp_path: Path) -> None:
    x = RNG.normal(size=(300, 7)) * [1, 1e4, 1, 1, 300, 1, 1]
    _, code = remedy(only(examined(tmp_path, network(7), x, target(x), data="csv", rules=("D702",)), "D702"))
    names, y = [*[f"x{k + 1}" for k in range(7)], "y"], target(x)
    scope = {"df": pytest.importorskip("pandas").DataFrame(np.concatenate([x, y], axis=1), columns=names)}
    exec(code, scope)  # noqa: S102
    df = scope["df"]
    assert code.startswith("columns = ['x2', 'x5']; ")
    np.testing.assert_allclose(df[["x2", "x5"]].std(), 1, rtol=1e-6)
    np.testing.assert_array_equal(df["y"], y[:, 0])


def test_when_most_are_off_the_line_spares_the_target(tmp_path: Path) -> None:
    x = 1e3 * RNG.normal(size=(300, 12))
    _, code = remedy(only(examined(tmp_path, network(12), x, target(x), data="csv", rules=("D702",)), "D702"))
    assert code.startswith("columns = df.columns.drop(['y']); ")


def test_pixels_are_divided_by_255(tmp_path: Path) -> None:
    x = RNG.integers(0, 256, (300, 64)).astype(float)
    text, code = remedy(only(examined(tmp_path, network(64), x, target(x), rules=("D702",)), "D702"))
    assert ("pixels" in text, code) == (True, "keras.layers.Rescaling(1 / 255)")


def test_a_normalization_in_the_model_is_to_be_adapted(tmp_path: Path) -> None:
    x = wild(200)
    model = network(3, L.Normalization(name="scale"))
    text, code = remedy(only(examined(tmp_path, model, x, target(x), rules=("D702",)), "D702"))
    assert "scale before door" in text
    assert code == 'model.get_layer("scale").adapt(x_train)'
