"""D705: which columns are combinations of others, and which combination."""

from collections.abc import Callable
from pathlib import Path

import hand_built
import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from model_cases import L, Model, Table, compiled, examined, number, only, outcome, quiet, stack, told, waves
from sklearn import datasets
from sklearn.linear_model import LinearRegression

from mlpdoctor.analysis.floors.basis import dependences
from mlpdoctor.checks.data.collinear_features import collinear_features
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.statistics.affine_factor import TargetFactor
from mlpdoctor.statistics.views import Rows


def network(width: int) -> Model:
    return compiled(stack(width, L.Dense(6, "tanh"), L.Dense(1)))


def seen(x: Table, block: int = 1 << 14) -> list[Evidence]:
    answers = hand_built.examined(hand_built.sequential(x.shape[1], (1, None)), x, np.zeros((len(x), 1)), block)
    arguments = answers.arguments(collinear_features.function)
    assert isinstance(arguments, dict)
    return list(collinear_features.function(**arguments))


def factor(x: Table) -> TargetFactor:
    return TargetFactor.of(Rows(x, np.zeros((len(x), 1)), np.arange(len(x), dtype=np.float64)))


MADE: dict[str, Callable[[Table], Table]] = {
    "x4 = x1": lambda x: x[:, 0],
    "x4 = -x2": lambda x: -x[:, 1],
    "x4 = 2.54 x3": lambda x: 2.54 * x[:, 2],
    "x4 = 1.8 x1 + 32": lambda x: 32 + 1.8 * x[:, 0],
    "x4 = x1 - 2 x2 + 3 x3": lambda x: x[:, 0] - 2 * x[:, 1] + 3 * x[:, 2],
    "x4 = 0.5 x1 + 0.5 x3": lambda x: (x[:, 0] + x[:, 2]) / 2,
    "x4 = -x1 - x2 - x3 + 1": lambda x: 1 - x.sum(axis=1),
}


@pytest.mark.parametrize("equation", MADE)
@pytest.mark.parametrize("data", ["csv", "parquet"])
def test_the_equation_is_written_out(equation: str, data: str, tmp_path: Path) -> None:
    x, y = waves(200, 3, seed=1)
    x = np.column_stack([x, MADE[equation](x)])
    finding = only(report := examined(tmp_path, network(4), x, y, data=data, rules=("D705",)), "D705")
    assert finding.evidence.numbers["which"] == equation, told(report)
    assert (finding.severity, finding.evidence.certainty) == (Severity.NOTE, Certainty.MEASURED)
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == "df = df.drop(columns=['x4'])"


@pytest.mark.parametrize("offset", [0.0, 1e4, -1e6])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_units_do_not_matter(offset: float, scale: float) -> None:
    x = np.random.default_rng(2).normal(size=(300, 3))
    x = np.column_stack([x, x[:, 0] + x[:, 1]]) * [scale, scale, 1.0, scale] + offset * scale
    (evidence,) = seen(x)
    assert evidence.numbers["columns"] == 1
    assert str(evidence.numbers["which"]).startswith("x4 = x1 + x2")


@settings(deadline=None, max_examples=examples(150))
@given(st.integers(0, 2**32), st.integers(2, 9), st.integers(1, 9))
def test_as_many_as_the_rank_lacks(seed: int, width: int, rank: int) -> None:
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(120, rank))
    x = hidden @ rng.integers(-2, 3, (rank, width)) * 10.0 ** rng.integers(-3, 4, width) + rng.normal(size=width)
    centred = x - x.mean(axis=0)
    varied = np.abs(centred).max(axis=0) > 1e-9 * np.abs(x).max(axis=0)
    scaled = centred[:, varied] / centred[:, varied].std(axis=0)
    lacking = int(varied.sum()) - (
        np.linalg.matrix_rank(scaled, tol=1e-6 * np.sqrt(scaled.size)) if varied.any() else 0
    )
    x[:, ~varied] = x[0, ~varied]
    found = dependences(factor(x), 1e-6)
    assert len(found) == lacking
    for one in found:
        made = one.intercept + x[:, list(one.others)] @ np.array(one.slopes)
        np.testing.assert_allclose(made, x[:, one.column], atol=1e-6 * x[:, one.column].std() + 1e-6)


