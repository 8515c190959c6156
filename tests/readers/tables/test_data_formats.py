"""Every kind of data file gives back the same numbers."""

import gzip
import io
import math
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from effort import examples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyarrow import feather

from mlpdoctor.core.dataset import Dataset, Wanted
from mlpdoctor.core.network import Array
from mlpdoctor.readers.tables import delimited
from mlpdoctor.readers.tables.data import open_dataset

NAMES = ("a", "b", "y")
ONE_TARGET = Wanted(2, (1,))
Write = Callable[[Path, Array], Path]


def text(delimiter: str, *, header: bool = True, comma: bool = False, ends: str = "\n") -> Write:
    def write(folder: Path, table: Array) -> Path:
        lines = [delimiter.join(NAMES)] if header else []
        for row in table:
            cells = ["" if math.isnan(value) and header and delimiter != " " else repr(float(value)) for value in row]
            lines.append(delimiter.join(cell.replace(".", ",") if comma else cell for cell in cells))
        path = folder / "data.txt"
        path.write_bytes((ends.join(lines) + ends).encode())
        return path

    return write


def packed(inner: Write) -> Write:
    def write(folder: Path, table: Array) -> Path:
        path = folder / "data.gz"
        path.write_bytes(gzip.compress(inner(folder, table).read_bytes(), 1))
        return path

    return write


def parquet(folder: Path, table: Array) -> Path:
    pq.write_table(as_arrow(table), folder / "data.parquet", row_group_size=3)
    return folder / "data.parquet"


def arrow(folder: Path, table: Array) -> Path:
    feather.write_feather(as_arrow(table), str(folder / "data.feather"), chunksize=3)
    return folder / "data.feather"


def as_arrow(table: Array) -> pa.Table:
    return pa.table({name: pa.array(table[:, place]) for place, name in enumerate(NAMES)})


def npy(folder: Path, table: Array) -> Path:
    np.save(folder / "data.npy", table)
    return folder / "data.npy"


def npy_by_column(folder: Path, table: Array) -> Path:
    np.save(folder / "data.npy", np.asfortranarray(table))
    return folder / "data.npy"


def npy_with_fields(folder: Path, table: Array) -> Path:
    fields = np.dtype([(name, "<f8") for name in NAMES])
    np.save(folder / "data.npy", np.array([tuple(row) for row in table], dtype=fields))
    return folder / "data.npy"


def npz(folder: Path, table: Array) -> Path:
    np.savez(folder / "data.npz", x=table[:, :2], y=table[:, 2])
    return folder / "data.npz"


def npz_packed_by_column(folder: Path, table: Array) -> Path:
    np.savez_compressed(
        folder / "data.npz",
        x_train=np.asfortranarray(table[:, :2]),
        y_train=table[:, 2:],
        x_test=table[:1, :2],
    )
    return folder / "data.npz"


def npz_of_one(folder: Path, table: Array) -> Path:
    np.savez(folder / "data.npz", anything=table)
    return folder / "data.npz"


def many_files(folder: Path, table: Array) -> Path:
    inside = folder / "parts"
    inside.mkdir(exist_ok=True)
    half = (len(table) + 1) // 2
    for name, part in (("1.csv", table[:half]), ("2.csv", table[half:])):
        if len(part):
            text(",")(inside, part).rename(inside / name)
        else:
            (inside / name).unlink(missing_ok=True)
    return inside


def pair_of_files(folder: Path, table: Array) -> Path:
    inside = folder / "pair"
    inside.mkdir(exist_ok=True)
    np.save(inside / "x.npy", table[:, :2])
    np.save(inside / "y.npy", table[:, 2])
    return inside


WRITERS: dict[str, Write] = {
    "csv": text(","),
    "csv without header": text(",", header=False),
    "csv from Windows": text(",", ends="\r\n"),
    "csv from an old Mac": text(",", ends="\r"),
    "tsv": text("\t"),
    "semicolons": text(";"),
    "decimal comma": text(";", comma=True),
    "decimal comma, tabs": text("\t", comma=True),
    "bars": text("|"),
    "spaces": text(" "),
    "csv, gzip": packed(text(",")),
    "parquet": parquet,
    "parquet, gzip": packed(parquet),
    "arrow": arrow,
    "npy": npy,
    "npy, gzip": packed(npy),
    "npy by column": npy_by_column,
    "npy by column, gzip": packed(npy_by_column),
    "npy with fields": npy_with_fields,
    "npz": npz,
    "npz, gzip": packed(npz),
    "npz packed by column": npz_packed_by_column,
    "npz of one array": npz_of_one,
    "folder": many_files,
    "folder of two arrays": pair_of_files,
}

