"""G603: a learning rate at which the loss does not fall, and at a lower one it does."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pytest
from effort import EFFORT
from keras_fit import fit
from model_cases import L, Model, Table, alarms, examined, found, number, only, quiet, stack, told, waves

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Report

O = keras.optimizers  # noqa: E741


def problem(seed: int, width: int = 3, rows: int = 300) -> tuple[Table, Table]:
    x, y = waves(rows, width, seed)
    return (x / x.std(axis=0)).astype(np.float32), ((y - y.mean()) / y.std()).astype(np.float32)


def fitted(
    folder: Path,
    optimizer: Model,
    seed: int,
    *,
    updates: int = 400,
    layers: Sequence[Model] = (L.Dense(24, "tanh"),),
) -> Report:
    x, y = problem(seed)
    keras.utils.set_random_seed(seed)
    model = stack(3, *(layer.from_config(layer.get_config()) for layer in layers), L.Dense(1))
    model.compile(optimizer, "mse", steps_per_execution=20)
    if updates:
        order = np.concatenate(
            [np.random.default_rng(k).permutation(len(x)) for k in range(updates * 32 // len(x) + 1)]
        )
        order = order[: updates * 32]
        fit(model, x[order], y[order], batch=32, shuffle=False)
    else:
        model.optimizer.build(model.trainable_variables)
    return examined(folder, model, x, y)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("rate", [3.0, 100.0])
@pytest.mark.series
def test_gradient_descent_that_blew_up(rate: float, seed: int, tmp_path: Path) -> None:
    report = fitted(tmp_path, O.SGD(rate), seed, layers=[L.Dense(24, "relu")])
    finding = only(report, "G603")
    assert finding.severity is Severity.ERROR, told(report)
    assert finding.evidence.certainty is Certainty.TRIED
    broken = found(report, "W301")
    assert all(one.because_of == "G603" for one in broken), told(report)
    assert report.findings[0].code == "G603"
    assert "learning rate" in report.verdict
    # The rate of the remedy is one at which Keras itself trains: the claim, on real training.
    rate = float(str(finding.evidence.numbers["lower_rate"]).replace(",", ""))
    assert f"SGD({rate:.2g})" in str(finding.evidence.remedy and finding.evidence.remedy.code)
    x, y = problem(seed)
    keras.utils.set_random_seed(seed + 10)
    model = stack(3, L.Dense(24, "relu"), L.Dense(1))
    model.compile(O.SGD(rate), "mse")
    assert model.fit(x, y, epochs=30, verbose=0).history["loss"][-1] < 0.9


@pytest.mark.parametrize("name", ["Adam", "RMSprop", "Nadam"])
def test_adaptive_optimizers_that_throw_the_weights_about(name: str, tmp_path: Path) -> None:
    """Training at such a rate is chaotic: where it ends depends on the processor, so one run in five may hide it."""
    told_as_such = 0
    seeds = 5 if EFFORT.every else 2
    for seed in range(seeds):
        folder = tmp_path / str(seed)
        folder.mkdir()
        report = fitted(folder, getattr(O, name)(1.0), seed, layers=[L.Dense(32, "relu"), L.Dense(32, "tanh")])
        if not found(report, "G603"):
            assert alarms(report)
            continue
        finding = only(report, "G603")
        # A model that has come half of the way in spite of its rate gets a warning.
        assert finding.severity in (Severity.ERROR, Severity.WARNING), told(report)
        told_as_such += report.findings[0].code == "G603"
        lower = finding.evidence.numbers["lower_path"]
        assert isinstance(lower, tuple)
        assert float(str(lower[-1])) < float(str(lower[0]))
    assert told_as_such >= seeds - 1


@pytest.mark.parametrize("seed", [0, 1])
def test_an_untrained_model_is_warned(seed: int, tmp_path: Path) -> None:
    report = fitted(tmp_path, O.SGD(5.0), seed, updates=0)
    finding = only(report, "G603")
    assert finding.severity is Severity.WARNING, told(report)
    assert number(finding, "stable_rate") < 5.0
    assert "first" in report.verdict


def test_the_curvature_stands_beside_the_trial(tmp_path: Path) -> None:
    """A linear model has the Hessian of its second moments, so that the stable rate is known by hand."""
    x, y = problem(0)
    model = stack(3, L.Dense(1))
    model.compile(O.SGD(3.0), "mse")
    fit(model, x, y, batch=len(x), epochs=5)
    finding = only(examined(tmp_path, model, x, y, rules=("G603",)), "G603")
    design = np.column_stack([np.ones(len(x)), x]).astype(np.float64)
    sharpest = np.linalg.eigvalsh(2 * design.T @ design / len(x))[-1]
    assert number(finding, "sharpness") == pytest.approx(sharpest, rel=0.01)
    assert number(finding, "stable_rate") == pytest.approx(2 / sharpest, rel=0.01)
    assert finding.evidence.numbers["sharpness_by"] == "Hessian"


@pytest.mark.parametrize("updates", [0, 60, 600])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "optimizer",
    [lambda: O.SGD(0.05), lambda: O.SGD(0.02, momentum=0.9), lambda: O.Adam(0.01), lambda: O.RMSprop(0.003)],
)
@pytest.mark.series
def test_ordinary_rates_are_left_alone(optimizer: Model, updates: int, seed: int, tmp_path: Path) -> None:
    report = fitted(tmp_path, optimizer(), seed, updates=updates)
    assert quiet(report, "G603"), told(report)


def test_the_edge_of_stability_is_no_fault(tmp_path: Path) -> None:
    """Full-batch gradient descent with a large rate hovers at a sharpness of 2 / rate and learns all the same."""
    x, y = problem(1, rows=60)
    keras.utils.set_random_seed(1)
    model = stack(3, L.Dense(32, "tanh"), L.Dense(1))
    rate = 0.2
    model.compile(O.SGD(rate), "mse", steps_per_execution=100)
    many = 1500
    fit(model, np.tile(x, (many, 1)), np.tile(y, (many, 1)), batch=60, shuffle=False)
    report = examined(tmp_path, model, x, y, rules=("G603",))
    assert quiet(report, "G603"), told(report)


def test_a_dead_network_that_no_rate_wakes_is_not_blamed_on_the_rate(tmp_path: Path) -> None:
    x, y = problem(0)
    keras.utils.set_random_seed(0)
    model = stack(3, L.Dense(8, "relu", bias_initializer=keras.initializers.Constant(-50.0)), L.Dense(1))
    model.compile(O.Adam(0.01), "mse")
    fit(model, x, y, epochs=10)
    report = examined(tmp_path, model, x, y, rules=("G603",))
    assert quiet(report, "G603"), told(report)


def test_unscaled_inputs_come_before_the_rate_they_forbid(tmp_path: Path) -> None:
    x, y = problem(0)
    keras.utils.set_random_seed(0)
    model = stack(3, L.Dense(16, "relu"), L.Dense(1))
    model.compile(O.SGD(0.01), "mse")
    fit(model, 1000 * x, y, epochs=5)
    report = examined(tmp_path, model, 1000 * x, y)
    assert report.findings[0].code == "D702", told(report)
    for finding in found(report, "G603"):
        assert finding.because_of == "D702"


def test_a_start_from_weights_that_are_too_large_is_left_to_w303(tmp_path: Path) -> None:
    x, y = problem(0)
    keras.utils.set_random_seed(0)
    wide = keras.initializers.RandomNormal(stddev=20.0)
    model = stack(3, L.Dense(32, "relu", kernel_initializer=wide), L.Dense(1, kernel_initializer=wide))
    model.compile(O.SGD(0.01), "mse")
    model.optimizer.build(model.trainable_variables)
    report = examined(tmp_path, model, x, y, rules=("G603", "W303"))
    assert quiet(report, "G603"), told(report)
    assert found(report, "W303"), told(report)


def test_without_data_it_is_not_judged(tmp_path: Path) -> None:
    model = stack(3, L.Dense(1))
    model.compile(O.SGD(100.0), "mse")
    assert not alarms(examined(tmp_path, model))
