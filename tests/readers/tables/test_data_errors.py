"""What cannot be read is refused in one line that names it and says what to do."""

import bz2
import gzip
import io
import pickle
import re
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import feather

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.core.whole_file import listening
from mlpdoctor.readers.tables import arrow_files, delimited
from mlpdoctor.readers.tables.data import open_dataset

ANY = Wanted(None)


def complaint(path: Path | str, wanted: Wanted = ANY, **options: object) -> str:
    with pytest.raises(DataFileError) as caught:
        read(str(path), wanted, **options)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert said.isprintable()
    return said.removeprefix(str(path))


def read(path: str, wanted: Wanted = ANY, **options: object) -> None:
    for _ in open_dataset(path, wanted, **options).batches(64):  # type: ignore[arg-type]
        pass


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "1")
    return file.getvalue()


BAD_CONTENT: list[tuple[bytes, str]] = [
    (b"", ": is empty"),
    (b"\n \n\n", ": holds only blank lines"),
    (b"# notes\n", ": holds only blank lines and comments"),
    (b"a,b\n", ": holds a header and no rows"),
    (b"a,b\n1,2\n3\n", ", line 3: has 1 cell where 2 were expected"),
    (b"a,b\n1,2\n3,4,5\n", ", line 3: has 3 cells where 2 were expected"),
    (b"a,b\n\n1,2\n\n3,red\n", ", line 5: column 'b' holds text, 'red'.*--drop 'b'.*--features"),
    (b"a,b\n1,2020-01-31\n", ", line 2: column 'b' holds a date or time, '2020-01-31'"),
    (b"a,b\n1,12:30\n", ", line 2: column 'b' holds a date or time"),
    (b'a,b\n1,"1,234.5"\n', ", line 2: column 'b' holds '1,234.5', which is not a plain number"),
    (b"a,b\n1,$5\n", ", line 2: column 'b' holds '\\$5', which is not a plain number"),
    (b"a,b\n1,5 %\n", "which is not a plain number"),
    (b"a,b\n1,1_000\n", "holds text, '1_000'"),
    (b'a,b\n1,"never closed\n2,3\n', ", line 3: column 'b' holds text"),
    (b'a,b\n1,"' + b"x" * 200_000, ", line 2: holds a cell of more than 131,072 characters.*quote never closed"),
    (b"a,b\n1,2\n\n3," + b"1" * 200_000 + b"\n5,6\n", ", line 4: holds a cell of more than 131,072 characters"),
    (b"a,b\n1,\x1b[31mred\n", r"holds text, '\\x1b\[31mred'"),
    (b"\x00\x01\x02\x03" * 50, ": is a binary file of no known kind"),
    (b"\xff\xfe\x01\x02\xfd" * 50, ": is a binary file|cannot|holds"),
    (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5 file, perhaps the model: the order is MODEL, then DATA"),
    (pickle.dumps([1, 2]), ": is a pickle, which runs code"),
    (pickle.dumps({"x": 1}, 0), ": is a pickle, which runs code"),
    (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", ": is a MATLAB file: .*writematrix"),
    (b"\x89PNG\r\n\x1a\n", ": is an image"),
    (b"\xff\xd8\xff\xe0", ": is an image"),
    (bz2.compress(b"a,b\n1,2\n"), ": is packed with bzip2: unpack it"),
    (b"FEA1" + bytes(50), ": is a Feather file of version 1: write it again"),
    (b'{"x": [1, 2]}', ": is JSON: export"),
    (b"<!DOCTYPE html><html>", ": is a web page"),
    (b"PAR1" + b"rubbish" * 20, ": cannot be read as data: "),
    (b"ARROW1" + b"rubbish" * 20, ": cannot be read as data: "),
    (b"\x93NUMPY" + b"rubbish" * 20, ": cannot be read as data: "),
    (b"PK\x03\x04" + b"rubbish" * 20, ": cannot be read as data: "),
    (b"\x1f\x8b" + b"rubbish" * 20, ": cannot be read as data: "),
    (gzip.compress(bytes(range(1, 255)) * 99, mtime=0)[:-20], ": cannot be read as data|binary file"),
    (gzip.compress(pickle.dumps([1, 2]), mtime=0), ": is a pickle"),
    (zipped("config.json", "model.weights.h5"), ": is a Keras model: the order is MODEL, then DATA"),
    (zipped("xl/workbook.xml", "[Content_Types].xml"), ": is an Excel workbook: export the sheet as CSV"),
    (zipped("mimetype", "content.xml"), ": is an OpenDocument file: export the sheet as CSV"),
    (zipped("archive/data.pkl", "archive/version"), ": is a PyTorch file, a pickle .* numpy.savez"),
    (zlib.compress(pickle.dumps([1, 2])), ": is packed with zlib, perhaps a pickle of joblib: save it in Python"),
    (bytes.fromhex("11000000000000009d6db52e0a0f0a0d"), ": is a TFRecord file: save"),
    (zipped("data/a.csv"), r": is a zip file \(a.csv\): unzip it"),
]


@pytest.mark.parametrize(("content", "expected"), BAD_CONTENT)
@pytest.mark.parametrize("reader", ["line by line", "with pyarrow"])
def test_bad_content(
    content: bytes, expected: str, reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reader == "with pyarrow":
        monkeypatch.setattr(delimited, "SAMPLE", 4)
        monkeypatch.setattr(delimited, "PIECE", 6)
    path = tmp_path / "data"
    path.write_bytes(content)
    said = complaint(path)
    assert re.search(expected, said), said


def test_a_quote_that_is_never_closed_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text('a,b\n1,2\n3,"' + "4,5\n" * 50_000)
    assert complaint(path).startswith(", line 3: holds a cell of more than 131,072 characters")


@pytest.mark.slow
def test_the_line_is_right_far_down_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    lines = ["x,y"] + ["1.25,2.5"] * 2_000_000
    lines[1_777_776] = "1.25,oops"
    path.write_text("\n".join(lines))
    assert complaint(path).startswith(", line 1777777: column 'y' holds text, 'oops'")


def test_missing_file_names_near_ones(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    assert complaint(tmp_path / "date.csv") == f": there is no such file; did you mean {tmp_path / 'data.csv'}?"
    assert complaint(tmp_path / "nowhere" / "x.csv") == f": there is no such file, nor a folder {tmp_path / 'nowhere'}"


def test_standard_input_without_a_pipe() -> None:
    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    assert "nothing is piped" in complaint("-", stdin=Terminal())
    assert complaint("-", stdin=io.BytesIO()).startswith(": is empty")


@pytest.mark.parametrize("packed", [False, True])
def test_piped_and_packed_data_is_bounded(packed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    content = b"1,2\n" * 1000
    if packed:
        path = tmp_path / "data.gz"
        path.write_bytes(gzip.compress(content))
        said = complaint(path, max_bytes=1000)
    else:
        said = complaint("-", stdin=io.BytesIO(content), max_bytes=1000)
    assert said == ": comes to more than 1,000 bytes; --max-bytes raises the bound"
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((1000, 2)), y=np.zeros(1000))
    assert "more than 1,000 bytes" in complaint(tmp_path / "a.npz", max_bytes=1000)


def test_folders(tmp_path: Path) -> None:
    assert complaint(tmp_path).startswith(": is a folder with no files")
    (tmp_path / "notes.md").write_text("hello")
    assert complaint(tmp_path).startswith(": is a folder with only notes.md")
    (tmp_path / "1.csv").write_text("x,y\n1,2\n")
    (tmp_path / "2.csv").write_text("x,z\n1,2\n")
    with pytest.raises(DataFileError, match=r"2\.csv: has a column 'z' where x, y were expected, as in 1\.csv"):
        open_dataset(str(tmp_path), ANY)
    (tmp_path / "2.csv").write_text("y,x\n1,2\n")
    with pytest.raises(DataFileError, match=r"2\.csv: has its columns in another order"):
        open_dataset(str(tmp_path), ANY)
    (tmp_path / "2.csv").write_text("x,y,z\n1,2,3\n")
    with pytest.raises(DataFileError, match=r"2\.csv: has 3 columns where 2 were expected"):
        open_dataset(str(tmp_path), ANY)
    (tmp_path / "2.csv").write_bytes(b"x,y\n1,no\n")
    with pytest.raises(DataFileError, match=r"2\.csv, line 2: column 'y' holds text, 'no'"):
        read(str(tmp_path))
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert complaint(tmp_path).startswith(": is a SavedModel, a model and no data")


def test_an_unzipped_keras_model_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.weights.h5").write_bytes(b"")
    assert "unzipped Keras model" in complaint(tmp_path)


def test_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([{}, []], dtype=object), allow_pickle=True)
    assert "holds Python objects, which run code" in complaint(path)
    np.save(path, np.zeros((0, 3)))
    assert complaint(path).startswith(": holds no rows of data")
    np.save(path, np.float64(3))
    assert complaint(path).startswith(": holds no rows of data")
    np.save(path, np.array([["a", "b"]]))
    assert "column 'column 1' holds text" in complaint(path)
    np.save(path, np.zeros((3, 2), complex))
    assert "column 'column 1' holds text" in complaint(path)
    np.save(path, np.zeros((100, 3)))
    path.write_bytes(path.read_bytes()[:-8])
    assert "ends before its last row" in complaint(path)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (1, 10**9)})
    assert "rows of numbers were expected" in complaint(path)


def test_archives(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, p=np.zeros((3, 2)), q=np.zeros((3, 2)), r=np.zeros(3))
    assert complaint(path).startswith(
        ": cannot tell the features from the targets among its arrays (p (3, 2), q (3, 2), r (3,))"
    )
    np.savez(path, x=np.zeros((3, 2)), y=np.zeros(4))
    assert complaint(path).startswith(": x has 3 rows and y has 4")
    np.savez(path, x=np.zeros((3, 2)), y=np.array(["a", "b", "c"]))
    assert "column 'y' holds text" in complaint(path)
    np.savez(path, x=np.zeros((3, 2)), y=np.array([None] * 3, dtype=object))
    assert "the array 'y' holds Python objects" in complaint(path)
    np.savez(path, x=np.zeros((3, 2)), y=np.zeros(3))
    assert "2 columns" not in complaint(path, Wanted(4, (1,)))


def test_arrow_files(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": ["a"], "y": [1.0]}), path)
    assert complaint(path).startswith(", row 1: column 'x' holds text, 'a'")
    pq.write_table(pa.table({"x": [None, datetime(2020, 1, 31, tzinfo=UTC)], "y": [1.0, 2.0]}), path)
    assert complaint(path).startswith(", row 2: column 'x' holds a date or time, '2020-01-31 00:00:00+00:00'")
    pq.write_table(pa.table({"x": pa.array(["a", "b"]).dictionary_encode(), "y": [1.0, 2.0]}), path)
    assert complaint(path).startswith(", row 1: column 'x' holds text, 'a'")
    pq.write_table(pa.table({"x": pa.array([], pa.float64()), "y": pa.array([], pa.float64())}), path)
    assert complaint(path) == ": holds no rows of data"
    feather.write_feather(pa.table({"x": pa.array([], pa.float64()), "y": pa.array([], pa.float64())}), str(path))
    assert complaint(path) == ": holds no rows of data"


def good_files() -> dict[str, bytes]:
    table = pa.table({"a": [0.5, 1.5, 2.5], "y": [1, 2, 3]})
    files = {
        "csv": b'a,b,y\n1,2.5,3\n4,5,6\n7,"8",NA\n',
        "semicolon": b"a;b\n1,5;2\n",
        "spaces": b"1 2 3\n4 5 6\n",
    }
    sink = io.BytesIO()
    pq.write_table(table, sink)
    files["parquet"] = sink.getvalue()
    sink = io.BytesIO()
    feather.write_feather(table, sink)
    files["arrow"] = sink.getvalue()
    sink = io.BytesIO()
    np.save(sink, np.eye(3))
    files["npy"] = sink.getvalue()
    sink = io.BytesIO()
    np.savez_compressed(sink, x=np.asfortranarray(np.eye(3)), y=np.ones(3))
    files["npz"] = sink.getvalue()
    for name, pack in (("bzip2", zipfile.ZIP_BZIP2), ("LZMA", zipfile.ZIP_LZMA)):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w", pack) as archive:
            archive.writestr("x.npy", files["npy"])
        files[f"npz, {name}"] = sink.getvalue()
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 1, 1, None]), pa.array([1.5, 2.5]))
    sink = io.BytesIO()
    feather.write_feather(pa.table({"a": coded, "b": [1.0, 2.0, 3.0, 4.0]}), sink, compression="zstd")
    files["arrow, dictionary"] = sink.getvalue()
    return files | {f"{name}, gzip": gzip.compress(content) for name, content in files.items()}


