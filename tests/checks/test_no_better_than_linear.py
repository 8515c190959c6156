"""L501: models on the line, compared with scikit-learn's line."""

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
    least_squares,
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

from mlpdoctor.checks.floors.no_better_than_linear import _compared
from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status

linear_model = pytest.importorskip("sklearn.linear_model")


def line_of(x: Table, y: Table, loss: str) -> tuple[Table, float]:
    """Slopes and intercept of the best line for the loss, by scikit-learn."""
    if loss == "mse":
        fit = linear_model.LinearRegression().fit(x, y[:, 0])
    else:
        fit = linear_model.QuantileRegressor(quantile=0.5, alpha=0.0, solver="highs").fit(x, y[:, 0])
    return fit.coef_[:, None], float(fit.intercept_)


def on_the_line(x: Table, y: Table, loss: str = "mse", wiggle: float = 1e-4) -> Model:
    """A nonlinear network with a linear path that carries the best line; its tanh units do next to nothing."""
    slopes, start = line_of(x, y, loss)
    entry = keras.Input((x.shape[1],))
    joined = L.Concatenate()([entry, L.Dense(8, "tanh", name="hidden")(entry)])
    model = compiled(keras.Model(entry, L.Dense(1, name="out")(joined)), loss=loss)
    put(model.get_layer("hidden"), np.random.default_rng(0).normal(size=(x.shape[1], 8)), np.full(8, 0.1))
    put(model.get_layer("out"), np.concatenate([slopes, np.full((8, 1), wiggle)]), [start])
    return model


def loss_of(model: Model, x: Table, y: Table, loss: str) -> float:
    errors = predicted(model, x) - y
    return float(np.square(errors).mean() if loss == "mse" else np.abs(errors).mean())


@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.parametrize(("rows", "width", "seed"), [(60, 1, 0), (400, 3, 1), (2500, 6, 2)])
@pytest.mark.series
def test_a_model_on_the_line_is_found_and_its_numbers_are_scikit_learns(
    rows: int, width: int, seed: int, loss: str, tmp_path: Path
) -> None:
    x, y = waves(rows, width, seed=seed)
    model = on_the_line(x, y, loss)
    finding = only(report := examined(tmp_path, model, x, y), "L501")
    slopes, start = line_of(x, y, loss)
    errors = y - x @ slopes - start
    line = float(np.square(errors).mean() if loss == "mse" else np.abs(errors).mean())
    assert number(finding, "affine") == pytest.approx(line, rel=1e-6)
    assert number(finding, "model") == pytest.approx(loss_of(model, x, y, loss), rel=1e-5)
    assert number(finding, "digits") >= 3
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED)
    assert report.ladder is not None
    assert report.ladder.standing == "affine"


def test_what_is_left_to_learn_is_estimated_with_an_error_bar(tmp_path: Path) -> None:
    x, y = waves(800, 2, seed=3, noise=0.1)
    finding = only(examined(tmp_path, on_the_line(x, y), x, y, rules=("L501",)), "L501")
    saved, error = number(finding, "saved"), number(finding, "saved_error")
    assert saved > 3 * error > 0
    assert saved == pytest.approx(number(finding, "line_out_of_sample") - number(finding, "curve_out_of_sample"))
    assert 0.01 < number(finding, "curve_out_of_sample") < 0.015  # the noise has a variance of 0.01
    assert number(finding, "line_out_of_sample") == pytest.approx(least_squares(x, y), rel=0.05)
    assert "structure left to learn" in finding.evidence.why
    assert finding.evidence.explains is None, "it says where the loss is, and keeps none of it"


def test_an_early_stopped_sgd_run_is_told_of_adam(tmp_path: Path) -> None:
    keras.utils.set_random_seed(4)
    x, y = waves(1024, 2, seed=4)
    model = stack(2, L.Dense(32, "tanh"), L.Dense(1))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    report = examined(tmp_path, train(model, x, y, epochs=12), x, y, rules=("L501",))
    finding = only(report, "L501")
    assert finding.severity is Severity.WARNING
    assert finding.evidence.remedy is not None
    assert "with Adam: " in finding.evidence.remedy.text
    assert number(finding, "updates") == 192


@pytest.mark.parametrize(("wiggle", "slope", "fires"), [(0.01, 1.0, True), (0.1, 1.0, False), (0.3, 0.0, False)])
def test_a_twentieth_below_the_line_is_enough_to_pass(
    wiggle: float, slope: float, *, fires: bool, tmp_path: Path
) -> None:
    """A model that takes a known share of the curve: ``1 - (1 - share)^2`` of what the line leaves.

    One a fifth below the line was called no better than it, because a quick fit does better still.
    """
    x = np.random.default_rng(5).uniform(-1, 1, (600, 1))
    y = np.abs(x) + slope * x
    entry = keras.Input((1,))
    bent = L.Concatenate()([L.ReLU()(entry), L.ReLU()(L.Rescaling(-1.0)(entry))])
    model = compiled(keras.Model(entry, L.Dense(1, name="out")(bent)))
    put(model.get_layer("out"), [[wiggle + slope], [wiggle - slope]], [0.5 * (1 - wiggle)])
    report = examined(tmp_path, model, x, y, rules=("L501",))
    assert bool(found(report, "L501")) == fires, told(report)


