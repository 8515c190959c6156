"""D709: names the rows that decide the loss, knows codes and long tails, and lets learned rows be."""

from pathlib import Path

import keras
import numpy as np
import pytest
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
    predicted,
    quiet,
    stack,
    told,
    train,
)
from scipy import stats

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.facts.outputs.regression import Quartiles
from mlpdoctor.statistics.losses_and_targets import MOST_ROWS, LossPeaks, TargetExtremes
from mlpdoctor.statistics.views import RowLoss, Rows


def curve(rows: int, seed: int) -> tuple[Table, Table]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    return x, np.sin(2 * x[:, :1]) + x[:, 1:2] + 0.1 * rng.normal(size=(rows, 1))


def mlp(loss: str = "mse", seed: int = 0) -> Model:
    keras.utils.set_random_seed(seed)
    model = stack(3, L.Dense(32, "relu"), L.Dense(32, "relu"), L.Dense(1))
    model.compile("adam", loss)
    return model


def fresh(loss: str = "mse") -> Model:
    return compiled(mlp(), loss, updates=0)


@pytest.mark.parametrize("rows", [200, 3000])
@pytest.mark.parametrize("size", [300.0, 1e5])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.series
def test_far_rows_are_found_before_training_and_after(rows: int, size: float, seed: int, tmp_path: Path) -> None:
    x, y = curve(rows, seed)
    y[[7, 100]] = [[size], [-0.8 * size]]
    report = examined(tmp_path, fresh(), x, y, rules=("D709",))
    finding = only(report, "D709")
    assert set(names(finding, "row_numbers")) == {8, 101}
    assert finding.evidence.numbers["values"] == (size, -0.8 * size)
    cost = np.square(y - y.mean())
    assert number(finding, "share") == pytest.approx(float(cost[[7, 100]].sum() / cost.sum()))
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED), told(report)
    model = mlp(seed=seed)
    fit(model, x, y, epochs=2)
    finding = only(examined(tmp_path, model, x, y, rules=("D709",)), "D709")
    cost = np.square(predicted(model, x) - y)
    assert set(names(finding, "row_numbers")) == {8, 101}
    assert number(finding, "share") == pytest.approx(float(cost[[7, 100]].sum() / cost.sum()), rel=1e-4)


@pytest.mark.parametrize("code", [-999.0, 9999.0, -1e6])
@pytest.mark.parametrize("copies", [3, 90])
@pytest.mark.series
def test_a_code_for_a_missing_value_is_named_as_one(code: float, copies: int, tmp_path: Path) -> None:
    x, y = curve(600, 1)
    y[np.random.default_rng(0).choice(600, copies, replace=False)] = code
    finding = only(examined(tmp_path, fresh(), x, y), "D709")
    assert finding.evidence.numbers["kind"] == "code"
    assert number(finding, "rows") == copies
    assert finding.severity is Severity.WARNING
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == f'df = df[df["y"] != {code:.5g}]'
    assert "is it a code for a missing value?" in str(finding.evidence.verdict)
    model = mlp()
    fit(model, x, y, epochs=2)
    assert only(examined(tmp_path, model, x, y), "D709").evidence.numbers["kind"] == "code"


@pytest.mark.parametrize("value", [2.0, 3.0])
def test_false_alarm_a_cap_with_many_equal_values_beside_others(value: float, tmp_path: Path) -> None:
    x, y = curve(800, 2)
    assert quiet(examined(tmp_path, fresh(), x, np.minimum(y, value), rules=("D709",)), "D709")


def test_false_alarm_many_zeros_beside_amounts(tmp_path: Path) -> None:
    x, y = curve(800, 2)
    amounts = np.where(np.random.default_rng(0).random((800, 1)) < 0.3, 0.0, 100 + y)
    assert quiet(examined(tmp_path, fresh(), x, amounts, rules=("D709",)), "D709")


