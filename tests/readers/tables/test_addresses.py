"""Data at an address: the very report of the file, through fsspec where it is there, and one clear line where not."""

import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from shell import patient, run

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError, ModelFileError
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.shared_data import Sharing
from mlpdoctor.diagnosis.subject import opened
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.readers.tables import places
from mlpdoctor.readers.tables.data import open_dataset

fsspec = pytest.importorskip("fsspec")
ROWS = np.arange(40.0).reshape(10, 4)
WANTED = Wanted(features=3)


@pytest.fixture
def memory() -> Any:  # noqa: ANN401  a file system of fsspec
    system = fsspec.filesystem("memory")
    system.store.clear()
    return system


def rows_of(path: str) -> Any:  # noqa: ANN401
    return np.concatenate(
        [np.concatenate([b.features, b.targets], axis=1) for b in open_dataset(path, WANTED).batches(3)]
    )


def written(folder: Path, name: str) -> bytes:
    """The rows in the format that the suffix names."""
    file = folder / name
    if name.endswith(".npz"):
        np.savez(file, x=ROWS[:, :3], y=ROWS[:, 3])
    elif name.endswith(".npy"):
        np.save(file, ROWS)
    elif name.endswith(".parquet"):
        arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(arrow.table({name: ROWS[:, k] for k, name in enumerate("abcy")}), file)
    else:
        np.savetxt(file, ROWS, delimiter=",", header="a,b,c,y", comments="")
    return file.read_bytes()


@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz", "d.npz", "d.npy", "d.parquet"])
def test_every_kind_of_file_is_read_at_an_address(tmp_path: Path, memory: Any, name: str) -> None:  # noqa: ANN401
    memory.pipe(f"/bucket/{name}", written(tmp_path, name))
    assert np.array_equal(rows_of(f"memory://bucket/{name}"), ROWS)
    assert np.array_equal(rows_of(f"file://{tmp_path / name}"), ROWS)


def test_a_folder_at_an_address_is_one_table(tmp_path: Path, memory: Any) -> None:  # noqa: ANN401
    for name in ("b.csv", "a.csv", "notes.md", "_SUCCESS", ".hidden.csv"):
        memory.pipe(f"/bucket/parts/{name}", written(tmp_path, name))
    dataset = open_dataset("memory://bucket/parts", WANTED)
    assert np.array_equal(rows_of("memory://bucket/parts"), np.concatenate([ROWS, ROWS]))
    assert "not read: notes.md" in dataset.guesses


def test_two_arrays_at_addresses_are_one_table(memory: Any, tmp_path: Path) -> None:  # noqa: ANN401
    for name, part in (("x", ROWS[:, :3]), ("y", ROWS[:, 3])):
        np.save(tmp_path / name, part)
        memory.pipe(f"/b/{name}.npy", (tmp_path / f"{name}.npy").read_bytes())
    assert np.array_equal(rows_of("memory://b/x.npy,memory://b/y.npy"), ROWS)


def test_the_report_is_that_of_the_file(tmp_path: Path) -> None:
    patient(tmp_path)
    told = []
    for data in ("data.csv", f"file://{tmp_path}/data.csv"):
        whole = json.loads(run(tmp_path, "check", "model.keras", data, "--format", "json").out)
        assert whole["data"].pop("path").endswith("data.csv")
        del whole["timing"]
        told.append(json.dumps(whole).replace(data, "DATA"))
    assert told[0] == told[1]


def test_a_file_that_changes_is_noticed(memory: Any, tmp_path: Path) -> None:  # noqa: ANN401
    memory.pipe("/b/d.csv", written(tmp_path, "d.csv"))
    dataset = open_dataset("memory://b/d.csv", WANTED)
    next(iter(dataset.batches(100)))
    memory.pipe("/b/d.csv", written(tmp_path, "d.csv") + b"1,2,3,4\n")
    with pytest.raises(DataFileError, match=r"d.csv: was changed while it was read"):
        list(dataset.batches(100))


def test_models_share_data_at_an_address(tmp_path: Path, memory: Any) -> None:  # noqa: ANN401
    patient(tmp_path)
    memory.pipe("/b/d.csv", (tmp_path / "data.csv").read_bytes())
    question = Question(str(tmp_path / "model.keras"), "memory://b/d.csv")
    sharing = Sharing([question, question])
    first = sharing.of(question, opened(question).dataset)
    assert first is not None
    assert sharing.of(question, opened(question).dataset) is first
    memory.pipe("/b/d.csv", (tmp_path / "data.csv").read_bytes() + b"1,1\n")
    assert sharing.of(question, opened(question).dataset) is not first


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("memory://b/none.csv", "memory://b/none.csv: there is no such file"),
        ("warehouse://b/d.csv", "warehouse://b/d.csv: fsspec knows no address that begins with warehouse://"),
        ("https://me:secret@host/d.csv", "https://: the address holds a password"),
    ],
)
def test_what_cannot_be_read_is_one_line(path: str, told: str) -> None:
    with pytest.raises(DataFileError) as complaint:
        open_dataset(path, WANTED)
    assert str(complaint.value).startswith(told)
    assert "secret" not in str(complaint.value)
    assert "\n" not in str(complaint.value)


@pytest.mark.parametrize(
    ("path", "package"), [("s3://b/d.csv", "s3fs"), ("gs://b/d.csv", "gcsfs"), ("ftp://b/d", "fsspec")]
)
def test_without_fsspec_one_line_says_what_to_install(path: str, package: str) -> None:
    gone = mock.patch.dict(sys.modules, {"fsspec": None, "fsspec.core": None})
    with gone, pytest.raises(DataFileError) as complaint:
        open_dataset(path, WANTED)
    assert str(complaint.value) == (
        f"{path}: an address is read with fsspec, which is not installed: pip install {package}, or give a file of "
        "this machine"
    )


def test_what_reads_an_address_may_be_missing() -> None:
    failing = mock.patch("fsspec.core.url_to_fs", side_effect=ImportError("Install s3fs to access S3"))
    with failing, pytest.raises(DataFileError, match=r"^s3://b/d.csv: Install s3fs to access S3: pip install s3fs$"):
        open_dataset("s3://b/d.csv", WANTED)


def test_a_library_that_fails_is_one_line(memory: Any) -> None:  # noqa: ANN401
    failing = mock.patch.object(type(memory), "info", side_effect=RuntimeError("no credentials\nat all"))
    with failing, pytest.raises(DataFileError, match=r"^memory://b/d.csv: cannot be read as data: no credentials$"):
        open_dataset("memory://b/d.csv", WANTED)


def test_a_model_is_never_read_at_an_address() -> None:
    """No model file names a place that is opened, and none is opened from elsewhere."""
    told = "a model is read from a file of this machine"
    with mock.patch.object(places, "_system") as asked, pytest.raises(ModelFileError, match=told):
        read_network("memory://b/model.keras")
    assert not asked.called


def test_paths_of_this_machine_load_no_fsspec(tmp_path: Path) -> None:
    written(tmp_path, "d.csv")
    with mock.patch.object(places, "_system") as asked:
        rows_of(str(tmp_path / "d.csv"))
        rows_of(str(tmp_path))
    assert not asked.called


def test_a_configuration_names_no_address(tmp_path: Path) -> None:
    patient(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.mlpdoctor]\ndata = "https://elsewhere/d.csv"\n')
    done = run(tmp_path, "check", "model.keras")
    assert done.status == 2
    assert "https://elsewhere/d.csv is an address, which is read only where the command line gives it" in done.err
