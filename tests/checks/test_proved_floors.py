"""A102, L505, O201 and O204: what no weights can do, each with patients, controls and the false alarm it avoids."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_cases import L, alarms, compiled, examined, number, only, outcome, quiet, rungs, stack, told, train, waves

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def prices(seed: int, rows: int = 200) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    return x, 100 + 30 * x[:, :1] + rng.normal(size=(rows, 1))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("activation", "low"), [("sigmoid", 0.0), ("tanh", -1.0), ("softmax_of_two", 0.0), ("hard_sigmoid", 0.0)]
)
@pytest.mark.series
def test_o204_sees_targets_beyond_the_output(tmp_path: Path, activation: str, low: float, seed: int) -> None:
    x, y = prices(seed)
    units = 2 if activation == "softmax_of_two" else 1
    y = np.repeat(y, units, axis=1)
    head = "softmax" if units == 2 else activation
    model = compiled(stack(3, L.Dense(8, "relu"), L.Dense(units, head, name="price")))
    report = examined(tmp_path, model, x, y, quick=activation != "tanh")
    finding = only(report, "O204")
    if activation == "softmax_of_two":
        assert finding.because_of == "O202", told(report)
    else:
        assert report.findings[0] is finding, told(report)
    assert finding.severity is Severity.ERROR
    assert finding.evidence.certainty is Certainty.PROVED
    assert number(finding, "floor") == pytest.approx(float(np.square(y - np.clip(y, low, 1)).mean()), rel=1e-12)
    assert number(finding, "beyond_share") == float(((y < low) | (y > 1)).any(axis=1).mean())
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == f'Dense({units}, name="price")'


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_o204_sees_negative_targets_of_a_relu(tmp_path: Path, seed: int) -> None:
    x, y = waves(200, 2, seed)
    y = y - y.mean()
    model = train(compiled(stack(2, L.Dense(16, "tanh"), L.Dense(1, "relu"))), x, y, 30)
    report = examined(tmp_path, model, x, y, rules=("O204",))
    finding = only(report, "O204")
    assert number(finding, "beyond_share") == pytest.approx(float((y < 0).mean()))
    assert rungs(report)["architecture"] == pytest.approx(float(np.square(np.minimum(y, 0)).mean()), rel=1e-12)
    assert rungs(report)["model"] >= rungs(report)["architecture"]


@pytest.mark.parametrize(
    ("activation", "loss", "low", "high"),
    [
        ("sigmoid", "mse", 0.0, 1.0),  # labels on the very ends of the range
        ("sigmoid", "binary_crossentropy", 0.0, 1.0),
        ("tanh", "mse", -1.0, 1.0),
        ("tanh", "hinge", -1.0, 1.0),
        ("relu", "mse", 0.0, 7.0),
        ("relu", "mae", 0.0, 7.0),
        ("softplus", "poisson", 0.0, 7.0),
        ("exponential", "poisson", 0.0, 7.0),
        (None, "mse", -50.0, 50.0),
        ("softmax", "mse", 0.0, 1.0),
    ],
)
def test_o204_stays_quiet_on_targets_within_reach(
    tmp_path: Path, activation: str | None, loss: str, low: float, high: float
) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(80, 2))
    y = np.where(rng.random((80, 2)) < 0.5, low, high)
    model = compiled(stack(2, L.Dense(8, "tanh"), L.Dense(2, activation)), loss)
    assert quiet(examined(tmp_path, model, x, y, rules=("O204",)), "O204")


def test_o204_stays_quiet_on_a_few_targets_just_beyond(tmp_path: Path) -> None:
    """The named false alarm: measured values that ought to lie between 0 and 1 and are a little noisy."""
    rng = np.random.default_rng(6)
    x = rng.uniform(-1, 1, (300, 1))
    y = 1 / (1 + np.exp(-9 * x)) + 0.01 * rng.normal(size=x.shape)
    assert (y > 1).any()
    model = train(compiled(stack(1, L.Dense(1, "sigmoid"))), x, y, 60, rate=0.1)
    assert quiet(examined(tmp_path, model, x, y, rules=("O204",)), "O204")


@pytest.mark.parametrize("layers", [[("Dense", 2)], [("Dense", 3), ("Softmax", None)]])
def test_o201_stays_quiet_on_a_softmax_over_classes(tmp_path: Path, layers: list[tuple[str, int | None]]) -> None:
    head = [L.Dense(2, "softmax")] if len(layers) == 1 else [L.Dense(3), L.Softmax()]
    model = compiled(stack(2, L.Dense(4, "relu"), *head), "sparse_categorical_crossentropy")
    assert quiet(examined(tmp_path, model, rules=("O201",)), "O201")


def ranked(seed: int, rows: int = 300) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    return x, x @ rng.normal(size=(4, 3)) + 0.05 * rng.normal(size=(rows, 3))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("hidden", [None, "relu"])
@pytest.mark.series
def test_a102_sees_outputs_behind_one_linear_unit(tmp_path: Path, hidden: str | None, seed: int) -> None:
    x, y = ranked(seed)
    body = [L.Dense(8, hidden), L.Dense(1)] if hidden else [L.Dense(1)]
    model = train(compiled(stack(4, *body, L.Dense(3, name="three"))), x, y, 40, rate=0.02)
    report = examined(tmp_path, model, x, y, rules=("A102",))
    finding = only(report, "A102")
    assert finding.severity is Severity.ERROR
    centred = y - y.mean(axis=0)
    if hidden:
        tail = np.linalg.svd(centred, compute_uv=False)[1:]
        floor = float(np.square(tail).sum() / y.size)
        assert number(finding, "floor") == pytest.approx(floor, rel=1e-9)
    assert rungs(report)["model"] >= rungs(report)["architecture"]
    assert number(finding, "floor") == pytest.approx(rungs(report)["architecture"], rel=1e-9)


def test_a102_stays_quiet_on_an_autoencoder(tmp_path: Path) -> None:
    """The named false alarm: a bottleneck is what an autoencoder is for."""
    x, _ = ranked(3)
    model = train(compiled(stack(4, L.Dense(2), L.Dense(4))), x, x, 40, rate=0.02)
    assert quiet(examined(tmp_path, model, x, x, rules=("A102",)), "A102")


def test_a102_stays_quiet_where_the_bottleneck_costs_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 4))
    y = (x @ rng.normal(size=(4, 1))) @ rng.normal(size=(1, 3))
    model = train(compiled(stack(4, L.Dense(1), L.Dense(3))), x, y, 40, rate=0.02)
    assert quiet(examined(tmp_path, model, x, y, rules=("A102",)), "A102")


@pytest.mark.slow
@pytest.mark.parametrize("waviness", [3, 6])
@pytest.mark.parametrize("units", [1, 2])
def test_l505_sees_a_line_with_too_few_kinks(tmp_path: Path, units: int, waviness: int) -> None:
    x = np.linspace(-1, 1, 400)[:, None]
    y = np.sin(waviness * np.pi * x)
    model = train(compiled(stack(1, L.Dense(units, "relu", bias_initializer="normal"), L.Dense(1))), x, y, 60)
    report = examined(tmp_path, model, x, y, rules=("L505",))
    finding = only(report, "L505")
    assert finding.evidence.numbers["kinks"] == ("1 kink" if units == 1 else "2 kinks")
    assert rungs(report)["model"] >= number(finding, "floor") > 0.05 * float(y.var())


def test_l505_stays_quiet_on_noise_that_no_line_follows(tmp_path: Path) -> None:
    """The named false alarm: a noisy straight line, which more kinks would only overfit."""
    rng = np.random.default_rng(8)
    x = rng.uniform(-1, 1, (300, 1))
    y = 2 * x + rng.normal(size=x.shape)
    model = train(compiled(stack(1, L.Dense(2, "relu", bias_initializer="normal"), L.Dense(1))), x, y, 60)
    report = examined(tmp_path, model, x, y, rules=("L505",))
    assert quiet(report, "L505"), told(report)


def test_without_data_the_floors_are_skipped_and_nothing_alarms(tmp_path: Path) -> None:
    report = examined(tmp_path, compiled(stack(1, L.Dense(2, "relu"), L.Dense(1, "sigmoid"))))
    assert not alarms(report)
    assert {outcome(report, code).status for code in ("A102", "L505", "O204")} == {Status.SKIPPED}


def test_a102_stays_quiet_on_noise_in_all_outputs(tmp_path: Path) -> None:
    """The named false alarm: what three noisy outputs share goes through one unit, and the noise goes nowhere."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(300, 4))
    y = np.tanh(x @ rng.normal(size=(4, 1))) @ rng.normal(size=(1, 3)) + rng.normal(size=(300, 3))
    model = train(compiled(stack(4, L.Dense(8, "relu"), L.Dense(1), L.Dense(3))), x, y, 40, rate=0.02)
    report = examined(tmp_path, model, x, y, rules=("A102",))
    assert quiet(report, "A102"), told(report)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("loss", ["mae", "huber", "log_cosh"])
