"""G604: a rate at which training takes far too long."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import L, compiled, examined, found, number, only, quiet, stack, told, train, waves

from mlpdoctor.core.finding import Certainty, Severity

Optimizers = keras.optimizers


def network(seed: int, optimizer: Any, width: int = 16) -> Any:  # noqa: ANN401
    keras.utils.set_random_seed(seed)
    model = stack(3, L.Dense(width, "tanh"), L.Dense(width, "relu"), L.Dense(1))
    model.compile(optimizer, "mse")
    return model


def standard(rows: int, seed: int) -> tuple[Any, Any]:
    x, y = waves(rows, 3, seed)
    return x, (y - y.mean()) / y.std()


def steps(model: Any, x: Any, y: Any, updates: int) -> Any:  # noqa: ANN401
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(len(x)) for _ in range(-(-updates * 32 // len(x)))])[: updates * 32]
    fit(model, x[order], y[order], batch=32, shuffle=False)
    return model


@pytest.mark.parametrize(
    "optimizer",
    [Optimizers.Adam(1e-5), Optimizers.SGD(1e-4), Optimizers.RMSprop(5e-6), Optimizers.Nadam(1e-5)],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.series
def test_a_zero_or_two_too_many(tmp_path: Path, optimizer: Any) -> None:  # noqa: ANN401
    x, y = standard(300, 1)
    report = examined(tmp_path, steps(network(1, optimizer), x, y, 300), x, y)
    finding = only(report, "G604")
    assert finding.evidence.certainty is Certainty.TRIED
    assert number(finding, "rate_tried") >= 9 * float(optimizer.learning_rate)
    assert number(finding, "gap_closed_at_rate_tried") > 4 * number(finding, "gap_closed")
    first = next(one for one in report.findings if one.severity is not Severity.NOTE)
    assert first.code == "G604", told(report)
    assert f"optimizers.{type(optimizer).__name__}(" in str(finding.evidence.remedy)
    assert quiet(report, "G607"), told(report)


def test_no_weight_has_moved_further_than_said(tmp_path: Path) -> None:
    """The bound on what the updates made can have done, on real training."""
    x, y = standard(200, 2)
    model = network(2, Optimizers.Adam(1e-5))
    before = [weight.copy() for weight in model.get_weights()]
    report = examined(tmp_path, steps(model, x, y, 100), x, y, rules=("G604",))
    moved = max(np.abs(a - b).max() for a, b in zip(model.get_weights(), before, strict=True))
    bound = number(only(report, "G604"), "furthest_any_weight_moved")
    assert moved <= bound * (1 + 1e-3)


def test_hopeless_is_an_error_and_slow_a_warning(tmp_path: Path) -> None:
    x, y = standard(300, 3)
    (tmp_path / "slow").mkdir()
    hopeless = only(
        examined(tmp_path, steps(network(3, Optimizers.SGD(1e-5)), x, y, 100), x, y, rules=("G604",)), "G604"
    )
    assert hopeless.severity is Severity.ERROR
    slow = only(
        examined(tmp_path / "slow", steps(network(3, Optimizers.Adam(1e-5)), x, y, 100), x, y, rules=("G604",)), "G604"
    )
    assert slow.severity is Severity.WARNING


@pytest.mark.parametrize("seed", [4, 5])
@pytest.mark.parametrize("rate", [1e-7, 1e-6, 3e-5])
def test_a_rate_that_was_always_tiny_is_too_low_and_has_not_collapsed(tmp_path: Path, rate: float, seed: int) -> None:
    x, y = standard(200, seed)
    report = examined(tmp_path, steps(network(seed, Optimizers.Adam(rate)), x, y, 200), x, y)
    assert report.findings[0].code == "G604", told(report)
    assert quiet(report, "W306"), told(report)


@pytest.mark.parametrize("seed", [4, 5])
def test_a_rate_that_weights_have_outrun_was_higher_once(tmp_path: Path, seed: int) -> None:
    """The border between neighbours, without a schedule: its biases are too far from 0 for such a rate."""
    x, y = standard(200, seed)
    model = steps(network(seed, Optimizers.Adam(1e-3)), x, y, 20)
    model.optimizer.learning_rate = 1e-7
    report = examined(tmp_path, model, x, y)
    assert report.findings[0].code == "W306", told(report)
    assert quiet(report, "G604"), told(report)


@pytest.mark.parametrize("rate", [1e-3, 1e-2])
def test_quiet_at_ordinary_rates(tmp_path: Path, rate: float) -> None:
    x, y = standard(300, 5)
    report = examined(tmp_path, steps(network(5, Optimizers.Adam(rate)), x, y, 30), x, y, rules=("G604",))
    assert quiet(report, "G604"), told(report)


def test_quiet_where_a_schedule_brought_the_rate_down(tmp_path: Path) -> None:
    """The named false alarm: what the rate is at the end says nothing about what it was."""
    x, y = standard(400, 6)
    model = network(6, Optimizers.Adam(0.01), width=24)
    report = examined(tmp_path, train(model, x, y, 60), x, y, rules=("G604",))
    assert quiet(report, "G604"), told(report)


@pytest.mark.parametrize(("rate", "speaks"), [(1e-9, True), (1e-2, False)])
def test_an_untrained_model_only_where_nothing_could_ever_happen(tmp_path: Path, rate: float, speaks: bool) -> None:  # noqa: FBT001
    x, y = standard(200, 7)
    model = compiled(network(7, "sgd"), updates=0, optimizer=Optimizers.SGD(rate))
    report = examined(tmp_path, model, x, y, rules=("G604",))
    assert bool(found(report, "G604")) is speaks, told(report)
    assert all(finding.severity is Severity.WARNING for finding in found(report, "G604"))


def test_the_file_alone_tells_that_nothing_moves_at_its_rate(tmp_path: Path) -> None:
    model = compiled(network(8, "adam"), updates=200, optimizer=Optimizers.Adam(1e-6))
    for layer in model.layers:
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias + 1e-4])
    finding = only(report := examined(tmp_path, model, rules=("G604",)), "G604")
    assert finding.severity is Severity.NOTE, told(report)
    assert finding.evidence.certainty is Certainty.MEASURED
    for layer in model.layers:
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias + 0.25])  # further than the saved rate can have carried it: it was higher once
    (tmp_path / "once").mkdir()
    assert not found(examined(tmp_path / "once", model, rules=("G604",)), "G604")
    ordinary = compiled(network(8, "adam"), updates=200, optimizer=Optimizers.Adam(1e-3))
    (tmp_path / "ordinary").mkdir()
    assert not found(examined(tmp_path / "ordinary", ordinary, rules=("G604",)), "G604")


def test_sigmoids_that_have_hardly_begun_show_it_in_a_longer_trial(tmp_path: Path) -> None:
    """A hundred updates at ten times the rate hardly tell, four hundred do."""
    lengths = set()
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(480, 4))
        y = (x[:, :1] - x[:, 1:2] + 0.3 * rng.normal(size=(480, 1)) > 0).astype(float)
        keras.utils.set_random_seed(seed)
        model = stack(4, L.Dense(12, "sigmoid"), L.Dense(12, "sigmoid"), L.Dense(1, "sigmoid"))
        model.compile(Optimizers.SGD(0.012), "binary_crossentropy")
        fit(model, x, y, epochs=4)
        finding = only(examined(tmp_path, model, x, y, rules=("G604",)), "G604")
        assert number(finding, "rate_tried") == pytest.approx(0.12)
        assert number(finding, "after_at_rate_tried") < number(finding, "after")
        lengths.add(number(finding, "updates_of_each"))
    assert lengths == {100, 400}
