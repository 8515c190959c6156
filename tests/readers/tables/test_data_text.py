"""Text tables as people have them."""

import math
from pathlib import Path

import numpy as np
import pytest

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.readers.tables import delimited
from mlpdoctor.readers.tables.data import open_dataset

nan, inf = math.nan, math.inf


@pytest.fixture(params=["line by line", "with pyarrow"], autouse=True)
def either_reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "with pyarrow":
        monkeypatch.setattr(delimited, "SAMPLE", 8)
        monkeypatch.setattr(delimited, "PIECE", 16)


def table(dataset: Dataset) -> list[list[float]]:
    (batch,) = dataset.batches(1000)
    return [[float(value) for value in row] for row in np.hstack([batch.features, batch.targets])]


@pytest.mark.parametrize(
    ("written", "names", "rows"),
    [
        ("x,y\n1,2\n3,4\n", ["x", "y"], [[1, 2], [3, 4]]),
        ("x,y\n1,2\n3,4", ["x", "y"], [[1, 2], [3, 4]]),
        ("\ufeffx,y\n1,2\n", ["x", "y"], [[1, 2]]),
        ("\ufeff1,2\n3,4\n", ["column 1", "column 2"], [[1, 2], [3, 4]]),
        ("\n\nx,y\n\n1,2\n\n\n3,4\n\n", ["x", "y"], [[1, 2], [3, 4]]),
        ("x, y\n1, 2\n ?, -\n", ["x", "y"], [[1, 2], [nan, nan]]),
        ('"x","y"\n"1","2"\n', ["x", "y"], [[1, 2]]),
        ('"a, b",y\n1,2\n', ["a, b", "y"], [[1, 2]]),
        ('"a\nb",y\n1,2\n', ["a b", "y"], [[1, 2]]),
        ("# made by hand\nx,y\n1,2\n", ["x", "y"], [[1, 2]]),
        ("# x y\n1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n", ["x", "y"], [[1, 2], [3, 4]]),
        ("sep=;\nx;y\n1;2\n", ["x", "y"], [[1, 2]]),
        ("x;y\n1,5;2\n3;4,25\n", ["x", "y"], [[1.5, 2], [3, 4.25]]),
        ("  5.1   3.5\n  4.9\t 3.0  \n", ["column 1", "column 2"], [[5.1, 3.5], [4.9, 3.0]]),
        ("1,2,\n3,4,\n", ["column 1", "column 2"], [[1, 2], [3, 4]]),
        ("x,y,\n1,2,\n3,4,\n", ["x", "y"], [[1, 2], [3, 4]]),
        ("x,y\n1,2,\n3,4,\n", ["x", "y"], [[1, 2], [3, 4]]),
        ("x,y\nNA,N/A\nNaN,nan\nnull,NULL\nNone,?\n-,#N/A\n,1\n", ["x", "y"], [[nan, nan]] * 5 + [[nan, 1]]),
        ("x,y\ninf,-inf\nInfinity,1e400\n", ["x", "y"], [[inf, -inf], [inf, inf]]),
        ("x,y\n+1,+2.5\n", ["x", "y"], [[1, 2.5]]),
        ("x,y\ntrue,FALSE\nFalse,True\n1,0\n", ["x", "y"], [[1, 0], [0, 1], [1, 0]]),
        ("x,y\n9007199254740993,1\n", ["x", "y"], [[9007199254740992, 1]]),
        ("x,y\n0.1,1e-300\n.5,5.\n", ["x", "y"], [[0.1, 1e-300], [0.5, 5]]),
        ("a,a\n1,2\n", ["a", "a.1"], [[1, 2]]),
        ("0,1,2\n0.5,1.5,2.5\n", ["0", "1", "2"], [[0.5, 1.5, 2.5]]),
        ("0,1,2\n1,1,3\n", ["column 1", "column 2", "column 3"], [[0, 1, 2], [1, 1, 3]]),
        ("1,?\n2,3\n", ["column 1", "column 2"], [[1, nan], [2, 3]]),
    ],
)
def test_layouts(written: str, names: list[str], rows: list[list[float]], tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        path.write_bytes(written.removeprefix("\ufeff" if encoding in {"utf-16", "utf-32"} else "").encode(encoding))
        dataset = open_dataset(str(path), Wanted(len(names) - 1, (1,)))
        assert [*dataset.feature_names, *dataset.target_names] == names
        np.testing.assert_array_equal(table(dataset), rows)


@pytest.mark.parametrize(
    "written",
    [",x,y\n0,1,2\n1,3,4\n", '"x" "y"\n"1" 1 2\n"2" 3 4\n', "id;x;y\n7;1;2\n9;3;4\n", ",0,1\n0,1,2\n1,3,4\n"],
)
def test_an_index_column_is_left_out_and_said(written: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(written)
    dataset = open_dataset(str(path), Wanted(1, (1,)))
    assert table(dataset) == [[1, 2], [3, 4]]
    assert any(guess.startswith("left out: ") for guess in dataset.guesses)


def test_columns_that_are_not_needed_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text('name,x,when,y\n"Smith, J.",1,2020-01-01,2\n"two\nlines",3,never,4\n')
    assert table(open_dataset(str(path), Wanted(1, (1,), drop=("name", "when")))) == [[1, 2], [3, 4]]
    chosen = Wanted(1, (1,), target=("x",), feature_names=("4",))
    assert table(open_dataset(str(path), chosen)) == [[2, 1], [4, 3]]


def test_latin_1_names_are_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes("größe,y\n1,2\n".encode("latin-1"))
    dataset = open_dataset(str(path), Wanted(1, (1,)))
    assert dataset.feature_names == ("größe",)
    assert "encoding: Latin-1, as it is not UTF-8" in dataset.guesses


def test_a_headerless_table_with_text_is_not_taken_for_a_header(tmp_path: Path) -> None:
    path = tmp_path / "iris.data"
    path.write_text("5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n")
    dataset = open_dataset(str(path), Wanted(1, (1,), drop=("3",)))
    assert table(dataset) == [[5.1, 3.5], [4.9, 3.0]]


def test_a_cell_pyarrow_cannot_read_far_down_is_read_all_the_same(tmp_path: Path) -> None:
    rows = [[float(row), row / 7] for row in range(500)]
    lines = [f"{x},{y!r}" for x, y in rows]
    lines[300] = "+300.0," + lines[300].split(",")[1]
    path = tmp_path / "data.csv"
    path.write_text("x,y\n" + "\n".join(lines))
    assert table(open_dataset(str(path), Wanted(1, (1,)))) == rows


@pytest.mark.slow
def test_very_wide_tables(tmp_path: Path) -> None:
    width = 5000
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join(str(row + column) for column in range(width)) for row in range(3)))
    dataset = open_dataset(str(path), Wanted(width - 1, (1,)))
    assert table(dataset) == [[row + column for column in range(width)] for row in range(3)]
