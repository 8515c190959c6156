"""A small file cannot ask for much memory: what it declares is held against what it stores."""

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np
import pytest

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.readers.models.keras_contents import CONFIG_LIMIT, NESTED_LIMIT
from mlpdoctor.readers.models.keras_hdf5 import EXPANSION_FLOOR, Budget, longer_than_the_file
from mlpdoctor.readers.models.model import read_network

GOOD = Path(__file__).parent / "good"
MEMORY = 80 << 20


def refused(path: Path) -> str:
    """What is said of a file, which must cost little."""
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError) as caught:
            read_network(str(path))
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text


def archive(path: Path, units: int, write: Callable[[Any], None], pack: int = zipfile.ZIP_STORED) -> Path:
    """A model of one Dense layer on two features, with weights as somebody writes them."""
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 2], "name": "in"}},
        {"class_name": "Dense", "config": {"units": units, "activation": "linear", "name": "dense", "trainable": True}},
    ]
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        write(file)
    with zipfile.ZipFile(path, "w", pack) as members:
        members.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
        members.writestr("metadata.json", '{"keras_version": "3.5.0"}')
        members.writestr("model.weights.h5", content.getvalue())
    return path


def arrays(units: int, **options: Any) -> Callable[[Any], None]:  # noqa: ANN401
    def write(file: Any) -> None:  # noqa: ANN401
        file.create_dataset("layers/dense/vars/0", shape=(2, units), dtype="f4", **options)
        file.create_dataset("layers/dense/vars/1", data=np.zeros(units if units < 1000 else 1, "f4"))

    return write


@pytest.mark.parametrize("units", [10**9, 5 * 10**7])
@pytest.mark.parametrize("options", [{}, {"chunks": True, "compression": "gzip"}], ids=["plain", "in chunks"])
def test_arrays_that_are_declared_and_not_stored(units: int, options: dict[str, Any], tmp_path: Path) -> None:
    path = archive(tmp_path / "declared.keras", units, arrays(units, **options))
    assert path.stat().st_size < 10_000
    assert "do not trust this file" in refused(path)


def test_an_array_that_was_never_written_is_not_taken_for_zeros(tmp_path: Path) -> None:
    assert "announced and never written" in refused(archive(tmp_path / "hollow.keras", 3, arrays(3)))


@pytest.mark.parametrize("pack", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_arrays_that_were_written_are_read_however_they_are_packed(pack: int, tmp_path: Path) -> None:
    def write(file: Any) -> None:  # noqa: ANN401
        file.create_dataset("layers/dense/vars/0", data=np.zeros((2, 100_000), "f4"), compression="gzip")
        file["layers/dense/vars/1"] = np.ones(100_000, "f4")

    path = archive(tmp_path / "zeros.keras", 100_000, write, pack)
    assert read_network(str(path)).nodes[1].layer.weights["bias"].sum() == 100_000


def test_a_chunk_that_is_larger_than_its_array(tmp_path: Path) -> None:
    def write(file: Any) -> None:  # noqa: ANN401
        options = {"chunks": (2, 1 << 22), "maxshape": (2, None), "compression": "gzip"}
        file.create_dataset("layers/dense/vars/0", data=np.ones((2, 1), "f4"), **options)
        file["layers/dense/vars/1"] = np.ones(1, "f4")

    path = archive(tmp_path / "chunk.keras", 1, write)
    assert path.stat().st_size < 100_000
    assert "do not trust this file" in refused(path)


def test_many_small_arrays_are_counted_together() -> None:
    budget = Budget(1 << 40, 1000)
    budget.take(EXPANSION_FLOOR // 2, "one")
    budget.take(EXPANSION_FLOOR // 2, "another")
    with pytest.raises(ModelFileError, match="a third brings a file of 1,000 bytes"):
        budget.take(1, "a third")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'["' + b"x" * CONFIG_LIMIT + b'"]', f"has {CONFIG_LIMIT + 4:,} bytes where"),
        (b"[" + b"{}," * NESTED_LIMIT + b"{}]", f"holds {NESTED_LIMIT + 2:,} objects and lists where"),
        (b"[" + b"[]," * NESTED_LIMIT + b"[]]", f"holds {NESTED_LIMIT + 2:,} objects and lists where"),
    ],
    ids=["long", "objects", "lists"],
)
def test_a_configuration_without_end(content: bytes, said: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "long.keras", "w") as members:
        members.writestr("config.json", content)
        members.writestr("model.weights.h5", b"")
    assert said in refused(tmp_path / "long.keras")
    with h5py.File(tmp_path / "long.h5", "w") as file:
        file.attrs["model_config"] = content.decode()
    assert f"model_config {said}" in refused(tmp_path / "long.h5")


def test_names_that_are_all_the_same_long_text(tmp_path: Path) -> None:
    """A list of texts of any length holds references; each may be to the same megabyte."""
    path = tmp_path / "names.h5"
    long, many = "x" * (1 << 20), 2000
    with h5py.File(GOOD / "good.h5") as good, h5py.File(path, "w") as file:
        for name, value in good.attrs.items():
            file.attrs[name] = value
        group = file.create_group("model_weights/inner")
        group.attrs.create("weight_names", [long, *["y"] * (many - 1)], dtype=h5py.string_dtype())
    content = path.read_bytes()
    heap = content.rindex(b"GCOL", 0, content.index(b"x" * 100))
    first = content.index(struct.pack("<IQ", len(long), heap))
    path.write_bytes(content[:first] + content[first : first + 16] * many + content[first + 16 * many :])
    assert "the attribute 'weight_names' is larger" in refused(path)


