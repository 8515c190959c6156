"""D708: sees an order that matters to a split, warns only of classes in blocks, and keeps its nerve about chance."""

from pathlib import Path

import keras
import numpy as np
import pytest
from effort import examples
from hand_built import examined as by_hand
from hand_built import sequential
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_fit import fit
from model_cases import (
    L,
    Model,
    Table,
    alarms,
    compiled,
    examined,
    found,
    names,
    number,
    only,
    outcome,
    stack,
    told,
)
from scipy import stats

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.facts.outputs.file_order import _chance, _in_order
from mlpdoctor.statistics.moments import TargetMoments
from mlpdoctor.statistics.rows import MOST_CHUNKS, RowOrder
from mlpdoctor.statistics.views import Rows, Targets


def classifier(width: int, classes: int, loss: str = "sparse_categorical_crossentropy", updates: int = 0) -> Model:
    keras.utils.set_random_seed(0)
    return compiled(stack(width, L.Dense(16, "relu"), L.Dense(classes, "softmax")), loss, updates)


def regressor(updates: int = 0) -> Model:
    keras.utils.set_random_seed(0)
    return compiled(stack(1, L.Dense(16, "tanh"), L.Dense(1)), updates=updates)


def blobs(rows: int, classes: int, seed: int) -> tuple[Table, Table]:
    """Classes in any order, told apart by their place."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, rows)
    return np.column_stack([label, -label]) + 0.3 * rng.normal(size=(rows, 2)), label


def seen(values: Table) -> tuple[RowOrder, TargetMoments]:
    column = np.asarray(values, np.float64).reshape(-1, 1)
    rows = Rows(column, column, np.arange(len(column), dtype=np.float64))
    return RowOrder.of(rows), TargetMoments.of(Targets(column))


@pytest.mark.parametrize(("rows", "classes"), [(40, 2), (150, 3), (2000, 10), (5000, 2)])
def test_classes_in_blocks_are_a_warning_that_names_what_the_last_fifth_lacks(
    rows: int, classes: int, tmp_path: Path
) -> None:
    x, label = blobs(rows, classes, seed=rows)
    order = np.argsort(label, kind="stable")
    report = examined(tmp_path, classifier(2, classes), x[order], label[order], rules=("D708",))
    finding = only(report, "D708")
    last = label[order][int(0.8 * rows) :]
    absent = [f"class {k}" for k in range(classes) if k not in last]
    assert list(names(finding, "missing_at_the_end")) == absent
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED), told(report)
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == "df = df.sample(frac=1, random_state=0)"


def test_one_hot_columns_and_two_classes_in_one_column(tmp_path: Path) -> None:
    x, label = blobs(300, 3, seed=1)
    order = np.argsort(label, kind="stable")
    one_hot = examined(
        tmp_path, classifier(2, 3, "categorical_crossentropy"), x[order], np.eye(3)[label[order]], rules=("D708",)
    )
    assert len(names(only(one_hot, "D708"), "missing_at_the_end")) == 2
    binary = compiled(stack(2, L.Dense(1, "sigmoid")), "binary_crossentropy", updates=0)
    two = examined(tmp_path, binary, x[order], (label[order] > 0)[:, None].astype(float), rules=("D708",))
    assert (only(two, "D708").severity, names(only(two, "D708"), "missing_at_the_end")) == (
        Severity.WARNING,
        ("class 0",),
    )


def test_a_model_trained_without_the_last_classes_is_warned_of_and_one_that_saw_all_is_not(tmp_path: Path) -> None:
    x, label = blobs(600, 3, seed=2)
    order = np.argsort(label, kind="stable")
    x, label = x[order], label[order]
    severities = []
    for split in (0.35, 0.0):
        model = classifier(2, 3)
        model.optimizer.learning_rate = 0.01
        first = round((1 - split) * len(x))  # as ``validation_split`` holds out the last rows
        fit(model, x[:first], label[:first], epochs=20, batch=128)
        severities.append(only(examined(tmp_path, model, x, label, rules=("D708",)), "D708").severity)
    assert severities == [Severity.WARNING, Severity.NOTE]


@pytest.mark.parametrize("rows", [20, 200, 3000])
def test_a_curve_sampled_from_left_to_right_is_a_note(rows: int, tmp_path: Path) -> None:
    x = np.linspace(0, 2 * np.pi, rows)[:, None]
    report = examined(tmp_path, regressor(), x, np.sin(x))
    finding = only(report, "D708")
    assert finding.severity is Severity.NOTE
    assert not alarms(report), told(report)
    assert number(finding, "tail_mean") == pytest.approx(np.sin(x[int(0.8 * rows) :]).mean(), rel=0.02)
    assert number(finding, "head_mean") == pytest.approx(np.sin(x[: int(0.8 * rows)]).mean(), rel=0.02)


@pytest.mark.parametrize("rows", [500, 4000])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_share_between_tenths_is_that_of_an_analysis_of_variance(rows: int, noise: float) -> None:
    rng = np.random.default_rng(rows)
    y = np.linspace(0, 1, rows) ** 2 + noise * rng.normal(size=rows)
    tenths = np.array_split(y, 10)
    statistic = stats.f_oneway(*tenths).statistic
    share = statistic * 9 / (statistic * 9 + rows - 10)
    assert _in_order(*seen(y), 0) == pytest.approx(share - 9 / rows, abs=0.01)


@pytest.mark.parametrize("kind", ["normal", "coin", "rare", "exponential", "classes"])
@pytest.mark.parametrize("rows", [20, 23, 50, 1000, 1500])
def test_shuffled_rows_are_left_in_peace(kind: str, rows: int) -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = {
            "normal": rng.normal(size=rows),
            "coin": rng.integers(0, 2, rows),
            "rare": rng.random(rows) < 0.05,
            "exponential": rng.exponential(size=rows) ** 2,
            "classes": rng.integers(0, 5, rows),
        }[kind]
        assert _in_order(*seen(y), 0) < 0.25, seed


def test_an_order_that_explains_little_is_left_in_peace() -> None:
    rng = np.random.default_rng(0)
    drift = np.linspace(-0.5, 0.5, 20_000) + rng.normal(size=20_000)
    assert 0 < _in_order(*seen(drift), 0) < 0.25


@pytest.mark.parametrize("y", [np.full(50, 3.0), np.zeros(2000)])
def test_a_constant_has_no_order(y: Table) -> None:
    assert _in_order(*seen(y), 0) == 0


@settings(deadline=None, max_examples=examples(50))
@given(st.integers(2, 400), st.data())
def test_the_chance_is_the_hypergeometric_one(rows: int, data: st.DataObject) -> None:
    lacking, tail = data.draw(st.integers(1, rows)), data.draw(st.integers(1, rows))
    assert _chance(rows, lacking, tail) == pytest.approx(
        stats.hypergeom.pmf(0, rows, lacking, tail), rel=1e-6, abs=1e-300
    )


def test_the_order_is_the_same_however_rows_are_cut_and_chunks_stay_few() -> None:
    rng = np.random.default_rng(0)
    y = np.sort(rng.normal(size=(5000, 1)), axis=0)
    found_shares = []
    for block in (4999, 1024, 77):
        answers = by_hand(sequential(1, (1, None)), y, y, block)
        order = answers.get(RowOrder)
        assert MOST_CHUNKS / 2 <= len(order.rows) <= MOST_CHUNKS
        assert order.rows.sum() == 5000
        found_shares.append(_in_order(order, answers.get(TargetMoments), 0))
    assert np.ptp(found_shares) < 1e-12
    assert found_shares[0] > 0.9


def test_rows_with_gaps_between_them_are_counted_where_they_are(tmp_path: Path) -> None:
    x = np.linspace(0, 1, 400)[:, None]
    y = x.copy()
    y[100:300] = np.nan
    finding = only(examined(tmp_path, regressor(), x, y, rules=("D708",)), "D708")
    assert number(finding, "rows") == 200
    assert number(finding, "tail_mean") == pytest.approx(np.nanmean(y[360:]), abs=0.01)


def test_false_alarm_a_rare_class_that_the_last_fifth_lacks_by_chance(tmp_path: Path) -> None:
    x, label = blobs(300, 2, seed=3)
    label[[5, 60]] = 2
    assert not found(examined(tmp_path, classifier(2, 3), x, label, rules=("D708",)), "D708")


def test_false_alarm_few_rows(tmp_path: Path) -> None:
    x = np.linspace(0, 1, 19)[:, None]
    report = examined(tmp_path, regressor(), x, x)
    assert outcome(report, "D708").status is Status.NOT_APPLICABLE
    assert "the order of the rows" not in {suspect.what for suspect in report.ruled_out}, "it was not looked at"


def test_shuffled_rows_are_ruled_out_as_a_cause(tmp_path: Path) -> None:
    x, label = blobs(300, 3, seed=4)
    report = examined(tmp_path, classifier(2, 3), x, label)
    assert "the order of the rows" in {suspect.what for suspect in report.ruled_out}


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, regressor(), rules=("D708",)), "D708")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


@pytest.mark.parametrize("rows", [30, 400, 5000])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_rows_sorted_by_a_feature_are_called_so(rows: int, sign: float, tmp_path: Path) -> None:
    """Half a wave after whole ones: the target's means are next to the same, and no difference worth a word."""
    x = sign * np.linspace(-3, 3, rows)[:, None]
    y = np.sin(2 * x) + 0.05 * np.random.default_rng(rows).normal(size=x.shape)
    finding = only(examined(tmp_path, regressor(), x, y, data="csv"), "D708")
    assert finding.evidence.numbers["name"] == "x", finding.message
    assert "mean" not in finding.message
    assert "sorted by x" in str(finding.evidence.verdict)


def test_means_that_hardly_differ_are_not_set_against_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    place = np.linspace(0, 10 * np.pi, 1000)
    finding = only(
        examined(tmp_path, regressor(), rng.normal(size=(1000, 1)), np.sin(place / 2)[:, None], rules=("D708",)), "D708"
    )
    head, tail = number(finding, "head_mean"), number(finding, "tail_mean")
    assert (abs(head - tail) >= 0.17) == ("first four fifths" in finding.message)
