"""D701: every missing or infinite cell is counted, by column; the rest is worked out without those rows."""

from pathlib import Path

import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    compiled,
    examined,
    least_squares,
    number,
    only,
    outcome,
    quiet,
    rungs,
    save_data,
    stack,
    waves,
)

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.subject import Question


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
    finding = only(examined(tmp_path, network(), x, y, data="csv"), "D701")
    assert (number(finding, "infinite"), number(finding, "missing")) == (2, 0)
    assert finding.evidence.numbers["columns"] == {"y": 2}


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
    report = examined(tmp_path, network(), x, y)
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


@pytest.mark.parametrize("cell", ["", "NaN", "NA", "inf"])
def test_cells_of_a_text_file_that_are_no_numbers(cell: str, tmp_path: Path) -> None:
    x, y = waves(20, 3, seed=7)
    path = Path(save_data(tmp_path / "data.csv", x, y))
    lines = path.read_text().splitlines()
    lines[5] = ",".join([cell, *lines[5].split(",")[1:]])
    path.write_text("\n".join(lines) + "\n")
    network().save(tmp_path / "model.keras")
    finding = only(diagnose(Question(str(tmp_path / "model.keras"), str(path))), "D701")
    assert (number(finding, "row"), finding.evidence.numbers["columns"]) == (5, {"x1": 1})


def test_the_worst_column_comes_first_in_the_words(tmp_path: Path) -> None:
    x, y = waves(100, 3, seed=8)
    x[:3, 0] = np.nan
    x[:40, 2] = np.nan
    why = only(examined(tmp_path, network(), x, y, data="csv"), "D701").evidence.why
    assert why.index("x3 (40)") < why.index("x1 (3)")


def test_false_alarm_huge_and_tiny_numbers_are_numbers(tmp_path: Path) -> None:
    x, y = waves(50, 3, seed=9)
    x[0, 0], x[1, 0], y[2] = 1e38, 5e-324, -1e38
    assert quiet(examined(tmp_path, network(), x, y), "D701")


def test_it_needs_neither_a_loss_nor_a_network_it_can_run(tmp_path: Path) -> None:
    x, y = waves(50, 4, seed=10)
    x[0, 0] = np.nan
    model = stack(4, L.Reshape((4, 1)), L.Conv1D(3, 2), L.Flatten(), L.Dense(1))
    assert only(examined(tmp_path, model, x, y), "D701").severity is Severity.ERROR


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network()), "D701")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


@pytest.mark.parametrize("data", ["csv", "parquet", "feather"])
def test_a_column_of_words_is_named_with_what_to_do(data: str, tmp_path: Path) -> None:
    x, y = waves(30, 2, seed=11)
    table = pytest.importorskip("pandas").DataFrame(
        {"a": x[:, 0], "city": ["Rome", "Oslo"] * 15, "b": x[:, 1], "y": y[:, 0]}
    )
    path = tmp_path / f"data.{data}"
    {"csv": lambda p: table.to_csv(p, index=False), "parquet": table.to_parquet, "feather": table.to_feather}[data](
        path
    )
    network().save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"column 'city' holds text, 'Rome'.*encode it.*--drop 'city'"):
        diagnose(Question(str(tmp_path / "model.keras"), str(path)))


@pytest.mark.parametrize("data", ["npz", "parquet"])
def test_numbers_stored_as_text_are_told_from_words(data: str, tmp_path: Path) -> None:
    x, y = waves(30, 3, seed=12)
    if data == "npz":
        np.savez(path := tmp_path / "data.npz", x=x.astype(str), y=y)
    else:
        table = pytest.importorskip("pandas").DataFrame(
            {"a": x[:, 0], "b": x[:, 1].astype(str), "c": x[:, 2], "y": y[:, 0]}
        )
        table.to_parquet(path := tmp_path / "data.parquet")
    network().save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"holds numbers stored as text, '.*astype\(float\)"):
        diagnose(Question(str(tmp_path / "model.keras"), str(path)))


def test_a_word_among_numbers_may_stand_for_a_missing_value(tmp_path: Path) -> None:
    x, y = waves(20, 3, seed=13)
    path = Path(save_data(tmp_path / "data.csv", x, y))
    lines = path.read_text().splitlines()
    lines[8] = ",".join(["unknown", *lines[8].split(",")[1:]])
    path.write_text("\n".join(lines) + "\n")
    network().save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=r"line 9: column 'x1' holds text, 'unknown'.*missing value"):
        diagnose(Question(str(tmp_path / "model.keras"), str(path)))