@pytest.mark.parametrize("kind", ["normal", "uniform", "exponential", "laplace", "student", "counts"])
@pytest.mark.parametrize("rows", [20, 500, 20_000])
@pytest.mark.series
def test_false_alarm_ordinary_distributions(kind: str, rows: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(rows)
    x, _ = curve(rows, 3)
    y = {
        "normal": rng.normal(size=rows),
        "uniform": rng.uniform(size=rows),
        "exponential": rng.exponential(size=rows),
        "laplace": rng.laplace(size=rows),
        "student": rng.standard_t(5, size=rows),
        "counts": rng.poisson(2.0, rows).astype(float),
    }[kind]
    assert quiet(examined(tmp_path, fresh(), x, y[:, None], rules=("D709",)), "D709")


@pytest.mark.parametrize("seed", range(3))
def test_amounts_with_a_long_tail_are_a_note_that_speaks_of_logarithms(seed: int, tmp_path: Path) -> None:
    x, _ = curve(2000, 4)
    y = np.exp(5 + 2 * np.random.default_rng(seed).normal(size=(2000, 1)))
    finding = only(examined(tmp_path, fresh(), x, y, rules=("D709",)), "D709")
    assert (finding.severity, finding.evidence.numbers["kind"]) == (Severity.NOTE, "tail")
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == "y_train = np.log1p(y_train)"


def test_far_rows_beside_which_the_others_are_learned_are_a_note(tmp_path: Path) -> None:
    x, y = curve(600, 5)
    y[9] = 400.0
    model = train(mlp("mae"), x, y, epochs=60)
    finding = only(report := examined(tmp_path, model, x, y), "D709")
    assert finding.severity is Severity.NOTE
    assert "learned all the same" in finding.evidence.why
    assert not alarms(report), told(report)


def test_false_alarm_a_heavy_tail_that_the_model_has_learned(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(600, 3))
    y = np.where(np.abs(x[:, :1]) > 2.7, 60 * x[:, :1], x[:, :1])
    model = train(mlp(), x, y, epochs=150)
    assert only(examined(tmp_path, fresh(), x, y, rules=("D709",)), "D709").severity is Severity.WARNING
    assert np.square(predicted(model, x) - y).mean() < 0.05 * y.var()
    assert quiet(examined(tmp_path, model, x, y, rules=("D709",)), "D709")


def test_false_alarm_a_small_loss_that_single_rows_make_up(tmp_path: Path) -> None:
    x, _ = curve(400, 7)
    model = compiled(mlp())
    y = predicted(model, x)
    y[3] += 0.6  # all of the loss there is, and nothing beside the spread of the targets
    assert quiet(examined(tmp_path, model, x, y, rules=("D709",)), "D709")


def test_the_remedy_is_a_huber_loss_that_forgets_the_far_rows(tmp_path: Path) -> None:
    x, y = curve(600, 8)
    y[[5, 50, 500], 0] = 1000.0, 800.0, -900.0
    model = mlp()
    fit(model, x, y, epochs=10)
    finding = only(examined(tmp_path, model, x, y, rules=("D709",)), "D709")
    assert finding.evidence.remedy is not None
    fixed = mlp()
    compile_it = str(finding.evidence.remedy.code).replace("optimizer", "'adam'")
    eval(compile_it, {"model": fixed, "keras": keras})  # noqa: S307
    train(fixed, x, y, epochs=60)
    error = [np.median(np.abs(predicted(one, x) - y)) for one in (model, fixed)]
    assert error[1] < 0.3 * error[0]


@pytest.mark.parametrize("loss", ["mape", "binary_crossentropy"])
def test_losses_of_another_kind_do_not_apply(loss: str, tmp_path: Path) -> None:
    x, y = curve(100, 9)
    model = compiled(stack(3, L.Dense(1, "sigmoid" if loss[0] == "b" else None)), loss)
    assert (
        outcome(examined(tmp_path, model, x, (y > 0).astype(float), rules=("D709",)), "D709").status
        is Status.NOT_APPLICABLE
    )


def test_rare_ones_among_zeros_are_no_outliers(tmp_path: Path) -> None:
    x, _ = curve(500, 9)
    assert not found(
        examined(tmp_path, fresh(), x, (np.arange(500) % 100 == 0)[:, None].astype(float), rules=("D709",)), "D709"
    )


@pytest.mark.parametrize("ties", [False, True])
def test_extremes_are_those_of_a_sort_in_any_blocks(ties: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(0)
    y = rng.normal(size=(3000, 2))
    y = np.round(y) if ties else y
    numbers = np.arange(3000.0)
    parts = [TargetExtremes.of(Rows(y[a:b], y[a:b], numbers[a:b])) for a, b in ((1500, 3000), (0, 3), (3, 1500))]
    merged = parts[0] + parts[1] + parts[2]
    for k in range(2):
        lowest = np.lexsort((numbers, y[:, k]))[:MOST_ROWS]
        highest = np.lexsort((numbers, -y[:, k]))[:MOST_ROWS]
        np.testing.assert_array_equal(merged.low_rows[k], lowest)
        np.testing.assert_array_equal(merged.high_rows[k], highest)
        np.testing.assert_array_equal(merged.high[k], y[highest, k])
    peaks = LossPeaks.of(RowLoss(y[:7])) + LossPeaks.of(RowLoss(y[7:]))
    np.testing.assert_array_equal(peaks.values, -np.sort(-y, axis=0)[:MOST_ROWS].T)


def test_the_spread_is_that_of_scipy() -> None:
    numbers = np.random.default_rng(0).normal(3, 2, 501)
    bulk = Quartiles.of(numbers)
    assert bulk.spread == pytest.approx(stats.iqr(numbers, scale="normal"), rel=1e-3)
    assert bulk.median == np.median(numbers)


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, fresh(), rules=("D709",)), "D709")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


@pytest.mark.parametrize(("seed", "end"), [(0, 1.0), (1, 10.0), (2, 100.0)])
def test_false_alarm_a_reward_at_the_end_of_its_range(seed: int, end: float, tmp_path: Path) -> None:
    """Rewards near 1 and a few of -1: the other end of the range, no code for a missing value."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2000, 2))
    y = end * (0.97 + 0.01 * rng.normal(size=(2000, 1)).clip(-3, 3))
    y[rng.choice(2000, 12, replace=False)] = -end
    report = examined(tmp_path, compiled(stack(2, L.Dense(8, "tanh"), L.Dense(1))), x, y)
    assert all("missing" not in f"{one.evidence.verdict}{one.evidence.remedy}" for one in found(report, "D709"))


def test_a_code_beyond_all_sizes_is_still_asked_about(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2000, 2))
    y = 37 + 0.4 * rng.normal(size=(2000, 1))
    y[rng.choice(2000, 12, replace=False)] = -1.0
    finding = only(examined(tmp_path, compiled(stack(2, L.Dense(8, "tanh"), L.Dense(1))), x, y), "D709")
    assert "is it a code for a missing value?" in str(finding.evidence.verdict)
    assert "keep" in str(finding.evidence.remedy), "the advice is to look, not to drop"
