"""Frames of pandas, polars and pyarrow keep their names, and an index plays no part; sparse matrices are data too."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from paths import FIXTURES
from scipy import sparse

import mlpdoctor

FOLDER = FIXTURES / "healthy-linear"
MODEL = FOLDER / "model.keras"
NAMES = ["x1", "x2", "x3", "x4", "y"]
ROWS = np.loadtxt(FOLDER / "data.csv", delimiter=",", skiprows=1)


def of_pandas() -> Any:  # noqa: ANN401
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS, columns=NAMES)
    frame.index = np.random.default_rng(0).permutation(len(frame))
    return frame


def of_polars() -> Any:  # noqa: ANN401
    return pytest.importorskip("polars").DataFrame(ROWS, schema=NAMES)


def of_pyarrow() -> Any:  # noqa: ANN401
    return pa.table({name: ROWS[:, place] for place, name in enumerate(NAMES)})


@pytest.mark.parametrize("kind", ["csr_array", "csc_matrix", "coo_array"])
def test_sparse_matrices_of_scipy(kind: str) -> None:
    x, y = ROWS[:, :4], ROWS[:, 4]
    found = mlpdoctor.check(MODEL, getattr(sparse, kind)(x), y, quick=True)
    same = mlpdoctor.check(MODEL, x, y, quick=True)
    assert found.ladder["model"].value == pytest.approx(same.ladder["model"].value, rel=1e-12)


@pytest.mark.parametrize("frame", [of_pandas, of_polars, of_pyarrow])
def test_names_are_kept_and_the_index_plays_no_part(frame: Callable[[], Any]) -> None:
    whole = frame()
    x = whole.select(NAMES[:4]) if isinstance(whole, pa.Table) else whole[NAMES[:4]]
    report = mlpdoctor.check(MODEL, x, whole["y"], quick=True)
    same = mlpdoctor.check(MODEL, FOLDER / "data.csv", quick=True)
    data = report.to_dict()["data"]
    assert (data["features"], data["targets"]) == (NAMES[:4], ["y"])
    assert {name: rung.value for name, rung in report.ladder.items()} == {
        name: rung.value for name, rung in same.ladder.items()
    }


@pytest.mark.parametrize("frame", [of_pandas, of_polars])
def test_a_frame_may_hold_the_targets(frame: Callable[[], Any]) -> None:
    named = mlpdoctor.check(MODEL, frame(), target="y", quick=True)
    guessed = mlpdoctor.check(MODEL, frame(), quick=True)
    assert named.ladder["model"].value == guessed.ladder["model"].value
    assert guessed.to_dict()["data"]["guesses"] == ["target: the last column"]


@pytest.mark.parametrize("kind", ["object", "category", "string"])
def test_labels_of_pandas_in_two_texts(kind: str) -> None:
    frame = of_pandas()
    labels = (frame["y"] > 0).map({True: "yes", False: "no"}).astype(kind)
    labels.iloc[0] = None
    data = mlpdoctor.check(MODEL, frame[NAMES[:4]], labels, quick=True).to_dict()["data"]
    assert data["guesses"] == ["y: 'no' is read as 0, 'yes' as 1"]
    assert data["rows_used"] == data["rows"] - 1


def test_numbers_that_may_be_missing() -> None:
    frame = of_pandas()
    known = mlpdoctor.check(MODEL, frame[NAMES[:4]].astype("Float64"), frame["y"].astype("Float64"), quick=True)
    assert known.to_dict()["data"]["rows_used"] == len(ROWS)
