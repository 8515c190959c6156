"""U401: counts dead units exactly, and lets a healthy minority be."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    Table,
    compiled,
    examined,
    found,
    inside,
    names,
    number,
    only,
    outcome,
    predicted,
    put,
    quiet,
    stack,
    told,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Report, Status


def kill(layer: Model, dead: int, depth: float = 50.0) -> None:
    """Give a Dense layer's first units a bias that no row overcomes."""
    kernel, bias = layer.get_weights()
    bias = bias + 0.01  # a bias that has left zero: these weights are not fresh
    bias[:dead] = -depth
    layer.set_weights([kernel, bias])


def patient(units: int, dead: int, *, width: int = 2, activation: Model = "relu", seed: int = 0) -> Model:
    keras.utils.set_random_seed(seed)
    model = compiled(stack(width, L.Dense(units, activation, name="hidden"), L.Dense(1, name="out")))
    kill(model.get_layer("hidden"), dead)
    return model


def dead_by_keras(model: Model, layer: str, x: Table) -> list[int]:
    return np.flatnonzero((inside(model, layer, x) == 0).all(axis=0)).tolist()


@pytest.mark.parametrize(
    ("units", "dead", "width", "rows"), [(4, 3, 1, 50), (16, 12, 3, 400), (100, 60, 8, 3000), (3, 1, 2, 5)]
)
@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_dead_units_are_those_that_keras_never_sees_fire(
    units: int, dead: int, width: int, rows: int, scale: float, tmp_path: Path
) -> None:
    x, y = waves(rows, width, seed=units)
    x = scale * x
    model = patient(units, dead, width=width, seed=units)
    finding = only(report := examined(tmp_path, model, x, y, rules=("U401",)), "U401")
    expected = dead_by_keras(model, "hidden", x)
    assert list(names(finding, "dead_units")) == expected
    assert number(finding, "dead") == len(expected) >= dead
    assert number(finding, "live") == units - len(expected)
    assert finding.evidence.certainty is Certainty.MEASURED
    assert finding.layer == "hidden"
    grave = 2 * dead >= units and units - dead < 8
    assert finding.evidence.severity is (Severity.ERROR if grave else Severity.WARNING), told(report)


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("data", ["csv", "parquet"])
def test_every_kind_of_file(form: str, data: str, tmp_path: Path) -> None:
    x, y = waves(120, 3, seed=1)
    report = examined(tmp_path, patient(8, 6, width=3), x, y, form=form, data=data, header=form == "keras")
    assert number(only(report, "U401"), "dead") >= 6
    assert "dead ReLU units" not in {suspect.what for suspect in report.ruled_out}


def separate(activation: Model) -> Model:
    model = compiled(stack(2, L.Dense(8, name="sums"), activation, L.Dense(1)))
    kill(model.get_layer("sums"), 6)
    return model


RECTIFIERS: dict[str, Callable[[], Model]] = {
    "Activation('relu')": lambda: L.Activation("relu", name="gate"),
    "ReLU": lambda: L.ReLU(name="gate"),
    "ReLU with a cap": lambda: L.ReLU(max_value=2.0, name="gate"),
    "ReLU with a threshold": lambda: L.ReLU(threshold=0.5, name="gate"),
    "relu6": lambda: L.Activation("relu6", name="gate"),
}


@pytest.mark.parametrize("name", RECTIFIERS)
def test_a_rectifier_of_its_own_is_named_as_the_place(name: str, tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=2)
    model = separate(RECTIFIERS[name]())
    finding = only(examined(tmp_path, model, x, y, rules=("U401",)), "U401")
    assert finding.layer == "gate"
    assert list(names(finding, "dead_units")) == dead_by_keras(model, "gate", x)


def test_a_unit_under_a_raised_threshold_is_dead_although_its_sum_is_positive(tmp_path: Path) -> None:
    x, y = waves(200, 1, seed=3)
    model = compiled(stack(1, L.Dense(4, name="sums"), L.ReLU(threshold=3.0, name="gate"), L.Dense(1)))
    put(model.get_layer("sums"), [[0.1, 0.1, 0.1, 5.0]], [2.0, 2.0, 2.0, 0.1])
    finding = only(examined(tmp_path, model, x, y, rules=("U401",)), "U401")
    assert list(names(finding, "dead_units")) == [0, 1, 2] == dead_by_keras(model, "gate", x)


def test_a_capped_unit_above_its_cap_is_not_dead(tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=4)
    model = compiled(stack(2, L.Dense(8, "relu6", name="hidden"), L.Dense(1)))
    kernel, bias = model.get_layer("hidden").get_weights()
    put(model.get_layer("hidden"), kernel, bias + 50.0)
    assert quiet(examined(tmp_path, model, x, y, rules=("U401",)), "U401")


