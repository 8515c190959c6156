"""U403: a nonlinear network none of whose bends lies among the data."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    Functional,
    Input,
    L,
    Model,
    Table,
    compiled,
    examined,
    found,
    inside,
    least_squares,
    number,
    only,
    outcome,
    predicted,
    put,
    quiet,
    set_random_seed,
    stack,
    told,
    train,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def curve(rows: int, width: int = 1, seed: int = 0) -> tuple[Table, Table]:
    """Features between 0 and 1, and a target that bends among them."""
    x = np.random.default_rng(seed).uniform(0, 1, (rows, width))
    return x, np.sin(5 * x[:, :1]) + x[:, -1:]


def fresh(width: int, units: int, depth: int = 1, activation: str = "relu", seed: int = 0) -> Model:
    set_random_seed(seed)
    model = stack(width, *[L.Dense(units, activation) for _ in range(depth)], L.Dense(1))
    return compiled(model, updates=0)


def bent_share(model: Model, x: Table) -> float:
    """The part of the spread of Keras's own answers that no line follows."""
    answers = predicted(model, x)
    return least_squares(x, answers) / float(answers.var(axis=0).mean())


@pytest.mark.parametrize(("units", "depth", "seed"), [(10, 1, 0), (64, 1, 1), (10, 2, 2), (32, 4, 3)])
def test_a_fresh_relu_net_on_one_positive_feature_is_a_line(units: int, depth: int, seed: int, tmp_path: Path) -> None:
    x, y = curve(300, seed=seed)
    finding = only(examined(tmp_path, fresh(1, units, depth, seed=seed), x, y, rules=("U403",)), "U403")
    assert (finding.severity, finding.evidence.certainty) == (Severity.NOTE, Certainty.PROVED)
    assert number(finding, "patterns") == 1
    assert number(finding, "bent_share") == pytest.approx(0.0, abs=1e-12)
    assert "1 pattern" in finding.message
    assert number(finding, "affine") == pytest.approx(least_squares(x, y), rel=1e-9)


def always_on(width: int, units: int) -> Model:
    """A net whose ReLU units all stay on, with weights that have left their start."""
    rng = np.random.default_rng(units)
    model = compiled(stack(width, L.Dense(units, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), rng.uniform(0.1, 1, (width, units)), rng.uniform(0.5, 1, units))
    put(model.get_layer("out"), rng.normal(size=(units, 1)), [0.3])
    return model


def settled(model: Model, x: Table, y: Table) -> Model:
    """The same with the last layer that is best on its features: the best line there is."""
    features = np.column_stack([inside(model, "hidden", x), np.ones(len(x))])
    solution = np.linalg.lstsq(features, y, rcond=None)[0]
    put(model.get_layer("out"), solution[:-1], solution[-1])
    return model


@pytest.mark.slow
@pytest.mark.parametrize(("width", "units", "rows"), [(3, 30, 500), (8, 16, 2000), (2, 12, 900)])
def test_a_trained_net_stuck_on_one_piece_is_a_warning(width: int, units: int, rows: int, tmp_path: Path) -> None:
    x, y = curve(rows, width, seed=rows)
    finding = only(report := examined(tmp_path, settled(always_on(width, units), x, y), x, y, rules=("U403",)), "U403")
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.PROVED), told(report)
    assert number(finding, "patterns") == 1
    assert number(finding, "rows") == rows
    assert finding.evidence.remedy is not None
    assert "centre the inputs" in finding.evidence.remedy.text


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_false_alarm_a_model_that_has_not_even_come_to_the_line(seed: int, tmp_path: Path) -> None:
    """Its loss is not held by the missing bends: training has not got there, and a note says what it says."""
    x, y = curve(300, 3, seed=seed)
    model = always_on(3, 8 + seed)
    model.optimizer.iterations = 20
    report = examined(tmp_path, model, x, y)
    assert only(report, "U403").severity is Severity.NOTE, told(report)
    assert report.findings[0].code != "U403", told(report)


def test_units_that_are_always_off_count_as_one_piece_too(tmp_path: Path) -> None:
    x, y = curve(200)
    model = always_on(1, 8)
    put(model.get_layer("hidden"), np.ones((1, 8)), [0.5, -9, 0.5, -9, 0.5, -9, 0.5, 0.5])
    assert number(only(examined(tmp_path, model, x, y, rules=("U403",)), "U403"), "patterns") == 1