GOOD = good_files()
fuzzing = settings(
    deadline=None,
    max_examples=examples(150),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def read_or_refuse(content: bytes) -> None:
    said = []
    try:
        read_all(content)
    except DataFileError as error:
        said.append(str(error))
    assert all(map(str.isprintable, said))


def read_all(content: bytes) -> None:
    dataset = open_dataset("-", ANY, stdin=io.BytesIO(content), max_bytes=1 << 24)
    for batch in dataset.batches(7):
        assert len(batch.features) == len(batch.targets) <= 7


@fuzzing
@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refuse(content)


@fuzzing
@given(st.text(alphabet="0123456789.,;\t |\"'#-+eENaN\r\n\ufeff?é", max_size=120))
def test_random_text_is_read_or_refused(text: str) -> None:
    read_or_refuse(text.encode())


@pytest.mark.parametrize("kind", GOOD)
@fuzzing
@given(data=st.data())
def test_damaged_files_are_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(GOOD[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(
        bytes(content[: data.draw(st.integers(0, len(content)))]) if data.draw(st.booleans()) else bytes(content)
    )


@pytest.mark.parametrize(("write", "what"), [(pq.write_table, "Parquet"), (feather.write_feather, "Arrow (Feather)")])
def test_without_pyarrow_its_files_name_the_extra(
    write: Callable[[pa.Table, str], None], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows"
    write(pa.table({"x": [1.0, 2.0], "y": [3.0, 4.0]}), str(path))
    read(str(path))
    monkeypatch.setattr(arrow_files, "is_installed", lambda: False)
    told = f': {what} is read with pyarrow, which is not installed: pip install "mlpdoctor[tables]", or give CSV'
    assert complaint(path) == told


def test_a_large_csv_is_read_without_pyarrow_and_says_what_would_be_quicker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(6000, 3))
    path = tmp_path / "rows.csv"
    rows = ["a,b,y", *(",".join(map(repr, row)) for row in table.tolist())]
    rows[4000] = '"1.5", ,-'  # one that NumPy does not read
    path.write_text("\n".join([*rows, ""]), encoding="utf-8")
    table[3999] = (1.5, np.nan, np.nan)
    monkeypatch.setattr(arrow_files, "is_installed", lambda: False)
    monkeypatch.setattr(delimited, "LONG", 0.0)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr(delimited, "NUMPY_PIECE", 1 << 14)
    said: list[str] = []
    found = []
    with listening(said.append):
        for batch in open_dataset(str(path), ANY).batches(1000):
            found.append(np.hstack([batch.features, batch.targets]))
            time.sleep(0.01)
    np.testing.assert_array_equal(np.vstack(found), table)
    hint = f'still reading {path}; with pyarrow it takes a third of the time: pip install "mlpdoctor[tables]"'
    assert said == [hint]
    path.write_text("\n".join([*rows[:5000], "1,2", *rows[5000:], ""]), encoding="utf-8")
    assert complaint(path).startswith(", line 5001: has 2 cells where 3 were expected")
