"""L503: the floor of equal inputs with different targets, against brute force."""

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
    names,
    number,
    only,
    outcome,
    put,
    quiet,
    rungs,
    stack,
    told,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def brute_force(x: Table, y: Table, loss: str) -> tuple[float, int, int]:
    """Floor, groups and rows of conflicting inputs, by a dictionary of rows."""
    groups: dict[tuple[float, ...], list[Table]] = {}
    for row, target in zip(x, y, strict=True):
        groups.setdefault(tuple(row + 0.0), []).append(target)
    total, number_of, rows = 0.0, 0, 0
    for targets in (np.array(group) for group in groups.values()):
        best = targets.mean(axis=0) if loss == "mse" else np.median(targets, axis=0)
        errors = targets - best
        total += float((np.square(errors) if loss == "mse" else np.abs(errors)).sum()) / y.shape[1]
        if np.ptp(targets, axis=0).any():
            number_of, rows = number_of + 1, rows + len(targets)
    return total / len(x), number_of, rows


def network(width: int, outputs: int = 1, loss: str = "mse") -> Model:
    return compiled(stack(width, L.Dense(6, "tanh"), L.Dense(outputs)), loss)


def gridded(rows: int, width: int, levels: int, outputs: int, seed: int) -> tuple[Table, Table]:
    """Features on a coarse grid, so that many rows coincide, and noisy targets."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-levels, levels + 1, (rows, width)) / levels
    return x, np.sin(3 * x.sum(axis=1, keepdims=True)) + rng.normal(size=(rows, outputs))


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "mae"])
@pytest.mark.parametrize(
    ("rows", "width", "levels", "outputs"), [(40, 1, 3, 1), (300, 2, 4, 1), (300, 2, 3, 3), (5000, 3, 5, 2)]
)
def test_the_floor_is_that_of_brute_force(
    rows: int, width: int, levels: int, outputs: int, loss: str, tmp_path: Path
) -> None:
    x, y = gridded(rows, width, levels, outputs, seed=rows)
    report = examined(tmp_path, network(width, outputs, loss), x, y, rules=("L503",))
    finding = only(report, "L503")
    floor, groups, in_groups = brute_force(x, y, loss)
    assert number(finding, "floor") == pytest.approx(floor, rel=1e-9)
    assert rungs(report)["data"] == pytest.approx(floor, rel=1e-9)
    assert (number(finding, "groups"), number(finding, "rows")) == (groups, in_groups)
    assert finding.evidence.certainty is Certainty.PROVED


@pytest.mark.parametrize("data", ["csv", "npz", "parquet"])
def test_every_kind_of_data_file_gives_the_same_floor(data: str, tmp_path: Path) -> None:
    x, y = gridded(200, 2, 3, 1, seed=1)
    finding = only(examined(tmp_path, network(2), x, y, data=data, rules=("L503",)), "L503")
    assert number(finding, "floor") == pytest.approx(brute_force(x, y, "mse")[0], rel=1e-9)


def test_the_example_rows_have_equal_inputs_and_different_targets(tmp_path: Path) -> None:
    x, y = gridded(100, 2, 3, 1, seed=2)
    finding = only(examined(tmp_path, network(2), x, y, rules=("L503",)), "L503")
    first, second = (int(row) - 1 for row in names(finding, "example_rows"))
    np.testing.assert_array_equal(x[first], x[second])
    assert y[first] != y[second]
    assert f"rows {first + 1} and {second + 1}" in finding.evidence.why


def test_the_smallest_conflict_two_rows_of_three(tmp_path: Path) -> None:
    x, y = np.array([[1.0], [1.0], [2.0]]), np.array([[0.0], [1.0], [2.0]])
    finding = only(examined(tmp_path, network(1), x, y, rules=("L503",)), "L503")
    assert number(finding, "floor") == pytest.approx(0.5 / 3)
    assert names(finding, "example_rows") == (1, 2)


def test_negative_zero_is_the_same_input_as_zero(tmp_path: Path) -> None:
    x, y = np.array([[0.0], [-0.0], [1.0]]), np.array([[0.0], [1.0], [0.5]])
    assert number(only(examined(tmp_path, network(1), x, y, rules=("L503",)), "L503"), "rows") == 2


@pytest.mark.slow
def test_a_model_above_the_floor_gets_a_warning_with_its_share(tmp_path: Path) -> None:
    x, y = gridded(400, 2, 3, 1, seed=3)
    report = examined(tmp_path, network(2), x, y, rules=("L503",))
    finding = only(report, "L503")
    assert finding.severity is Severity.WARNING
    assert finding.evidence.explains == pytest.approx(rungs(report)["data"] / rungs(report)["model"], rel=1e-9)
    assert not finding.evidence.rules_out
    assert number(finding, "constant_share") == pytest.approx(rungs(report)["data"] / y.var(), rel=1e-9)


def steps(values: Table) -> tuple[Model, Table]:
    """A network whose answers at 0, 1 and 2 are these."""
    model = compiled(stack(1, L.Dense(2, "relu", name="hidden"), L.Dense(1, name="out")))
    put(model.get_layer("hidden"), [[1.0, 1.0]], [0.0, -1.0])
    first, second = np.diff(values)
    put(model.get_layer("out"), [[first], [second - first]], [values[0]])
    return model, np.repeat([[0.0], [1.0], [2.0]], 50, axis=0)


def test_a_model_on_the_floor_gets_a_note_that_closes_the_question(tmp_path: Path) -> None:
    model, x = steps(np.array([0.0, 2.0, 1.0]))
    y = np.repeat([[0.0], [2.0], [1.0]], 50, axis=0) + np.tile([[1.0], [-1.0]], (75, 1))
    report = examined(tmp_path, model, x, y)
    finding = only(report, "L503")
    assert finding.severity is Severity.NOTE, told(report)
    assert report.ladder is not None
    assert report.ladder.standing == "data"
    assert {"learning rate", "optimizer", "epochs", "width"} <= set(finding.evidence.rules_out)
    assert "as low as these data allow" in report.verdict


@pytest.mark.slow
def test_false_alarm_repeated_rows_that_agree(tmp_path: Path) -> None:
    x = np.repeat(np.random.default_rng(4).normal(size=(50, 2)), 4, axis=0)
    report = examined(tmp_path, network(2), x, np.cos(x.sum(axis=1, keepdims=True)))
    assert quiet(report, "L503")
    assert "conflicting rows" in {suspect.what for suspect in report.ruled_out}


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "fires"), [(0.2, False), (0.3, True)])
def test_noise_of_a_twentieth_of_the_loss_is_tolerated(noise: float, *, fires: bool, tmp_path: Path) -> None:
    x = np.repeat([[-1.0], [1.0]], 100, axis=0)
    y = x + np.tile([[noise], [-noise]], (100, 1))
    share = noise**2 / (1 + noise**2)
    report = examined(tmp_path, network(1), x, y, rules=("L503",))
    assert (share > 0.05) == fires
    assert bool(found(report, "L503")) == fires
    assert rungs(report)["data"] == pytest.approx(noise**2)


@pytest.mark.slow
def test_different_inputs_never_conflict(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = 1.0 + rng.permutation(500)[:, None] * np.spacing(1.0)  # neighbours in float64
    report = examined(tmp_path, network(1), x, rng.normal(size=(500, 1)), rules=("L503",))
    assert quiet(report, "L503")
    assert rungs(report)["data"] == 0


def test_an_untrained_model_is_warned_beforehand(tmp_path: Path) -> None:
    x, y = gridded(200, 2, 3, 1, seed=6)
    finding = only(
        examined(tmp_path, compiled(stack(2, L.Dense(6, "tanh"), L.Dense(1)), updates=0), x, y, rules=("L503",)), "L503"
    )
    assert finding.severity is Severity.WARNING
    assert finding.evidence.explains is None


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network(2), rules=("L503",)), "L503")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


def test_without_a_loss_it_is_skipped_and_says_how_to_name_one(tmp_path: Path) -> None:
    x, y = gridded(50, 2, 2, 1, seed=8)
    skipped = outcome(examined(tmp_path, stack(2, L.Dense(3, "relu"), L.Dense(1)), x, y, rules=("L503",)), "L503")
    assert skipped.status is Status.SKIPPED
    assert "--loss" in str(skipped.reason)
