"""D701: every missing or infinite cell is counted, by column; the rest is worked out without those rows."""

from pathlib import Path

import numpy as np
import pytest
from drawn_cases import L, Model, compiled, examined, least_squares, number, only, outcome, quiet, rungs, stack, waves

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status


def network(width: int = 3, outputs: int = 1) -> Model:
    """A fresh network, whose own loss no rule speaks of."""
    return compiled(stack(width, L.Dense(4, "relu"), L.Dense(outputs)), updates=0)


@pytest.mark.parametrize("data", ["csv", "npz", "parquet"])
def test_a_missing_feature_is_named_by_column_and_row(data: str, tmp_path: Path) -> None:
    x, y = waves(50, 3, seed=0)
    x[17, 1] = np.nan
    report = examined(tmp_path, network(), x, y, data=data)
    finding = only(report, "D701")
    assert (number(finding, "bad_rows"), number(finding, "rows"), number(finding, "row")) == (1, 50, 18)
    assert (number(finding, "missing"), number(finding, "infinite")) == (1, 0)
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.MEASURED)
    (column,) = dict(finding.evidence.numbers["columns"])  # type: ignore[arg-type]
    assert column == ("x[1]" if data == "npz" else "x2")
    assert column in finding.message
    assert report.findings[0] is finding


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_target_is_found(value: float, tmp_path: Path) -> None:
    x, y = waves(50, 3, seed=1)
    y[[3, 4]] = value
    finding = only(examined(tmp_path, network(), x, y, data="csv", rules=("D701",)), "D701")
    assert (number(finding, "infinite"), number(finding, "missing")) == (2, 0)
    assert finding.evidence.numbers["columns"] == {"y": 2}


@pytest.mark.parametrize("value", [1e100, -4e38])
def test_a_number_too_large_for_float32_is_not_called_missing(value: float, tmp_path: Path) -> None:
    x, y = waves(50, 3, seed=1)
    x[[3, 4], 1] = value
    report = examined(tmp_path, network(), x, y, data="csv")
    finding = only(report, "D701")
    assert [number(finding, name) for name in ("missing", "infinite", "too_large")] == [0, 0, 2]
    said = f"{finding.message} {finding.evidence.why} {report.verdict}"
    assert "2 of 50 rows with numbers too large for float32, first in column x2, row 4" in finding.message
    assert "missing" not in said
    assert "NaN in a batch" not in said
    assert finding.evidence.remedy is not None
    assert "float32" in str(finding.evidence.remedy.code)


def test_missing_cells_beside_numbers_too_large_are_both_named(tmp_path: Path) -> None:
    x, y = waves(50, 3, seed=1)
    x[3, 1], x[4, 1] = 1e100, np.nan
    finding = only(examined(tmp_path, network(), x, y, data="csv", rules=("D701",)), "D701")
    assert "2 of 50 rows with missing or infinite cells or numbers too large for float32" in finding.message


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_a_plain_look(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(400, 3)), rng.normal(size=(400, 2))
    for table in (x, y):
        table[rng.random(table.shape) < 0.03] = np.nan
        table[rng.random(table.shape) < 0.02] = -np.inf
    both = np.concatenate([x, y], axis=1)
    finding = only(report := examined(tmp_path, network(outputs=2), x, y, data="parquet"), "D701")
    bad = ~np.isfinite(both)
    assert number(finding, "bad_rows") == bad.any(axis=1).sum()
    assert number(finding, "missing") == np.isnan(both).sum()
    assert number(finding, "infinite") == np.isinf(both).sum()
    assert finding.evidence.numbers["columns"] == dict(
        zip(["x1", "x2", "x3", "y1", "y2"], bad.sum(axis=0).tolist(), strict=True)
    )
    assert report.data is not None
    assert report.data.rows_used == (~bad.any(axis=1)).sum()


def test_the_ladder_is_that_of_the_complete_rows(tmp_path: Path) -> None:
    x, y = waves(300, 3, seed=5)
    x[::7, 0] = np.nan
    y[::11] = np.inf
    whole = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    report = examined(tmp_path, network(), x, y, rules=("D701",))
    assert rungs(report)["affine"] == pytest.approx(least_squares(x[whole], y[whole]), rel=1e-9)
    assert rungs(report)["constant"] == pytest.approx(y[whole].var(), rel=1e-9)
    assert f"{whole.sum()} complete rows" in only(report, "D701").evidence.why


def test_no_complete_row_leaves_no_ladder_and_says_why(tmp_path: Path) -> None:
    x, y = waves(20, 3, seed=6)
    x[:, 2] = np.nan
    report = examined(tmp_path, network(), x, y)
    assert number(only(report, "D701"), "bad_rows") == 20
    assert report.ladder is None
    assert report.no_ladder == "no row of the data is complete"
    assert outcome(report, "L501").reason == "no row of the data is complete"


def test_the_worst_column_comes_first_in_the_words(tmp_path: Path) -> None:
    x, y = waves(100, 3, seed=8)
    x[:3, 0] = np.nan
    x[:40, 2] = np.nan
    why = only(examined(tmp_path, network(), x, y, data="csv", rules=("D701",)), "D701").evidence.why
    assert why.index("x3 (40)") < why.index("x1 (3)")


def test_false_alarm_huge_and_tiny_numbers_are_numbers(tmp_path: Path) -> None:
    x, y = waves(50, 3, seed=9)
    x[0, 0], x[1, 0], y[2] = 1e38, 5e-324, -1e38
    assert quiet(examined(tmp_path, network(), x, y, rules=("D701",)), "D701")


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network(), rules=("D701",)), "D701")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")
