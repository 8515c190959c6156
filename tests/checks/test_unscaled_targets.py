"""D703: targets too far or too near for the head and the optimizer; never those that the model has reached."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from hand_built import sequential
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
    quiet,
    root,
    stack,
    told,
    train,
)

from mlpdoctor.core.finding import Certainty, Finding, Severity
from mlpdoctor.core.report_model import Report, Status
from mlpdoctor.facts.outputs.prediction_spread import PredictionReach, _stages


def curve(rows: int, width: int, seed: int) -> tuple[Table, Table]:
    """Standard normal inputs and a bent target of mean 0 and deviation 1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, width))
    y = np.sin(2 * x[:, :1]) + x[:, -1:]
    return x, (y - y.mean()) / y.std()


def mlp(width: int, units: int = 32, depth: int = 2, activation: str = "relu", seed: int = 0) -> Model:
    keras.utils.set_random_seed(seed)
    return stack(width, *[L.Dense(units, activation) for _ in range(depth)], L.Dense(1))


def fitted(model: Model, x: Table, y: Table, optimizer: Model, epochs: int, loss: str = "mse") -> Model:
    model.compile(optimizer, loss)
    fit(model, x, y, epochs)
    return model


def finding_of(report: Report, kind: str) -> Finding:
    finding = only(report, "D703")
    assert finding.evidence.numbers["kind"] == kind, told(report)
    assert finding.evidence.certainty is Certainty.ESTIMATED
    return finding


@pytest.mark.parametrize(("mean", "deviation"), [(200_000.0, 50_000.0), (-5000.0, 10.0), (0.0, 1e6)])
@pytest.mark.parametrize("units", [8, 64])
@pytest.mark.series
def test_far_targets_have_not_been_reached_by_adam(mean: float, deviation: float, units: int, tmp_path: Path) -> None:
    x, y = curve(320, 3, seed=units)
    y = mean + deviation * y
    model = fitted(mlp(3, units, seed=units), x, y, "adam", epochs=5)
    report = examined(tmp_path, model, x, y)
    finding = finding_of(report, "far")
    assert finding.severity is Severity.ERROR
    assert number(finding, "updates_needed") > 50 == number(finding, "updates_made")
    rms = np.sqrt(np.square(predicted(model, x)).mean() / max(mean**2, y.var()))
    assert number(finding, "travelled_share") == pytest.approx(rms, rel=1e-3)
    assert report.findings[0] is finding, told(report)
    assert "not scaled" in report.verdict
    assert root(report, only(report, "L502")) == "D703"


def test_the_remedy_standardises_with_the_numbers_of_the_file_and_works(tmp_path: Path) -> None:
    x, y = curve(320, 3, seed=1)
    raw = 4000 + 30 * y
    remedy = only(
        examined(tmp_path, fitted(mlp(3), x, raw, "adam", epochs=5), x, raw, rules=("D703",)), "D703"
    ).evidence.remedy
    assert remedy is not None
    told_to = {"y_train": raw}
    exec(str(remedy.code), told_to)  # noqa: S102
    np.testing.assert_allclose(told_to["y_train"], (raw - raw.mean()) / raw.std(), atol=1e-4)
    model = fitted(mlp(3), x, told_to["y_train"], "adam", epochs=40)
    assert not found(examined(tmp_path, model, x, told_to["y_train"], rules=("D703",)), "D703")