def test_a_layer_of_leaky_units_with_its_bends_outside_is_found(tmp_path: Path) -> None:
    x, y = curve(200)
    model = compiled(stack(1, L.Dense(5, name="hidden"), L.LeakyReLU(), L.Dense(1)))
    put(model.get_layer("hidden"), np.full((1, 5), 0.7), np.full(5, 0.2))
    assert number(only(examined(tmp_path, model, x, y, rules=("U403",)), "U403"), "patterns") == 1


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softsign"])
def test_smooth_units_in_their_linear_part_are_measured(activation: str, tmp_path: Path) -> None:
    x, y = curve(300, 2, seed=4)
    model = compiled(stack(2, L.Dense(6, activation, name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), np.random.default_rng(0).normal(0, 0.002, (2, 6)), np.full(6, 1e-4))
    put(model.get_layer("out"), np.random.default_rng(1).normal(0, 100, (6, 1)), [0.1])
    finding = only(examined(tmp_path, model, x, y, rules=("U403",)), "U403")
    assert finding.evidence.certainty is Certainty.MEASURED
    assert finding.evidence.numbers["patterns"] is None
    assert number(finding, "bent_share") < 1e-4


def test_the_bent_share_is_that_of_the_answers_of_keras(tmp_path: Path) -> None:
    x, y = curve(400, 1, seed=5)
    model = compiled(stack(1, L.Dense(3, "tanh", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[0.12, 0.1, -0.08]], [0.2, 0.0, 0.1])
    put(model.get_layer("out"), [[2.0], [1.0], [1.0]], [0.1])
    share = number(only(examined(tmp_path, model, x, y, rules=("U403",)), "U403"), "bent_share")
    assert share == pytest.approx(bent_share(model, x), rel=1e-3)


def test_a_functional_model_with_two_outputs_on_one_piece(tmp_path: Path) -> None:
    entry = Input((2,))
    trunk = L.Dense(6, "relu", name="trunk")(entry)
    model = compiled(Functional(entry, [L.Dense(1)(trunk), L.Dense(1)(trunk)]), loss=["mse", "mse"])
    put(model.get_layer("trunk"), np.full((2, 6), 0.5), np.full(6, 0.5))
    x, y = curve(200, 2, seed=6)
    assert (
        number(
            only(examined(tmp_path, model, x, np.concatenate([y, y**2], axis=1), rules=("U403",)), "U403"), "patterns"
        )
        == 1
    )


@pytest.mark.slow
def test_a_trained_net_at_the_line_is_shown_under_this_cause(tmp_path: Path) -> None:
    x, y = curve(300, seed=7)
    slope, start = np.polyfit(x[:, 0], y[:, 0], 1)
    model = compiled(stack(1, L.Dense(2, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[1.0, 2.0]], [1.0, 2.0])
    put(model.get_layer("out"), [[slope / 2], [slope / 4]], [start - slope])
    report = examined(tmp_path, model, x, y)
    assert report.findings[0].code == "U403", told(report)
    assert only(report, "L501").because_of == "U403"
    assert only(report, "U403").evidence.explains == pytest.approx(1.0, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_healthy_nets_bend(activation: str, seed: int, tmp_path: Path) -> None:
    set_random_seed(seed)
    x, y = curve(400, 2, seed=seed)
    model = stack(2, L.Dense(24, activation), L.Dense(24, activation), L.Dense(1))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, epochs=40), x, y, rules=("U403",))
    assert quiet(report, "U403"), told(report)


def test_false_alarm_data_that_lie_on_a_line_need_no_bend(tmp_path: Path) -> None:
    x = np.random.default_rng(8).uniform(0, 1, (200, 1))
    model = compiled(stack(1, L.Dense(2, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[1.0, 1.0]], [0.5, 0.5])
    put(model.get_layer("out"), [[1.0], [1.0]], [-1.0])  # 2 x
    assert quiet(examined(tmp_path, model, x, 2 * x, rules=("U403",)), "U403")


def test_noisy_linear_data_need_no_bend_either(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    x = rng.uniform(0, 1, (800, 1))
    y = 2 * x + 0.5 * rng.normal(size=(800, 1))
    slope, start = np.polyfit(x[:, 0], y[:, 0], 1)
    model = compiled(stack(1, L.Dense(2, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[1.0, 1.0]], [0.5, 0.5])
    put(model.get_layer("out"), [[slope / 2], [slope / 2]], [start - slope / 2])
    assert quiet(examined(tmp_path, model, x, y, rules=("U403",)), "U403")


def test_too_few_rows_to_tell_a_bend(tmp_path: Path) -> None:
    x, y = curve(8, 3, seed=10)
    assert quiet(examined(tmp_path, always_on(3, 6), x, y, rules=("U403",)), "U403")
    x, y = curve(9, 3, seed=10)
    assert only(examined(tmp_path, always_on(3, 6), x, y, rules=("U403",)), "U403")


def test_a_network_that_is_affine_by_construction_is_left_to_its_own_rule(tmp_path: Path) -> None:
    x, y = curve(200)
    report = examined(tmp_path, compiled(stack(1, L.Dense(4), L.Dense(1))), x, y, rules=("A101", "U403"))
    assert found(report, "A101")
    assert not found(report, "U403")


def test_a_constant_answer_is_no_line(tmp_path: Path) -> None:
    x, y = curve(200)
    model = always_on(1, 4)
    put(model.get_layer("out"), np.zeros((4, 1)), [0.5])
    assert quiet(examined(tmp_path, model, x, y, rules=("U403",)), "U403")


def test_it_needs_no_loss(tmp_path: Path) -> None:
    x, y = curve(200)
    model = stack(1, L.Dense(4, "relu"), L.Dense(1))
    put(model.layers[0], np.full((1, 4), 0.5), np.full(4, 0.5))
    report = examined(tmp_path, model, x, y)
    assert report.ladder is None
    finding = only(report, "U403")
    assert finding.evidence.certainty is Certainty.PROVED
    assert finding.evidence.numbers["affine"] is None


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, always_on(1, 4), rules=("U403",)), "U403")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