def test_false_alarm_noisy_linear_data_call_for_a_line(tmp_path: Path) -> None:
    """Named a note, for nothing nonlinear was missed."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(1000, 3))
    y = x @ [[1.0], [-1.0], [0.5]] + 0.5 * rng.normal(size=(1000, 1))
    finding = only(examined(tmp_path, on_the_line(x, y), x, y, rules=("L501",)), "L501")
    assert finding.severity is Severity.NOTE
    assert finding.evidence.explains is None
    assert "No nonlinear structure shows" in finding.evidence.why


def test_false_alarm_a_hundredth_above_the_line_of_data_that_are_mostly_noise(tmp_path: Path) -> None:
    """Nothing is left to learn, and what the line has in advance it owes to the noise it was fitted to."""
    rng = np.random.default_rng(16)
    x = rng.normal(size=(1000, 4))
    y = x @ [[1.0], [-0.5], [0.25], [0.0]] + 3 * rng.normal(size=(1000, 1))
    model = on_the_line(x, y)
    kernel, start = model.get_layer("out").get_weights()
    put(model.get_layer("out"), kernel, start + np.sqrt(0.013 * least_squares(x, y)))
    report = examined(tmp_path, model, x, y, rules=("L501",))
    assert all(finding.severity is Severity.NOTE for finding in found(report, "L501")), told(report)


def test_data_on_a_line_say_nothing(tmp_path: Path) -> None:
    x = np.random.default_rng(7).normal(size=(300, 2))
    y = x @ [[1.0], [2.0]]
    assert quiet(examined(tmp_path, on_the_line(x, y), x, y, rules=("L501",)), "L501")


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.series
def test_healthy_nets_are_below_the_line(activation: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(8)
    x, y = waves(512, 2, seed=8)
    model = stack(2, L.Dense(32, activation), L.Dense(1))
    model.compile("adam", "mse")
    assert quiet(examined(tmp_path, train(model, x, y, epochs=100), x, y, rules=("L501",)), "L501")


def test_linear_networks_are_left_to_their_own_rule(tmp_path: Path) -> None:
    x, y = waves(200, 1, seed=9)
    for k, layers in enumerate(([L.Dense(1)], [L.Dense(4), L.Dense(1)])):
        (folder := tmp_path / str(k)).mkdir()
        assert quiet(examined(folder, compiled(stack(1, *layers)), x, y, rules=("L501",)), "L501")


def test_a_model_at_the_constant_is_left_to_its_own_rule(tmp_path: Path) -> None:
    x, y = waves(400, 2, seed=10)
    model = on_the_line(x, y)
    put(model.get_layer("out"), np.zeros((10, 1)), [y.mean()])
    report = examined(tmp_path, model, x, y, rules=("L501", "L502"))
    assert found(report, "L502")
    assert not found(report, "L501")


def test_few_rows_admit_that_nothing_can_be_told(tmp_path: Path) -> None:
    x, y = waves(30, 1, seed=11)
    finding = only(examined(tmp_path, on_the_line(x, y), x, y, rules=("L501",)), "L501")
    assert finding.evidence.numbers["saved"] is None
    assert "too few rows" in finding.evidence.why


def test_an_untrained_model_is_not_blamed(tmp_path: Path) -> None:
    x, y = waves(200, 2, seed=12)
    report = examined(tmp_path, compiled(stack(2, L.Dense(8, "relu"), L.Dense(1)), updates=0), x, y, rules=("L501",))
    not_asked = outcome(report, "L501")
    assert (not_asked.status, not_asked.reason) == (Status.NOT_APPLICABLE, "the model has not been trained yet")


def test_without_a_loss_it_is_skipped_and_says_how_to_name_one(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=13)
    model = stack(2, L.Dense(8, "relu"), L.Dense(1))
    put(model.layers[-1], np.ones((8, 1)), [1.0])
    report = examined(tmp_path, model, x, y, rules=("L501",))
    assert outcome(report, "L501").status is Status.SKIPPED
    assert "--loss" in str(outcome(report, "L501").reason)


def test_a_loss_without_a_ladder_is_skipped_by_name(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=13)
    model = compiled(stack(2, L.Dense(8, "relu"), L.Dense(1)), loss="cosine_similarity")
    skipped = outcome(examined(tmp_path, model, x, y, rules=("L501",)), "L501")
    assert skipped.status is Status.SKIPPED
    assert "cosine similarity is not convex" in str(skipped.reason)


def test_below_the_line_is_said_from_the_proved_end_of_its_interval() -> None:
    """A line known to within a tenth: a model a little below its upper end is not shown to be below the best one."""
    assert _compared(0.03, -0.1) == "about the same as"
    assert _compared(0.03, 0.02) == "2 % below"
    assert _compared(-0.03, -0.1) == "3 % above"