def test_linear_regression_far_from_its_intercept(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(0, 1, (320, 1))
    finding = finding_of(
        examined(tmp_path, fitted(stack(1, L.Dense(1)), x, 40 + 5 * x, "adam", 20), x, 40 + 5 * x), "far"
    )
    assert number(finding, "updates_needed") > 20_000


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.series
def test_the_estimate_of_the_updates_is_right_within_a_factor_of_three(activation: str) -> None:
    """All targets far above: every weight is pulled one way, as the estimate takes for granted."""
    x = np.abs(np.random.default_rng(0).normal(size=(64, 3)))
    for size in (30.0, 300.0):
        network = sequential(3, (16, activation), (16, activation), (1, None))
        expected = (
            PredictionReach(_stages(network), float(np.sqrt(np.square(x).mean(axis=0)).mean())).travel(size) / 0.03
        )
        model = mlp(3, 16, 2, activation)
        model.compile(keras.optimizers.Adam(0.03), "mae")
        made, some = 0, max(int(expected / 5), 1)
        while np.abs(predicted(model, x)).mean() < size and made < 20 * expected:
            fit(model, np.tile(x, (some, 1)), np.full((64 * some, 1), 1e6), batch=64)
            made += some
        assert expected / 3 < made < 3 * expected + some, (made, expected)


def test_more_way_takes_more_updates_and_reaches_as_far_as_asked() -> None:
    network = sequential(3, (16, "relu"), (16, "tanh"), (1, None))
    travels = [PredictionReach(_stages(network), 1.0).travel(10.0**power) for power in range(-6, 9)]
    assert np.all(np.diff(travels) > 0)
    assert [PredictionReach(_stages(network), 1.0).after(move) for move in travels] == pytest.approx(
        [10.0**p for p in range(-6, 9)], rel=1e-3
    )


@pytest.mark.parametrize(("size", "effect"), [(300.0, "U401"), (5000.0, "W301")])
def test_plain_gradient_descent_kills_its_units_or_blows_up(size: float, effect: str, tmp_path: Path) -> None:
    x, y = curve(320, 4, seed=3)
    y = size * (1 + y)
    model = fitted(mlp(4), x, y, keras.optimizers.SGD(0.01), epochs=5)
    report = examined(tmp_path, model, x, y)
    assert np.isfinite(predicted(model, x)).all() == (effect == "U401")
    assert finding_of(report, "overshoots").severity is Severity.ERROR
    assert {root(report, finding) for finding in found(report, effect)} == {"D703"}, told(report)


def test_the_same_with_targets_of_unit_size_does_not(tmp_path: Path) -> None:
    x, y = curve(320, 4, seed=3)
    assert quiet(
        examined(tmp_path, fitted(mlp(4), x, y, keras.optimizers.SGD(0.01), epochs=5), x, y, rules=("D703",)), "D703"
    )


def test_clipped_gradients_do_not_overshoot(tmp_path: Path) -> None:
    x, y = curve(320, 4, seed=3)
    model = compiled(mlp(4), optimizer=keras.optimizers.SGD(0.01, clipnorm=1.0), updates=0)
    assert quiet(examined(tmp_path, model, x, 300 * (1 + y), rules=("D703",)), "D703")


@pytest.mark.parametrize("size", [1e-5, 1e-4])
def test_targets_smaller_than_the_steps_of_adam_drown_in_them(size: float, tmp_path: Path) -> None:
    x, y = curve(320, 4, seed=4)
    model = fitted(mlp(4), x, size * y, "adam", epochs=10)
    assert finding_of(examined(tmp_path, model, x, size * y), "drowned").severity is Severity.ERROR


@pytest.mark.parametrize(
    ("mean", "deviation", "kind"), [(200_000.0, 50_000.0, "far"), (0.0, 1e-5, "drowned"), (1e5, 1.0, "far")]
)
def test_before_training_it_is_a_forecast_and_a_warning(
    mean: float, deviation: float, kind: str, tmp_path: Path
) -> None:
    x, y = curve(200, 3, seed=5)
    finding = finding_of(examined(tmp_path, compiled(mlp(3), updates=0), x, mean + deviation * y), kind)
    assert finding.severity is Severity.WARNING


ORDINARY: dict[str, Callable[[Table], Table]] = {
    "unit scale": lambda y: y,
    "shares": lambda y: 1 / (1 + np.exp(-y)),
    "ratings": lambda y: np.clip(np.round(3 + y), 1, 5),
    "ages": lambda y: 40 + 12 * y,
    "thousands of dollars": lambda y: 22 + 9 * y,
    "hundredths": lambda y: 0.01 * y,
}


@pytest.mark.parametrize("kind", ORDINARY)
def test_false_alarm_ordinary_targets_before_training(kind: str, tmp_path: Path) -> None:
    x, y = curve(300, 4, seed=6)
    assert quiet(examined(tmp_path, compiled(mlp(4), updates=0), x, ORDINARY[kind](y), rules=("D703",)), "D703")


@pytest.mark.parametrize("size", [10.0, 1000.0, 1e6])
@pytest.mark.series
def test_false_alarm_large_targets_that_the_model_has_reached(size: float, tmp_path: Path) -> None:
    x, y = curve(300, 3, seed=7)
    y = size * (2 + y)
    model = mlp(3)
    model.compile("adam", "mse")
    train(model, x, y / size, epochs=60)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([size * kernel, size * bias])
    assert quiet(report := examined(tmp_path, model, x, y, rules=("D703",)), "D703"), told(report)


def test_false_alarm_a_bias_that_starts_at_the_mean(tmp_path: Path) -> None:
    x, y = curve(320, 3, seed=8)
    y = 5000 + 3 * y
    start = keras.initializers.Constant(float(y.mean()))
    model = fitted(stack(3, L.Dense(64, "relu"), L.Dense(1, bias_initializer=start)), x, y, "adam", epochs=60)
    assert quiet(report := examined(tmp_path, model, x, y, rules=("D703",)), "D703"), told(report)


@pytest.mark.parametrize(
    ("loss", "activation"), [("mape", None), ("msle", "softplus"), ("poisson", "exponential"), ("mse", "sigmoid")]
)
def test_losses_and_heads_without_such_a_scale(loss: str, activation: str | None, tmp_path: Path) -> None:
    x, y = curve(100, 2, seed=9)
    model = compiled(stack(2, L.Dense(8, "tanh"), L.Dense(1, activation)), loss, updates=0)
    assert outcome(examined(tmp_path, model, x, 1e5 * (5 + y), rules=("D703",)), "D703").status is Status.NOT_APPLICABLE


def test_a_model_without_an_optimizer_has_no_rate_to_judge_by(tmp_path: Path) -> None:
    x, y = curve(100, 2, seed=10)
    assert quiet(examined(tmp_path, mlp(2), x, 1e5 * y, loss="mse", rules=("D703",)), "D703")


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, compiled(mlp(2)), rules=("D703",)), "D703")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


@pytest.mark.parametrize(("loss", "ratio"), [("mae", 1e3), ("mse", 100.0)])
def test_targets_of_different_sizes_are_scaled_apart_and_the_small_one_is_named(
    loss: str, ratio: float, tmp_path: Path
) -> None:
    rng = np.random.default_rng(int(ratio))
    x = rng.normal(size=(500, 2))
    y = np.column_stack([x[:, 0], ratio * (x[:, 1] + 5)])
    model = compiled(stack(2, L.Dense(8, "relu"), L.Dense(2)), loss, updates=100)
    finding = only(examined(tmp_path, model, x, y, data="csv"), "D703")
    assert finding.evidence.remedy is not None
    code = str(finding.evidence.remedy.code)
    scaled = eval(code.partition(" = ")[2], {"y_train": y})  # noqa: S307  the line that users copy
    assert scaled.mean(axis=0) == pytest.approx([0, 0], abs=1e-3)
    assert scaled.std(axis=0) == pytest.approx([1, 1], rel=1e-3)
    assert "hardly sees it" in str(finding.evidence.verdict)