@pytest.mark.parametrize(
    "activation",
    [L.LeakyReLU, lambda: L.PReLU(alpha_initializer="ones"), L.ELU, lambda: L.Activation("gelu")],
)
def test_units_that_leak_are_never_dead(activation: Callable[[], Model], tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=5)
    report = examined(tmp_path, separate(activation()), x, y, rules=("U401",))
    assert not found(report, "U401")
    assert outcome(report, "U401").status is Status.NOT_APPLICABLE


def wide_patient(tmp_path: Path, dead: int) -> Report:
    """A layer of 100 in a model that does badly: its output weights are zero."""
    x, y = waves(500, 2, seed=6)
    model = compiled(stack(2, L.Dense(100, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), np.full((2, 100), 0.5), np.where(np.arange(100) < dead, -9.0, 0.5))
    put(model.get_layer("out"), np.zeros((100, 1)), [0.5])
    return examined(tmp_path, model, x, y, rules=("U401",))


@pytest.mark.parametrize(
    ("dead", "severity"),
    [
        (10, None),
        (11, Severity.WARNING),
        (60, Severity.WARNING),
        (92, Severity.WARNING),
        (93, Severity.ERROR),
        (100, Severity.ERROR),
    ],
)
def test_in_a_wide_layer_it_is_an_error_once_fewer_than_eight_are_left(
    dead: int, severity: Severity | None, tmp_path: Path
) -> None:
    findings = found(wide_patient(tmp_path, dead), "U401")
    assert [finding.severity for finding in findings] == ([] if severity is None else [severity])


@pytest.mark.parametrize(("dead", "severity"), [(1, Severity.WARNING), (2, Severity.WARNING), (3, Severity.ERROR)])
def test_in_a_narrow_layer_it_is_an_error_once_half_is_gone(dead: int, severity: Severity, tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=7)
    model = compiled(stack(2, L.Dense(6, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), np.full((2, 6), 0.5), np.where(np.arange(6) < dead, -9.0, 0.5))
    put(model.get_layer("out"), np.zeros((6, 1)), [0.5])
    assert only(examined(tmp_path, model, x, y, rules=("U401",)), "U401").severity is severity


def test_a_silent_layer_is_an_error_without_targets_to_compare_with(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=8)
    model = stack(2, L.Dense(4, "relu", name="hidden"), L.Dense(1))
    kill(model.get_layer("hidden"), 4)
    report = examined(tmp_path, model, x, y)
    finding = only(report, "U401")
    assert report.ladder is None
    assert finding.severity is Severity.ERROR
    assert "Nothing of the input gets past this layer" in finding.evidence.why
    assert report.verdict == "Nothing gets through hidden: all 4 ReLU units are zero on every row."


def test_a_dead_output_unit_answers_zero_and_the_remedy_takes_its_activation_off(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=9)
    y = y - y.min()  # none below zero, which a ReLU could not reach and O204 would speak of first
    model = compiled(stack(2, L.Dense(4, "tanh", name="hidden"), L.Dense(1, "relu", name="answer")))
    kill(model.get_layer("answer"), 1)
    report = examined(tmp_path, model, x, y)
    finding = only(report, "U401")
    assert not predicted(model, x).any()
    assert (finding.severity, finding.layer) == (Severity.ERROR, "answer")
    assert finding.evidence.numbers["output"] is True
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == 'Dense(1, name="answer")'
    assert report.findings[0] is finding
    assert "predicts 0 on every row" in report.verdict


def test_a_dead_head_among_several_outputs_is_found(tmp_path: Path) -> None:
    entry = keras.Input((2,))
    trunk = L.Dense(8, "tanh")(entry)
    model = keras.Model(entry, [L.Dense(1, "relu", name="dead")(trunk), L.Dense(1, "relu", name="alive")(trunk)])
    compiled(model, loss=["mse", "mae"])
    kill(model.get_layer("dead"), 1)
    put(model.get_layer("alive"), *[weight + 1 for weight in model.get_layer("alive").get_weights()])
    x, y = waves(100, 2, seed=10)
    finding = only(examined(tmp_path, model, x, np.concatenate([y, y], axis=1), rules=("U401",)), "U401")
    assert (finding.layer, finding.severity) == ("dead", Severity.ERROR)


def test_a_layer_of_a_nested_model_is_named_by_its_path(tmp_path: Path) -> None:
    body = keras.Sequential([keras.Input((2,)), L.Dense(6, "relu", name="inner")], name="body")
    entry = keras.Input((2,))
    model = compiled(keras.Model(entry, L.Dense(1)(body(entry))))
    kill(body.get_layer("inner"), 5)
    x, y = waves(100, 2, seed=11)
    finding = only(examined(tmp_path, model, x, y, rules=("U401",)), "U401")
    assert finding.layer == "body/inner"
    assert finding.evidence.remedy is not None
    assert 'name="inner"' in str(finding.evidence.remedy.code)


def test_false_alarm_a_shared_layer_that_is_alive_in_one_of_its_calls(tmp_path: Path) -> None:
    entry = keras.Input((1,))
    layer = L.Dense(4, "relu", name="shared")
    joined = L.Concatenate()([layer(L.Rescaling(1.0, 1.0)(entry)), layer(L.Rescaling(1.0, -9.0)(entry))])
    model = compiled(keras.Model(entry, L.Dense(1)(joined)))
    put(layer, np.ones((1, 4)), np.full(4, 0.1))
    x, y = waves(100, 1, seed=12)
    assert quiet(examined(tmp_path, model, x, y, rules=("U401",)), "U401")


def test_a_shared_layer_that_is_dead_in_all_of_its_calls_is_found(tmp_path: Path) -> None:
    entry = keras.Input((1,))
    layer = L.Dense(4, "relu", name="shared")
    joined = L.Concatenate()([layer(L.Rescaling(1.0, -3.0)(entry)), layer(L.Rescaling(1.0, -9.0)(entry))])
    model = compiled(keras.Model(entry, L.Dense(1)(joined)))
    put(layer, np.ones((1, 4)), np.full(4, 0.1))
    x, y = waves(100, 1, seed=12)
    assert number(only(examined(tmp_path, model, x, y, rules=("U401",)), "U401"), "dead") == 4


def test_false_alarm_dead_units_in_a_model_that_fits_are_a_note(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 200)[:, None]
    model = compiled(stack(1, L.Dense(8, "relu", name="hidden"), L.Dense(1)))
    put(model.get_layer("hidden"), [[1.0, -1.0, 1, 1, 1, 1, 1, 1]], [0.0, 0.0, -5, -5, -5, -5, -5, -5])
    put(model.layers[-1], np.ones((8, 1)), [0.0])  # |x|
    report = examined(tmp_path, model, x, np.abs(x), rules=("U401",))
    finding = only(report, "U401")
    assert number(finding, "dead") == 6
    assert finding.severity is Severity.NOTE


def test_false_alarm_the_usual_tenth_of_dead_units_says_nothing(tmp_path: Path) -> None:
    report = wide_patient(tmp_path, 10)
    assert "dead ReLU units" in {suspect.what for suspect in report.ruled_out}


def test_one_row_that_fires_keeps_a_unit_alive(tmp_path: Path) -> None:
    x, y = waves(400, 1, seed=13)
    x[317] = 10.0
    model = compiled(stack(1, L.Dense(4, "relu", name="hidden"), L.Dense(1)))
    put(model.get_layer("hidden"), np.ones((1, 4)), np.full(4, -9.5))
    assert quiet(examined(tmp_path, model, x, y, rules=("U401",)), "U401")
    x[317] = 9.0
    assert number(only(examined(tmp_path, model, x, y, rules=("U401",)), "U401"), "dead") == 4


def test_untrained_units_that_never_fire_are_dead_from_the_start(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (200, 1))
    model = compiled(stack(1, L.Dense(4, "relu", name="hidden"), L.Dense(1)), updates=0)
    put(model.get_layer("hidden"), [[-1.0, -1.0, -1.0, 1.0]], np.zeros(4))
    finding = only(examined(tmp_path, model, x, x**2, rules=("U401",)), "U401")
    assert list(names(finding, "dead_units")) == [0, 1, 2]
    assert "from the start" in finding.evidence.why


def test_the_remedy_draws_anew_and_widens_a_narrow_layer(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=14)
    remedy = only(examined(tmp_path, patient(4, 3), x, y, rules=("U401",)), "U401").evidence.remedy
    assert remedy is not None
    assert "hidden" in remedy.text
    assert "16 units instead of 4" in remedy.text
    keras.layers.deserialize(keras.layers.serialize(eval(str(remedy.code), {"Dense": L.Dense})))  # noqa: S307


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, patient(4, 3), rules=("U401",)), "U401")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


def test_a_network_it_cannot_run_is_skipped_with_the_layer_named(tmp_path: Path) -> None:
    entry = keras.Input((4,))
    odd = L.Lambda(lambda z: z, name="odd")(entry)
    model = compiled(keras.Model(entry, L.Dense(1)(L.Dense(4, "relu")(odd))))
    x, y = waves(50, 4, seed=0)
    skipped = outcome(examined(tmp_path, model, x, y, rules=("U401",)), "U401")
    assert skipped.status is Status.SKIPPED
    assert "'odd'" in str(skipped.reason)
    assert "Lambda" in str(skipped.reason)
