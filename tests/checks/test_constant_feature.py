"""D704: columns that never vary are listed; when none varies, there is nothing to learn from."""

from pathlib import Path

import hand_built
import numpy as np
import pytest
from drawn_cases import L, Model, compiled, examined, number, only, outcome, predicted, put, quiet, stack, told, waves
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor.checks.data.constant_feature import constant_feature
from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.ladder import Ladder
from mlpdoctor.core.report_model import Status
from mlpdoctor.facts.ladder.model_loss import ModelLoss


def network(width: int, **options: int) -> Model:
    return compiled(stack(width, L.Dense(6, "tanh", name="first"), L.Dense(1, name="out")), **options)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.7, 1995.0, 1e9, 1e-30])
@pytest.mark.parametrize("data", ["csv", "npz"])
def test_a_constant_column_is_a_note_that_names_it(value: float, data: str, tmp_path: Path) -> None:
    x, y = waves(80, 3, seed=1)
    x[:, 1] = value
    finding = only(examined(tmp_path, network(3), x, y, data=data, rules=("D704",)), "D704")
    name = "x[1]" if data == "npz" else "x2"
    large = Severity.WARNING if abs(value) > 100 else Severity.NOTE
    assert (finding.severity, finding.evidence.certainty) == (large, Certainty.MEASURED)
    assert finding.evidence.numbers["values"] == {name: value}
    assert name in finding.message
    assert finding.evidence.remedy is not None
    dropped = "x = np.delete(x, [1], axis=1)" if data == "npz" else "df = df.drop(columns=['x2'])"
    assert finding.evidence.remedy.code == dropped


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_the_columns_are_those_of_a_plain_look(seed: int, block: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 12)) * 10.0 ** rng.integers(-6, 7, 12)
    still = rng.random(12) < 0.4
    x[:, still] = rng.normal(size=int(still.sum())) * 1e5
    answers = hand_built.examined(hand_built.sequential(12, (1, None)), x, rng.normal(size=(60, 1)), block)
    arguments = answers.arguments(constant_feature.function)
    assert isinstance(arguments, dict)
    (evidence,) = constant_feature.function(**arguments)
    assert evidence.numbers["columns"] == still.sum()
    assert evidence.numbers["values"] == {f"x{k + 1}": x[0, k] for k in np.flatnonzero(still)}


@pytest.mark.parametrize("rows", [2, 50])
def test_when_no_feature_varies_it_is_an_error_and_proved(rows: int, tmp_path: Path) -> None:
    x = np.tile([[0.5, -2.0]], (rows, 1))
    y = np.random.default_rng(2).normal(size=(rows, 1))
    model = network(2)
    finding = only(report := examined(tmp_path, model, x, y), "D704")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED)
    assert report.findings[0] is finding, told(report)
    assert "nothing to learn from" in report.verdict
    assert np.ptp(predicted(model, x)) == 0


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(60))
@given(st.integers(0, 2**32), st.integers(2, 40), st.sampled_from(["relu", "tanh", "sigmoid", "elu"]))
def test_no_weights_get_below_the_constant_when_no_feature_varies(seed: int, rows: int, activation: str) -> None:
    rng = np.random.default_rng(seed)
    network = hand_built.drawn(hand_built.sequential(3, (5, activation), (1, None)), seed)
    x, y = np.tile(rng.normal(size=(1, 3)), (rows, 1)), rng.normal(size=(rows, 1))
    answers = hand_built.examined(network, x, y)
    arguments = answers.arguments(constant_feature.function)
    assert isinstance(arguments, dict)
    (evidence,) = constant_feature.function(**arguments)
    assert evidence.certainty is Certainty.PROVED
    constant = answers.get(Ladder).value("constant")
    assert answers.get(ModelLoss).total >= constant * (1 - 1e-12)


def test_what_identical_rows_cost_is_put_under_it(tmp_path: Path) -> None:
    report = examined(tmp_path, network(2), np.ones((40, 2)), np.arange(40.0)[:, None] / 20)
    assert all(finding.because_of == "D704" for finding in report.findings if finding.code == "L503"), told(report)


def test_many_names_give_way_to_a_line_that_finds_them(tmp_path: Path) -> None:
    x, y = waves(60, 30, seed=3)
    x[:, 3:25] = -2.0
    finding = only(examined(tmp_path, network(30), x, y, data="csv", rules=("D704",)), "D704")
    assert number(finding, "columns") == 22
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == "df = df.loc[:, df.nunique() > 1]"


def test_false_alarm_a_rare_one_hot_column(tmp_path: Path) -> None:
    x, y = waves(500, 3, seed=4)
    x[:, 2] = 0
    x[311, 2] = 1
    assert quiet(examined(tmp_path, network(3), x, y, rules=("D704",)), "D704")


def test_false_alarm_tiny_steps_on_a_large_number(tmp_path: Path) -> None:
    x, y = waves(100, 2, seed=5)
    x[:, 1] = 1e9 + np.arange(100) % 2
    assert quiet(examined(tmp_path, network(2), x, y, data="csv", rules=("D704",)), "D704")


def test_false_alarm_a_single_row(tmp_path: Path) -> None:
    assert quiet(examined(tmp_path, network(2), np.ones((1, 2)), np.ones((1, 1)), rules=("D704",)), "D704")


def test_a_trained_model_beside_it_is_left_alone(tmp_path: Path) -> None:
    x = np.random.default_rng(7).normal(size=(200, 2))
    x[:, 1] = 4.0
    model = compiled(stack(2, L.Dense(1, name="line")))
    put(model.get_layer("line"), [[1.0], [0.0]], [0.5])
    assert only(examined(tmp_path, model, x, x[:, :1] + 0.5, rules=("D704",)), "D704").severity is Severity.NOTE


@pytest.mark.parametrize(
    ("at", "columns", "severity"), [(1.0, 3, Severity.WARNING), (1.0, 1, Severity.NOTE), (0.0, 3, Severity.NOTE)]
)
def test_columns_clipped_to_the_largest_number(at: float, columns: int, severity: Severity, tmp_path: Path) -> None:
    """Ages and incomes clipped to 1 are lost; zeros, and one column of ones, are as good data have them."""
    x = np.clip(np.random.default_rng(8).normal(0.5, 0.4, size=(300, 6)), 0, 1)
    y = x.sum(axis=1, keepdims=True)
    x[:, :columns] = at
    finding = only(examined(tmp_path, network(6), x, y, rules=("D704",)), "D704")
    assert finding.severity is severity
    assert ("Clipping" in (finding.evidence.verdict or "")) == (severity is Severity.WARNING)


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network(2), rules=("D704",)), "D704")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