@pytest.mark.parametrize("version", ["earliest", "latest"])
@pytest.mark.parametrize("name", ["model_config", "keras_version", "training_config"])
def test_a_text_that_says_it_is_longer_than_its_file(name: str, version: str, tmp_path: Path) -> None:
    """HDF5 clears the memory for it first; it is not counted by Python."""
    path = tmp_path / "long.h5"
    with h5py.File(GOOD / "good.h5") as good, h5py.File(path, "w", libver=version) as file:
        for key, value in good.attrs.items():
            file.attrs[key] = value
        good.copy("model_weights", file)
        length = len(good.attrs[name])
    content = bytearray(path.read_bytes())
    assert read_network(str(path)).outputs
    assert not longer_than_the_file(str(path), name)
    place = content.index(struct.pack("<I", length), content.index(name.encode() + b"\0"))
    content[place : place + 4] = struct.pack("<I", 1 << 31)
    path.write_bytes(content)
    assert longer_than_the_file(str(path), name)
    if version == "earliest":  # the latest has checksums, too
        assert f"the text '{name}' is said to be longer than the file" in refused(path)


def test_an_attribute_that_is_a_sequence_and_no_text(tmp_path: Path) -> None:
    """One changed byte makes it one, and h5py then ends the process."""
    path = tmp_path / "sequence.h5"
    content = bytearray((GOOD / "good.h5").read_bytes())
    place = content.index(b"training_config\0") + len(b"training_config\0")
    assert content[place : place + 2] == b"\x19\x01"
    content[place + 1] = 0x1E
    path.write_bytes(content)
    assert "'training_config' holds neither text nor numbers" in refused(path)


def test_a_packed_size_that_is_a_lie(tmp_path: Path) -> None:
    path = tmp_path / "lie.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("config.json", "{}")
        members.writestr("model.weights.h5", bytes(EXPANSION_FLOOR + 1))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 20 : place + 24] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(content)
    assert "unpacks from" in refused(path)


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_are_there_twice(name: str, tmp_path: Path) -> None:
    path = tmp_path / "twice.keras"
    with zipfile.ZipFile(GOOD / "good.keras") as good, zipfile.ZipFile(path, "w") as members:
        for member in (*good.namelist(), name):
            members.writestr(member, good.read(member))
    assert f"more than one member {name}" in refused(path)


def damaged(pack: int, place: int, value: bytes) -> Callable[[Path], None]:
    """Writes an archive whose configuration is packed and then changed at some place."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", pack) as members:
            members.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": [7] * 99}}))
            members.writestr("model.weights.h5", b"")
        content = bytearray(path.read_bytes())
        start = content.index(b"config.json") + len("config.json") + place
        content[start : start + len(value)] = value
        path.write_bytes(content)

    return write


DAMAGE = {
    "LZMA settings": damaged(zipfile.ZIP_LZMA, 4, b"\xff"),
    "LZMA content": damaged(zipfile.ZIP_LZMA, 12, b"\xff" * 20),
    "bzip2 content": damaged(zipfile.ZIP_BZIP2, 12, b"\xff" * 20),
    "deflated content": damaged(zipfile.ZIP_DEFLATED, 2, b"\xff" * 20),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_members_that_do_not_unpack(name: str, tmp_path: Path) -> None:
    path = tmp_path / "packed.keras"
    DAMAGE[name](path)
    assert "the file is damaged" in refused(path)


def test_what_takes_more_memory_than_there_is_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("mlpdoctor.readers.models.model.network_of", too_much)
    path = tmp_path / "large.keras"
    path.write_bytes((GOOD / "good.keras").read_bytes())
    assert "it takes more memory than there is" in refused(path)


def raw_bfloat16(file: Any) -> None:  # noqa: ANN401
    """As Keras 3 writes them: two bytes without a type, and its name beside them."""
    for place, shape in enumerate([(2, 3), (3,)]):
        values = np.full(shape, 1.5, ml_dtypes.bfloat16).view("V2")
        file.create_dataset(f"layers/dense/vars/{place}", data=values).attrs["dtype"] = "bfloat16"


def typed_bfloat16(file: Any) -> None:  # noqa: ANN401
    """As a floating-point type of HDF5 with eight bits of exponent."""
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_ebias(127)
    for place, shape in enumerate([(2, 3), (3,)]):
        space = h5py.h5s.create_simple(shape)
        group = file.require_group("layers/dense/vars")
        h5py.h5d.create(group.id, str(place).encode(), kind, space)
        group[str(place)][...] = np.full(shape, 1.5, np.float32)


@pytest.mark.parametrize("write", [raw_bfloat16, typed_bfloat16])
def test_bfloat16_is_read(write: Callable[[Any], None], tmp_path: Path) -> None:
    layer = read_network(str(archive(tmp_path / "half.keras", 3, write))).nodes[1].layer
    assert {name: (values.shape, set(values.ravel())) for name, values in layer.weights.items()} == {
        "kernel": ((2, 3), {1.5}),
        "bias": ((3,), {1.5}),
    }