@pytest.mark.parametrize("rest", [0.001, 0.005, 0.009])
@pytest.mark.parametrize("block", [16, 1000])
def test_a_near_copy_leaves_what_linear_regression_leaves(rest: float, block: int) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 3))
    x = np.column_stack([x, x[:, 1] + rest * rng.normal(size=500)])
    (evidence,) = seen(x, block)
    left = np.sqrt(1 - LinearRegression().fit(x[:, :3], x[:, 3]).score(x[:, :3], x[:, 3]))
    assert isinstance(rests := evidence.numbers["rest"], dict)
    assert rests == {"x4": pytest.approx(left, rel=1e-6)}
    assert "x4 is nearly" in str(evidence.numbers["which"])
    assert evidence.numbers["exact"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_first_of_several_copies_is_kept(seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(100, 2))
    (evidence,) = seen(np.column_stack([x, x, x]))
    assert evidence.numbers["which"] == "x3 = x1, x4 = x2, x5 = x1, x6 = x2"
    assert (evidence.numbers["columns"], evidence.numbers["rank"]) == (4, 2)


def test_a_garbage_direction_hides_no_column() -> None:
    """A copy leaves rounding whose direction is anything; a column after it must not be taken for dependent."""
    for seed in range(50):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(40, 2))
        (evidence,) = seen(np.column_stack([x[:, 0], x[:, 0], x[:, 1]]), block=3)
        assert evidence.numbers["which"] == "x2 = x1"


def one_hot(rows: int, levels: int, seed: int = 0) -> Table:
    return np.asarray(np.eye(levels)[np.random.default_rng(seed).integers(0, levels, rows)])


@pytest.mark.parametrize("levels", [2, 3, 12])
def test_false_alarm_complete_one_hot_columns(levels: int, tmp_path: Path) -> None:
    x = np.column_stack([one_hot(400, levels), np.random.default_rng(1).normal(size=400), one_hot(400, 4, seed=2)])
    assert quiet(examined(tmp_path, network(x.shape[1]), x, x[:, :1], rules=("D705",)), "D705")


def test_a_copied_one_hot_column_is_named_all_the_same() -> None:
    x = one_hot(300, 4)
    (evidence,) = seen(np.column_stack([x, x[:, 1]]))
    assert evidence.numbers["which"] == "x5 = x2"


def test_constant_columns_are_left_to_d704() -> None:
    x = np.random.default_rng(4).normal(size=(100, 2))
    assert not seen(np.column_stack([x, np.ones(100), np.zeros(100), np.full(100, 1e6)]))


@pytest.mark.parametrize("rows", [3, 8, 13])
def test_false_alarm_hardly_more_rows_than_columns(rows: int) -> None:
    assert not seen(np.random.default_rng(5).normal(size=(rows, 8)))


@pytest.mark.parametrize(
    "load", [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer, datasets.load_diabetes]
)
def test_false_alarm_real_tables(load: Callable[..., tuple[Table, Table]]) -> None:
    assert not seen(load(return_X_y=True)[0])


def test_false_alarm_correlated_but_not_collinear() -> None:
    rng = np.random.default_rng(6)
    common = rng.normal(size=(400, 1))
    assert not seen(common + 0.1 * rng.normal(size=(400, 6)))
    t = rng.uniform(-1, 1, 400)
    assert not seen(np.stack([t, t**2, t**3], axis=1))


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network(2), rules=("D705",)), "D705")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


def test_many_columns_in_little_time(tmp_path: Path) -> None:
    x = np.random.default_rng(7).normal(size=(900, 200))
    x = np.concatenate([x, x], axis=1)
    finding = only(examined(tmp_path, network(400), x, x[:, :1], rules=("D705",)), "D705")
    assert number(finding, "columns") == 200
