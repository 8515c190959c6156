"""U402: saturation counted on every unit and row; models that do well are left alone."""

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
    alarms,
    compiled,
    examined,
    found,
    number,
    only,
    outcome,
    put,
    quiet,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status

SLOPES: dict[str, Callable[[Table], Table]] = {  # relative to the steepest
    "sigmoid": lambda z: 1 / np.cosh(z / 2) ** 2,
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "softsign": lambda z: 1 / (1 + np.abs(z)) ** 2,
    "hard_sigmoid": lambda z: (np.abs(z) < 3).astype(float),
    "hard_tanh": lambda z: (np.abs(z) < 1).astype(float),
}
FLAT = 0.05


def patient(activation: str, units: int = 10, spread: float = 30.0, width: int = 3, seed: int = 0) -> Model:
    """A model whose hidden weights are far too large, and whose answer is a constant."""
    rng = np.random.default_rng(seed)
    model = compiled(stack(width, L.Dense(units, activation, name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), rng.normal(0, spread, (width, units)), rng.normal(0, spread, units))
    put(model.get_layer("out"), np.zeros((units, 1)), [0.2])
    return model


@pytest.mark.parametrize("activation", SLOPES)
@pytest.mark.parametrize(("units", "rows", "seed"), [(1, 100, 0), (10, 300, 1), (64, 1000, 2)])
@pytest.mark.series
def test_shares_are_those_of_a_plain_count(activation: str, units: int, rows: int, seed: int, tmp_path: Path) -> None:
    x, y = waves(rows, 3, seed=seed)
    model = patient(activation, units, seed=seed)
    finding = only(report := examined(tmp_path, model, x, y), "U402")
    kernel, bias = (np.asarray(w, dtype=np.float64) for w in model.get_layer("hidden").get_weights())
    slopes = SLOPES[activation](x @ kernel + bias)
    assert number(finding, "saturated") == ((slopes < FLAT).mean(axis=0) >= 0.5).sum()
    assert number(finding, "flat_share") == pytest.approx((slopes < FLAT).mean(), abs=1e-12)
    assert number(finding, "slope_share") == pytest.approx(slopes.mean(), rel=1e-9)
    falls = bool(found(report, "G607"))  # no more than a warning then
    assert (finding.severity, finding.evidence.certainty) == (
        Severity.WARNING if falls else Severity.ERROR,
        Certainty.MEASURED,
    )
    assert report.findings[0].code in ("W303", "U402"), told(report)


@pytest.mark.parametrize(
    "layer", [lambda: L.Activation("tanh", name="curve"), lambda: L.Activation("sigmoid", name="curve")]
)
def test_an_activation_layer_is_named_as_the_place(layer: Callable[[], Model], tmp_path: Path) -> None:
    x, y = waves(300, 2, seed=3)
    model = compiled(stack(2, L.Dense(8, name="sums"), layer(), L.Dense(1, name="out")))
    put(model.get_layer("sums"), np.full((2, 8), 5.0), np.full(8, 40.0))
    put(model.get_layer("out"), np.zeros((8, 1)), [0.2])
    finding = only(examined(tmp_path, model, x, y, rules=("U402",)), "U402")
    assert finding.layer == "curve"
    assert number(finding, "saturated") == 8


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_every_kind_of_file_and_loss(form: str, loss: str, tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=4)
    model = patient("tanh")
    model.compile(loss=loss)
    assert (
        number(only(examined(tmp_path, model, x, y, form=form, data="csv", rules=("U402",)), "U402"), "saturated") == 10
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_nothing_is_stuck_where_training_falls_readily(activation: str, seed: int, tmp_path: Path) -> None:
    """Steep but useful units: the loss falls as fast as it can, and that is what the report says first."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (400, 1))
    model = compiled(stack(1, L.Dense(16, activation, name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), np.full((1, 16), 120.0), rng.uniform(-100, 100, 16))
    put(model.get_layer("out"), np.zeros((16, 1)), [0.0])
    report = examined(tmp_path, model, x, 0.1 * np.tanh(3 * x))
    finding = only(report, "U402")
    assert finding.evidence.numbers["stuck"] is False
    assert "stuck" not in report.verdict, told(report)
    if finding.severity is Severity.NOTE:
        assert only(report, "G607").because_of in (None, "A106"), told(report)  # the last layer is all zeros


def test_each_layer_of_a_deep_patient_gets_its_own_finding(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    body = keras.Sequential([keras.Input((20,)), L.Dense(20, "tanh", name="second")], name="body")
    entry = keras.Input((2,))
    model = compiled(keras.Model(entry, L.Dense(1, name="out")(body(L.Dense(20, "tanh", name="first")(entry)))))
    put(model.get_layer("first"), rng.normal(0, 30, (2, 20)), rng.normal(0, 30, 20))
    put(body.get_layer("second"), rng.normal(0, 30, (20, 20)), np.zeros(20))
    put(model.get_layer("out"), np.zeros((20, 1)), [0.2])
    x, y = waves(200, 2, seed=5)
    findings = found(examined(tmp_path, model, x, y, quick=True), "U402")  # without the trial of the line that leads
    assert {finding.layer for finding in findings} == {"first", "body/second"}
    for finding in findings:
        assert finding.evidence.remedy is not None
        assert f'name="{str(finding.layer).rpartition("/")[2]}"' in str(finding.evidence.remedy.code)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.series
def test_weights_from_a_normal_of_spread_one_stop_a_deep_tanh_net(seed: int, tmp_path: Path) -> None:
    """The disease of the NumPy posts: ``np.random.randn`` for every kernel."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (512, 1))
    y = np.cos(6 * x)
    wide = keras.initializers.RandomNormal(stddev=1.0, seed=seed)
    layers = [L.Dense(100, "tanh", kernel_initializer=wide, name=f"hidden_{k}") for k in range(3)]
    model = stack(1, *layers, L.Dense(1, "tanh", kernel_initializer=wide, name="out"))
    model.compile("sgd", "mse")
    fit(model, x, y, batch=512, epochs=20)
    report = examined(tmp_path, model, x, y)
    assert any(f.severity is Severity.ERROR for f in found(report, "U402")), told(report)
    assert report.findings[0].code in ("W303", "U402"), told(report)


def test_a_saturated_layer_in_a_model_half_way_there_is_a_warning(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(-1, 1, (400, 1))
    model = compiled(stack(1, L.Dense(2, "tanh", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[500.0, 500.0]], [0.0, 0.0])
    put(model.get_layer("out"), [[0.45], [0.0]], [0.0])  # a step where a line is asked for
    report = examined(tmp_path, model, x, x, rules=("U402",))
    finding = only(report, "U402")
    assert 0.05 < np.square(0.45 * np.sign(x) - x).mean() / x.var() < 0.5
    assert finding.severity is Severity.WARNING


def test_false_alarm_an_output_sigmoid_that_is_rightly_sure(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400, 2))
    y = (x[:, :1] > 0).astype(float)
    x[:, :1] += np.where(y > 0, 1.0, -1.0)
    model = compiled(stack(2, L.Dense(1, "sigmoid", name="answer")))
    put(model.get_layer("answer"), [[40.0], [0.0]], [0.01])
    report = examined(tmp_path, model, x, y)
    assert quiet(report, "U402")
    assert not alarms(report), told(report)


def test_an_output_sigmoid_that_is_wrongly_sure_is_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(400, 2))
    y = (x[:, :1] > 0).astype(float)
    model = compiled(stack(2, L.Dense(1, "sigmoid", name="answer")))
    put(model.get_layer("answer"), [[0.0], [0.1]], [-30.0])
    finding = only(examined(tmp_path, model, x, y, rules=("U402",)), "U402")
    assert finding.layer == "answer"
    assert finding.evidence.numbers["output"] is True
    assert finding.severity is Severity.ERROR


def test_hidden_units_used_as_steps_in_a_model_that_fits_stay_quiet(tmp_path: Path) -> None:
    x = np.random.default_rng(8).uniform(-1, 1, (400, 1))
    model = compiled(stack(1, L.Dense(1, "tanh", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[500.0]], [0.01])
    put(model.get_layer("out"), [[1.0]], [0.01])
    assert quiet(examined(tmp_path, model, x, np.sign(x), rules=("U402",)), "U402")


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softsign"])
@pytest.mark.series
def test_healthy_nets_of_several_depths_stay_quiet(activation: str, depth: int, tmp_path: Path) -> None:
    keras.utils.set_random_seed(depth)
    x = np.random.default_rng(depth).uniform(-1, 1, (512, 2))
    y = 0.5 * x[:, :1] - x[:, 1:] + 0.5 * x[:, :1] * x[:, 1:]
    model = stack(2, *[L.Dense(16, activation) for _ in range(depth)], L.Dense(1))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, epochs=40, batch=128), x, y, rules=("U402",))
    assert quiet(report, "U402"), told(report)


def test_a_fresh_net_of_default_make_stays_quiet(tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=9)
    model = compiled(stack(3, L.Dense(32, "tanh"), L.Dense(32, "sigmoid"), L.Dense(1)), updates=0)
    assert quiet(examined(tmp_path, model, x, y, rules=("U402",)), "U402")


@pytest.mark.parametrize("activation", ["relu", "gelu", "elu", "softplus", "linear"])
def test_functions_with_an_open_side_do_not_apply(activation: str, tmp_path: Path) -> None:
    x, y = waves(100, 3, seed=10)
    assert (
        outcome(examined(tmp_path, patient(activation), x, y, rules=("U402",)), "U402").status is Status.NOT_APPLICABLE
    )


@pytest.mark.parametrize(("saturated", "fires"), [(5, False), (6, True)])
def test_half_of_the_units_are_tolerated(saturated: int, *, fires: bool, tmp_path: Path) -> None:
    x, y = waves(200, 1, seed=11)
    model = patient("tanh", width=1)
    put(model.get_layer("hidden"), np.full((1, 10), 0.5), np.where(np.arange(10) < saturated, 9.0, 0.1))
    assert bool(found(examined(tmp_path, model, x, y, rules=("U402",)), "U402")) == fires


def test_saturated_by_unscaled_inputs_is_put_under_its_cause(tmp_path: Path) -> None:
    x, y = waves(300, 3, seed=12)
    model = patient("tanh", spread=1.0)
    report = examined(tmp_path, model, 1000 * x + 3000, y)
    assert only(report, "U402").because_of == "D702", told(report)
    assert report.findings[0].code == "D702"


def test_the_remedy_compares_the_weights_with_glorot(tmp_path: Path) -> None:
    x, y = waves(300, 3, seed=13)
    model = patient("tanh", units=50)
    remedy = only(examined(tmp_path, model, x, y, quick=True), "U402").evidence.remedy
    assert remedy is not None
    assert "hidden" in remedy.text
    assert f"{model.get_layer('hidden').get_weights()[0].std():.0f}" in remedy.text
    assert f"{np.sqrt(2 / 53):.2f}" in remedy.text


def test_without_a_loss_hidden_units_are_judged_and_output_units_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(14)
    x, y = waves(300, 3, seed=14)
    model = stack(3, L.Dense(8, "tanh", name="hidden"), L.Dense(1, "sigmoid", name="answer"))
    put(model.get_layer("hidden"), rng.normal(0, 50, (3, 8)), np.zeros(8))
    put(model.get_layer("answer"), np.zeros((8, 1)), [30.0])
    report = examined(tmp_path, model, x, y, rules=("U402",))
    finding = only(report, "U402")
    assert (finding.layer, finding.severity) == ("hidden", Severity.WARNING)


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, patient("tanh"), rules=("U402",)), "U402")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


def test_weights_of_the_usual_size_are_not_to_be_drawn_smaller(tmp_path: Path) -> None:
    """Raw inputs saturate the units: that is said first, and a fresh start would end the same."""
    keras.utils.set_random_seed(0)
    x = np.arange(200.0)[:, None]
    y = np.sin(x / 40)
    model = compiled(stack(1, L.Dense(24, "tanh", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), model.get_layer("hidden").get_weights()[0], np.full(24, 50.0))
    report = examined(tmp_path, model, x, y)
    finding = only(report, "U402")
    assert finding.because_of == "D702", told(report)
    assert report.findings[0].code == "D702"
    assert finding.evidence.remedy is not None
    assert "scale what enters hidden" in finding.evidence.remedy.text
