"""L508: models that have learned what there is, and a verdict that says so."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    Table,
    compiled,
    examined,
    found,
    number,
    only,
    outcome,
    put,
    quiet,
    set_random_seed,
    stack,
    told,
    train,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def cells(rows: int, kinds: int, seed: int) -> tuple[Table, Table]:
    """A few distinct inputs, each with a level of its own and noise around it."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, kinds, rows)
    y = np.sin(2.0 * kind)[:, None] + 0.5 * rng.normal(size=(rows, 1))
    return np.eye(kinds)[kind], y


def answering_means(x: Table, y: Table, off: float = 0.0) -> Model:
    """The mean of each kind, plus an error of this size in all of them."""
    model = compiled(stack(x.shape[1], L.Dense(x.shape[1], "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), np.eye(x.shape[1]), np.zeros(x.shape[1]))
    put(model.get_layer("out"), (x.T @ y) / x.sum(axis=0)[:, None], [off])
    return model


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "kinds", "seed"), [(100, 3, 0), (600, 5, 1), (3000, 8, 2)])
def test_the_mean_of_each_group_is_the_floor(rows: int, kinds: int, seed: int, tmp_path: Path) -> None:
    x, y = cells(rows, kinds, seed)
    finding = only(report := examined(tmp_path, answering_means(x, y), x, y), "L508")
    assert (finding.severity, finding.evidence.certainty) == (Severity.NOTE, Certainty.PROVED)
    floor = sum(np.square(y[x[:, k] == 1] - y[x[:, k] == 1].mean()).sum() for k in range(kinds)) / rows
    assert number(finding, "floor") == pytest.approx(floor, rel=1e-9)
    assert report.verdict.startswith("The loss is as low as these data allow"), told(report)


@pytest.mark.parametrize(("above", "there"), [(0.01, True), (0.1, False)])
def test_a_fiftieth_above_it_is_still_there(above: float, *, there: bool, tmp_path: Path) -> None:
    x, y = cells(1000, 4, 3)
    means = (x.T @ y) / x.sum(axis=0)[:, None]
    floor = float(np.square(y - x @ means).mean())
    report = examined(tmp_path, answering_means(x, y, off=float(np.sqrt(above * floor))), x, y, rules=("L508",))
    proved = [finding for finding in found(report, "L508") if finding.evidence.certainty is Certainty.PROVED]
    assert bool(proved) == there


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_model_that_answers_the_true_function_stands_on_the_noise(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (2000, 1))
    y = np.abs(x) + 0.3 * rng.normal(size=(2000, 1))
    model = compiled(stack(1, L.Dense(2, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[1.0, -1.0]], [0.0, 0.0])
    put(model.get_layer("out"), [[1.0], [1.0]], [0.0])
    finding = only(report := examined(tmp_path, model, x, y), "L508")
    assert (finding.severity, finding.evidence.certainty) == (Severity.NOTE, Certainty.ESTIMATED)
    assert abs(number(finding, "noise") - 0.09) <= 3 * number(finding, "error")
    assert number(finding, "low") <= number(finding, "model") <= number(finding, "high"), "the range shown holds it"
    below = number(finding, "model") < number(finding, "noise")
    assert ("as low as these data allow" in report.verdict) != below, told(report)
    assert "to cost" in report.verdict


@pytest.mark.slow
def test_really_trained_to_the_noise(tmp_path: Path) -> None:
    set_random_seed(4)
    rng = np.random.default_rng(4)
    x = rng.uniform(-2, 2, (1500, 1))
    y = np.sin(2 * x) + 0.4 * rng.normal(size=(1500, 1))
    model = stack(1, L.Dense(16, "tanh"), L.Dense(1))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, epochs=60), x, y, rules=("L508",))
    assert only(report, "L508").severity is Severity.NOTE, told(report)


@pytest.mark.slow
def test_pure_noise_is_another_answer(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(1000, 2)), rng.normal(size=(1000, 1))
    model = compiled(stack(2, L.Dense(4, "tanh"), L.Dense(1, name="out")))
    put(model.get_layer("out"), np.full((4, 1), 1e-4), y.mean(axis=0))
    assert quiet(examined(tmp_path, model, x, y, rules=("L508",)), "L508")


def test_a_worse_model_is_not_at_the_floor(tmp_path: Path) -> None:
    x, y = cells(1000, 4, 6)
    model = compiled(stack(4, L.Dense(4, "relu"), L.Dense(1, name="out")))
    put(model.get_layer("out"), np.full((4, 1), 0.1), [0.5])
    assert quiet(examined(tmp_path, model, x, y, rules=("L508",)), "L508")


def test_an_untrained_model_has_reached_nothing(tmp_path: Path) -> None:
    x, y = cells(200, 4, 7)
    model = compiled(stack(4, L.Dense(4, "relu"), L.Dense(1)), updates=0)
    assert outcome(examined(tmp_path, model, x, y, rules=("L508",)), "L508").status is Status.NOT_APPLICABLE


@pytest.mark.slow
def test_an_error_beside_it_keeps_the_verdict(tmp_path: Path) -> None:
    """A loss at the floor of these rows does not make dead units or a wrong loss good news."""
    x, y = cells(300, 4, 8)
    labels = (y > 0).astype(float)
    model = compiled(stack(4, L.Dense(4, "relu"), L.Dense(1, "softmax")), loss="binary_crossentropy")
    report = examined(tmp_path, model, x, labels)
    assert report.findings[0].code == "O201"
    assert not report.verdict.startswith("The loss is as low")


@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_false_alarm_a_model_above_the_best_line(scale: float, tmp_path: Path) -> None:
    """Within the error bar of the noise, and a fifth above what a line loses: the report says one of the two."""
    rng = np.random.default_rng(9)
    x = rng.uniform(-2, 2, (150, 1))
    noise = 0.2 * rng.normal(size=(150, 1))
    y = scale * (x + noise)
    model = compiled(stack(1, L.Dense(2, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[1.0, -1.0]], [0.0, 0.0])
    off = scale * float(np.sqrt(0.2)) * float(noise.std())
    put(model.get_layer("out"), [[scale], [-scale]], [off])
    report = examined(tmp_path, model, x, y, rules=("L501", "L504", "L508"))
    assert found(report, "L504") or found(report, "L501"), told(report)
    assert not found(report, "L508"), told(report)


@pytest.mark.parametrize(("seed", "slope"), [(0, 1e-3), (1, 1.5)])
def test_the_entropy_of_soft_labels_is_said_first(seed: int, slope: float, tmp_path: Path) -> None:
    """Grey values under a binary cross-entropy: most of the loss is left by perfect predictions, too."""
    x = np.random.default_rng(seed).uniform(0.02, 0.98, (400, 3))
    model = compiled(stack(3, L.Dense(3, "tanh", name="h"), L.Dense(3, "sigmoid", name="out")), "binary_crossentropy")
    put(model.get_layer("h"), np.eye(3), np.full(3, -0.5))
    put(model.get_layer("out"), slope * np.eye(3), np.zeros(3))
    report = examined(tmp_path, model, x, x)
    entropy = -(x * np.log(x) + (1 - x) * np.log(1 - x)).mean()
    led = [one for one in report.findings if one.code in ("L501", "L502", "L504", "L506") and one.evidence.verdict]
    assert led, told(report)
    for finding in led:
        assert str(finding.evidence.verdict).startswith(f"{entropy:.4f} of the loss"), finding.evidence.verdict
        assert "cannot be removed" in str(finding.evidence.verdict)
