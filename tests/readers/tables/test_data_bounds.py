"""What a small data file declares costs little, and wide tables are read as narrow ones are."""

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather, ipc

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.readers.tables import arrow_files, delimited, numpy_files
from mlpdoctor.readers.tables.arrow_buffers import Sizes, sizes
from mlpdoctor.readers.tables.data import open_dataset

MEMORY = 40 << 20
ANY = Wanted(None)


@pytest.fixture
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lowers what may be unpacked at once, so that a bomb of some megabytes will do."""
    monkeypatch.setattr(arrow_files, "EXPANSION_FLOOR", 1 << 20)


def table(path: Path, wanted: Wanted = ANY, **options: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401
    batches = list(open_dataset(str(path), wanted, **options).batches(100))
    return np.concatenate([np.concatenate([batch.features, batch.targets], axis=1) for batch in batches])


def refused(path: Path, **options: Any) -> str:  # noqa: ANN401
    """What is said of a file, which must cost little."""
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError) as caught:
            table(path, **options)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert text.startswith(str(path))
    assert text.isprintable()
    return text.removeprefix(str(path))


def zeros(rows: int) -> pa.Table:
    return pa.table({"x": np.zeros(rows), "y": np.zeros(rows)})


def coded(rows: int, values: int) -> pa.Table:
    """Zeros as indices into a dictionary of so many zeros."""
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array(np.zeros(values)))
    return pa.table({"x": column, "y": column})


def as_arrow(data: pa.Table, path: Path, compression: str | None = "zstd") -> None:
    with ipc.new_file(path, data.schema, options=ipc.IpcWriteOptions(compression=compression)) as file:
        file.write_table(data)


BOMBS: dict[str, Callable[[Path], None]] = {
    "Feather, LZ4": lambda path: feather.write_feather(zeros(1 << 18), path, compression="lz4", chunksize=1 << 18),
    "Feather, zstd": lambda path: feather.write_feather(zeros(1 << 18), path, compression="zstd", chunksize=1 << 18),
    "Arrow, dictionary": lambda path: as_arrow(coded(3, 1 << 18), path),
    "Arrow, text": lambda path: as_arrow(pa.table({"x": ["a" * (1 << 22)], "y": [1.0]}), path),
    "Parquet": lambda path: pq.write_table(zeros(1 << 18), path, compression="zstd", use_dictionary=False),
    "Parquet, text": lambda path: pq.write_table(
        pa.table({"x": ["a" * (1 << 22)], "y": [1.0]}), path, compression="zstd"
    ),
}


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize("name", BOMBS)
def test_what_unpacks_a_hundredfold_is_not_unpacked(name: str, tmp_path: Path) -> None:
    BOMBS[name](tmp_path / "bomb")
    assert "at once; do not trust this file" in refused(tmp_path / "bomb")


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize("compression", ["zstd", "lz4", "uncompressed"])
def test_what_is_packed_as_data_are_is_read(compression: Any, tmp_path: Path) -> None:  # noqa: ANN401
    numbers = np.random.default_rng(0).normal(size=(1 << 16, 2)).round(2)
    data = pa.table({"x": numbers[:, 0], "y": numbers[:, 1]})
    feather.write_feather(data, tmp_path / "data.feather", compression=compression, chunksize=1 << 16)
    pq.write_table(data, tmp_path / "data.parquet", compression="none" if compression == "uncompressed" else "zstd")
    for name in ("data.feather", "data.parquet"):
        np.testing.assert_array_equal(table(tmp_path / name), numbers)


def nothing(rows: int) -> pa.Table:
    column = pa.Array.from_buffers(pa.null(), rows, [None])
    return pa.table({"x": column, "y": column})


def run(rows: int) -> pa.Table:
    column = pa.RunEndEncodedArray.from_arrays(pa.array([rows], pa.int32()), pa.array([1.0]))
    return pa.table({"x": column, "y": column})


@pytest.mark.parametrize("make", [nothing, run])
def test_a_few_bytes_that_declare_billions_of_rows(make: Callable[[int], pa.Table], tmp_path: Path) -> None:
    as_arrow(make((1 << 31) - 1), tmp_path / "rows.arrow", None)
    assert (tmp_path / "rows.arrow").stat().st_size < 2000
    assert "comes to more than 8,589,934,592 bytes, 2,147,483,647 rows of 2 numbers" in refused(tmp_path / "rows.arrow")


def test_rows_that_a_dictionary_repeats(tmp_path: Path) -> None:
    pq.write_table(zeros(1 << 20), tmp_path / "rows.parquet")
    assert (tmp_path / "rows.parquet").stat().st_size < 20_000
    assert "rows of 2 numbers; --max-bytes raises the bound" in refused(tmp_path / "rows.parquet", max_bytes=1 << 20)
    assert len(table(tmp_path / "rows.parquet", max_bytes=1 << 24)) == 1 << 20


def test_all_missing_is_read_in_pieces_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_files, "ROWS_AT_ONCE", 7)
    cells = [None if row % 3 else float(row) for row in range(50)]
    data = pa.table({"a": cells, "b": pa.nulls(50), "c": pa.array(cells).dictionary_encode(), "d": range(50)})
    expected = np.column_stack([[np.nan if cell is None else cell for cell in cells], [np.nan] * 50, range(50)])
    for write, name in ((as_arrow, "a.arrow"), (pq.write_table, "a.parquet")):
        write(data, tmp_path / name)
        found = table(tmp_path / name)
        np.testing.assert_array_equal(found[:, [0, 1, 3]], expected)
        np.testing.assert_array_equal(found[:, 2], expected[:, 0])


def test_sizes_are_those_that_arrow_makes_of_it(tmp_path: Path) -> None:
    as_arrow(coded(1000, 300), tmp_path / "a.arrow")
    with (tmp_path / "a.arrow").open("rb") as file:
        found = sizes(file)
    assert found.rows == 1000
    assert 2 * 300 * 8 <= found.dictionaries < 2 * 300 * 8 + 400
    assert 2 * 1000 <= found.largest < 2 * 1000 + 400
    feather.write_feather(zeros(10_000), tmp_path / "b", compression="uncompressed", chunksize=3000)
    with (tmp_path / "b").open("rb") as file:
        assert sizes(file) == Sizes(10_000, 0, 2 * 3000 * 8)


def test_blocks_that_lie_over_each_other(tmp_path: Path) -> None:
    """Each of many blocks may be the same one, as members of a zip file may."""
    path = tmp_path / "same.arrow"
    feather.write_feather(zeros(1003), path, compression="uncompressed", chunksize=1000)
    content = path.read_bytes()
    assert table(path).shape == (1003, 2)
    (length,) = struct.unpack_from("<i", content, len(content) - 10)
    start = content.index(b"\xff\xff\xff\xff", 12)  # behind the schema, which begins at 8
    entry = content.index(struct.pack("<q", start), len(content) - 10 - length)
    path.write_bytes(content[: entry + 24] + content[entry : entry + 24] + content[entry + 48 :])
    assert "cannot be read as data: its blocks lie over each other" in refused(path)


def member(path: Path, pack: int, **arrays: bytes) -> Path:
    with zipfile.ZipFile(path, "w", pack) as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return path


def saved(array: np.ndarray[Any, Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def header(text: str, length: int | None = None) -> bytes:
    """The beginning of a ``.npy`` file of version 2, whose header may be of any length."""
    content = text.encode() + b"\n"
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(content) if length is None else length) + content


def test_a_header_without_end(tmp_path: Path) -> None:
    """NumPy reads as many bytes as the header says before it finds that they are too many."""
    content = header(" " * (1 << 26))
    assert ": cannot be read as data" in refused(member(tmp_path / "a.npz", zipfile.ZIP_DEFLATED, x=content))


def test_a_row_without_end(tmp_path: Path) -> None:
    content = header("{'descr': '<U100000000', 'fortran_order': False, 'shape': (1,)}") + bytes(1 << 26)
    said = refused(member(tmp_path / "a.npz", zipfile.ZIP_DEFLATED, x=content))
    assert "rows of numbers were expected" in said


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_arrays_of_one_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in ("x.npy", "y.npy", "x.npy"):
            archive.writestr(name, saved(np.zeros((3, 1))))
    assert "holds two arrays of one name" in refused(tmp_path / "a.npz")


def test_many_arrays_are_not_an_archive_opened_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(np.zeros((3, 1)))
    names = {f"a{place}": content for place in range(60)}
    path = member(tmp_path / "many.npz", zipfile.ZIP_STORED, **names, x=content, y=content)
    opened, known = [], zipfile.ZipFile

    def counted(stream: Any) -> zipfile.ZipFile:  # noqa: ANN401
        opened.append(stream)
        return known(stream)

    monkeypatch.setattr(zipfile, "ZipFile", counted)
    assert table(path).shape == (3, 2)
    assert len(opened) < 6
    monkeypatch.setattr(numpy_files, "MOST_ARRAYS", 50)
    assert "holds 62 arrays" in refused(path)


def test_packed_arrays_that_do_not_unpack(tmp_path: Path) -> None:
    for pack, place in ((zipfile.ZIP_LZMA, 4), (zipfile.ZIP_LZMA, 20), (zipfile.ZIP_BZIP2, 20)):
        path = member(tmp_path / "a.npz", pack, x=saved(np.random.default_rng(0).normal(size=(50, 2))))
        content = bytearray(path.read_bytes())
        start = content.index(b"x.npy") + len("x.npy") + place
        content[start : start + 20] = b"\xff" * 20
        path.write_bytes(content)
        assert ": cannot be read as data: " in refused(path)


def test_bfloat16_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "half.npy", np.ones((3, 2), ml_dtypes.bfloat16))
    assert "raw values of 2 bytes, as NumPy saves bfloat16" in refused(tmp_path / "half.npy")
    np.save(tmp_path / "half.npy", np.ones((3, 2), np.float16))
    assert table(tmp_path / "half.npy").tolist() == [[1, 1]] * 3


@pytest.mark.parametrize("piece", [1 << 20, 97, 100])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_word_in_the_last_of_many_rows(end: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "SAMPLE", 64)
    monkeypatch.setattr(delimited, "PIECE", piece)
    path = tmp_path / "late.csv"
    path.write_text("x,y\n" + "0.5,1.5\n" * 999 + f"0.5,late{end}")
    assert refused(path).startswith(", line 1001: column 'y' holds text, 'late'")


@pytest.mark.parametrize("write", [as_arrow, pq.write_table])
def test_a_column_of_words_is_named_with_the_first(write: Callable[..., None], tmp_path: Path) -> None:
    for words in (["Rome", "Oslo"], pa.array(["Rome", "Oslo"]).dictionary_encode()):
        write(pa.table({"x": words, "y": [1.0, 2.0]}), tmp_path / "a")
        assert ", row 1: column 'x' holds text, 'Rome'" in refused(tmp_path / "a")
    write(pa.table({"x": [[1.0] * 1000], "y": [1.0]}), tmp_path / "a")
    assert "holds text, 'list<" in refused(tmp_path / "a")


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow", "npz"])
@pytest.mark.slow
def test_five_thousand_columns(kind: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=(40, 5001))
    path = tmp_path / f"wide.{kind}"
    if kind == "csv":
        np.savetxt(path, numbers, fmt="%.17g", delimiter=",")
    elif kind == "npz":
        np.savez(path, x=numbers[:, :-1], y=numbers[:, -1])
    else:
        data = pa.table({f"c{place}": column for place, column in enumerate(numbers.T)})
        (as_arrow if kind == "arrow" else pq.write_table)(data, path)
    np.testing.assert_array_equal(table(path, Wanted(5000)), numbers)


def test_a_wide_table_is_read_in_fewer_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_files, "CELLS_AT_ONCE", 100)
    numbers = np.arange(600.0).reshape(60, 10)
    for write, name in ((as_arrow, "a.arrow"), (pq.write_table, "a.parquet")):
        write(pa.table({f"c{place}": column for place, column in enumerate(numbers.T)}), tmp_path / name)
        dataset = open_dataset(str(tmp_path / name), Wanted(9))
        heights = [len(block) for block in dataset.table.blocks(range(10))]  # type: ignore[attr-defined]
        assert max(heights) <= 10
        np.testing.assert_array_equal(table(tmp_path / name, Wanted(9)), numbers)
