"""D711: a target that never changes is named, and one-hot columns of absent classes are left alone."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import (
    L,
    Model,
    alarms,
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
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def regressor(width: int, outputs: int = 1) -> Model:
    set_random_seed(0)
    return compiled(stack(width, L.Dense(8, "tanh", name="hidden"), L.Dense(outputs, name="out")))


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e6])
@pytest.mark.parametrize("rows", [2, 500])
@pytest.mark.parametrize("updates", [0, 1000])
def test_a_constant_target_is_an_error(value: float, rows: int, updates: int, tmp_path: Path) -> None:
    x, _ = waves(rows, 3, seed=0)
    model = regressor(3)
    put(model.get_layer("out"), np.ones((8, 1)), [0.5])
    model.optimizer.iterations = updates
    report = examined(tmp_path, model, x, np.full((rows, 1), value), quick=value != 0)
    finding = only(report, "D711")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.MEASURED)
    assert finding.evidence.numbers["values"] == {"y": value}
    assert number(finding, "rows") == rows
    assert finding.evidence.verdict is not None
    assert "nothing to learn" in finding.evidence.verdict
    assert "a constant target" not in {suspect.what for suspect in report.ruled_out}


@pytest.mark.parametrize("label", [0, 2])
def test_a_single_class_is_an_error(label: int, tmp_path: Path) -> None:
    x, _ = waves(100, 2, seed=1)
    model = compiled(stack(2, L.Dense(3, "softmax")), "sparse_categorical_crossentropy")
    assert (
        only(examined(tmp_path, model, x, np.full((100, 1), label), rules=("D711",)), "D711").severity is Severity.ERROR
    )


def test_a_single_class_in_one_hot_columns_is_an_error(tmp_path: Path) -> None:
    x, _ = waves(100, 2, seed=1)
    model = compiled(stack(2, L.Dense(3, "softmax")), "categorical_crossentropy")
    one_hot = np.eye(3)[np.ones(100, int)]
    finding = only(examined(tmp_path, model, x, one_hot, rules=("D711",)), "D711")
    assert (finding.severity, number(finding, "constant_columns")) == (Severity.ERROR, 3)


def test_false_alarm_a_one_hot_column_of_a_class_that_does_not_occur(tmp_path: Path) -> None:
    x, _ = waves(100, 2, seed=2)
    model = compiled(stack(2, L.Dense(4, "softmax")), "categorical_crossentropy")
    assert quiet(examined(tmp_path, model, x, np.eye(4)[np.arange(100) % 3], rules=("D711",)), "D711")


def test_one_constant_column_among_several_is_a_note_with_its_name(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=3)
    finding = only(
        examined(tmp_path, regressor(2, 2), x, np.column_stack([y, np.full(100, 7.0)]), data="csv", rules=("D711",)),
        "D711",
    )
    assert finding.severity is Severity.NOTE
    assert finding.evidence.numbers["values"] == {"y2": 7.0}
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == "df = df.drop(columns=['y2'])"


def test_a_label_of_many_that_never_occurs_is_a_note(tmp_path: Path) -> None:
    x, _ = waves(100, 2, seed=4)
    model = compiled(stack(2, L.Dense(2, "sigmoid")), "binary_crossentropy")
    labels = np.column_stack([np.arange(100) % 2, np.zeros(100)])
    assert only(examined(tmp_path, model, x, labels, rules=("D711",)), "D711").severity is Severity.NOTE


def test_false_alarm_a_model_that_gives_the_constant_is_no_alarm(tmp_path: Path) -> None:
    x, _ = waves(100, 2, seed=5)
    model = regressor(2)
    put(model.get_layer("out"), np.zeros((8, 1)), [3.0001])
    report = examined(tmp_path, model, x, np.full((100, 1), 3.0))
    assert only(report, "D711").severity is Severity.NOTE
    assert not alarms(report), told(report)


@pytest.mark.parametrize("nudge", [1e-9, 1.0])
def test_a_target_that_changes_in_one_row_is_no_constant(nudge: float, tmp_path: Path) -> None:
    x, _ = waves(100, 2, seed=6)
    y = np.full((100, 1), 0.5)
    y[63] += nudge
    assert not found(examined(tmp_path, regressor(2), x, y, rules=("D711",)), "D711")


def test_one_row_is_no_constant(tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, regressor(2), np.ones((1, 2)), np.ones((1, 1)), rules=("D711",)), "D711")


def test_it_needs_no_loss(tmp_path: Path) -> None:
    x, _ = waves(50, 2, seed=7)
    report = examined(tmp_path, stack(2, L.Dense(1)), x, np.full((50, 1), 4.0))
    assert report.ladder is None
    assert only(report, "D711").severity is Severity.ERROR


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, regressor(2), rules=("D711",)), "D711")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