@pytest.mark.series
def test_a102_sees_a_narrow_way_under_other_losses_and_calls_it_no_proof(tmp_path: Path, loss: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 4))
    y = np.tanh(x @ rng.normal(size=(4, 5)))
    narrow = compiled(stack(4, L.Dense(16, "tanh"), L.Dense(1), L.Dense(5, name="out")), loss)
    finding = only(examined(tmp_path, narrow, x, y, rules=("A102",)), "A102")
    assert finding.evidence.certainty is Certainty.MEASURED
    centred = (y - y.mean(axis=0)) / y.std(axis=0)
    spectrum = np.linalg.svd(centred, compute_uv=False) ** 2
    assert number(finding, "outside_share") == pytest.approx(spectrum[1:].sum() / spectrum.sum(), rel=1e-9)
    wide = compiled(stack(4, L.Dense(16, "tanh"), L.Dense(5), L.Dense(5, name="out")), loss)
    assert quiet(examined(tmp_path, wide, x, y, rules=("A102",)), "A102")


@pytest.mark.parametrize("seed", [0, 1])
def test_a102_is_silent_under_other_losses_where_the_targets_lie_on_a_line(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 4))
    y = np.tanh(x[:, :1]) @ rng.normal(size=(1, 5)) + 0.01 * rng.normal(size=(300, 5))
    narrow = compiled(stack(4, L.Dense(16, "tanh"), L.Dense(1), L.Dense(5, name="out")), "mae")
    assert quiet(examined(tmp_path, narrow, x, y, rules=("A102",)), "A102")


@pytest.mark.parametrize("seed", [0, 1])
def test_false_alarm_a_prelu_learns_its_slope_below_zero(tmp_path: Path, seed: int) -> None:
    """Its bound at zero is that of the slope it starts with: with a slope of one it is no activation at all."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (60, 1))
    y = (2 * x - 1) * 10.0**seed
    report = examined(tmp_path, compiled(stack(1, L.Dense(4, "tanh"), L.Dense(1), L.PReLU())), x, y, rules=("O204",))
    assert outcome(report, "O204").status is not Status.FOUND
    assert "architecture" not in rungs(report)