tables = arrays(np.float64, st.tuples(st.integers(1, 12), st.just(3)), elements=st.floats(width=64))
exactly = settings(
    deadline=None, max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def everything(dataset: Dataset, rows: int = 5) -> Array:
    batches = list(dataset.batches(rows))
    assert [batch.first_row for batch in batches] == list(range(0, rows * len(batches), rows))
    assert all(len(batch.features) == rows for batch in batches[:-1])
    for batch in batches:
        for part in (batch.features, batch.targets):
            assert part.dtype == np.float64
            assert part.flags.c_contiguous
    return np.concatenate([np.hstack([batch.features, batch.targets]) for batch in batches])


def same(one: Array, other: Array) -> None:
    np.testing.assert_array_equal(one, other)
    signed = ~np.isnan(other)
    np.testing.assert_array_equal(np.signbit(one[signed]), np.signbit(other[signed]))


@pytest.fixture(params=["line by line", "with pyarrow"])
def either_reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "with pyarrow":
        monkeypatch.setattr(delimited, "SAMPLE", 40)
        monkeypatch.setattr(delimited, "PIECE", 64)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.usefixtures("either_reader")
@exactly
@given(table=tables)
def test_gives_back_the_same_numbers(kind: str, tmp_path: Path, table: Array) -> None:
    # The decimal mark is told from the first lines, which are few here; inf and 5e-324 show none.
    assume("comma" not in kind or (np.isfinite(table[0]).all() and any("." in repr(float(cell)) for cell in table[0])))
    dataset = open_dataset(str(WRITERS[kind](tmp_path, table)), ONE_TARGET)
    same(everything(dataset), table)
    same(everything(dataset, rows=1), table)


@pytest.mark.parametrize("kind", ["csv", "csv, gzip", "parquet", "arrow", "npy by column", "npz"])
def test_reads_standard_input_again_and_again(kind: str, tmp_path: Path) -> None:
    table = np.arange(30.0).reshape(10, 3)
    piped = io.BytesIO(WRITERS[kind](tmp_path, table).read_bytes())
    dataset = open_dataset("-", ONE_TARGET, stdin=piped)
    assert dataset.path == "-"
    first, second = dataset.batches(4), dataset.batches(3)
    next(first)
    next(second)
    same(np.vstack([batch.features for batch in first]), table[4:, :2])
    same(np.vstack([batch.features for batch in second]), table[3:, :2])
    same(everything(dataset), table)


@given(rows=st.integers(1, 400))
@settings(deadline=None, max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batches_do_not_depend_on_the_blocks_of_the_file(rows: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("blocks")
    table = np.random.default_rng(0).normal(size=(301, 3))
    for write in (text(","), parquet, arrow, npy):
        same(everything(open_dataset(str(write(folder, table)), ONE_TARGET), rows), table)


def test_features_may_be_images_and_targets_one_hot(tmp_path: Path) -> None:
    x = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    np.savez(tmp_path / "a.npz", x=np.asfortranarray(x), y=np.eye(4, dtype=np.float32))
    dataset = open_dataset(str(tmp_path / "a.npz"), Wanted(12, (4, 1)))
    assert dataset.feature_names[:5] == ("x[0,0]", "x[0,1]", "x[0,2]", "x[1,0]", "x[1,1]")
    assert dataset.target_names == ("y[0]", "y[1]", "y[2]", "y[3]")
    same(everything(dataset), np.hstack([x.reshape(4, 12).astype(float), np.eye(4)]))


def test_two_arrays_of_other_names_are_told_apart_by_width(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", response=np.zeros(4), design=np.ones((4, 2)))
    dataset = open_dataset(str(tmp_path / "a.npz"), ONE_TARGET)
    assert dataset.target_names == ("response",)
    assert dataset.guesses == ("features: the array design", "target: the array response")


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, None, 3]), [1, math.nan, 3]),
        (pa.array([2**60 + 1, 0, 1]), [float(2**60 + 1), 0, 1]),
        (pa.array([True, False, None]), [1, 0, math.nan]),
        (pa.array([None, None, None]), [math.nan] * 3),
        (pa.array([1.5, 2, 3], pa.float32()), [1.5, 2, 3]),
        (pa.array([1, 2, 3]).cast(pa.decimal128(21, 2)), [1, 2, 3]),
        (pa.array([3, None, 3]).dictionary_encode(), [3, math.nan, 3]),
    ],
)
def test_arrow_types_become_float64(column: pa.Array, expected: list[float], tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "b", "c"], "x": column, "y": [1.0, 2.0, 3.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    feather.write_feather(table, str(tmp_path / "a.feather"))
    for name in ("a.parquet", "a.feather"):
        dataset = open_dataset(str(tmp_path / name), Wanted(1, (1,), drop=("text",)))
        np.testing.assert_array_equal(everything(dataset)[:, 0], expected)


def test_a_reader_closed_early_closes_the_file(tmp_path: Path) -> None:
    table = np.ones((50, 3))
    for write in (text(","), packed(text(",")), parquet, arrow, npy, npz):
        batches = open_dataset(str(write(tmp_path, table)), ONE_TARGET).batches(2)
        next(batches)
        batches.close()  # type: ignore[attr-defined]  # a warning about an open file would fail this test


def test_a_named_pipe_is_read_again_and_again(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = WRITERS["csv"](tmp_path, np.arange(12.0).reshape(4, 3)).read_bytes()
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    dataset = open_dataset(str(pipe), ONE_TARGET)
    writer.join()
    same(everything(dataset), np.arange(12.0).reshape(4, 3))
    same(everything(dataset, rows=1), np.arange(12.0).reshape(4, 3))
