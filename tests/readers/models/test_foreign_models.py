"""What is no Keras model is called by its name, with what to do about it."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.readers.models import foreign
from mlpdoctor.readers.models.model import read_network

MOST_WORDS = 60
GOOD = Path(__file__).parent / "good"
OLD_PICKLE = b"ccopy_reg\n_reconstructor\np0\n(csklearn.linear_model\nLinear\n"


def message(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        read_network(str(path))
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: this is ")
    assert text.count("this is ") == 1
    return text.removeprefix(f"{path}: this is ")


def array() -> bytes:
    content = io.BytesIO()
    np.save(content, np.zeros(3))
    return content.getvalue()


def tar() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.add(GOOD / "good.keras", "good.keras")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "way_out"),
    [
        *((pickle.dumps({"a": 1}, protocol), "a Python pickle", "trust") for protocol in (2, 3, 4, 5)),
        (pickle.dumps([1, 2], 0), "a Python pickle", "trust"),
        (OLD_PICKLE, "a Python pickle", "trust"),
        (zlib.compress(pickle.dumps(1)), "packed with zlib, perhaps a pickle of joblib", "trust"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", "a PyTorch file", "torch.onnx.export"),
        (b"\x08\x01\x12\xd9\xaa\x01\n\xd6\x0e\x12", "the graph of a SavedModel", "tf_keras.models.load_model"),
        (b'\n\xa0\x01\x12\x04root"\x11_tf_keras_network', "the notes of a SavedModel", "tf_keras.models.load_model"),
        (b"\n\x2e\n\x01x\x12\x0bPlaceholder*\x0b", "a frozen graph", "Keras model that it was made from"),
        (b"\x1c\x00\x00\x00TFL3\x14\x00", "a TensorFlow Lite model", "Keras model that it was made from"),
        (b'\x40\x00\x00\x00\x00\x00\x00\x00{"a":{"dtype":"F32"}}', "a safetensors file", "--layers relu,linear"),
        (b'model_checkpoint_path: "x-1"\n', "a TensorFlow checkpoint", "load_weights"),
        (array(), "a NumPy array", "MODEL, then DATA"),
        (b"PAR1\x15\x04", "a Parquet file", "MODEL, then DATA"),
        (b"ARROW1\x00\x00", "a Feather file", "MODEL, then DATA"),
        (gzip.compress(b"x"), "packed with gzip", "unpack it"),
        (bz2.compress(b"x"), "packed with bzip2", "unpack it"),
        (lzma.compress(b"x"), "packed with xz", "unpack it"),
        (tar(), "a tar archive", "unpack it"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer", "git lfs pull"),
        (b"\n<!DOCTYPE html>\n<html>", "a web page", "download"),
        (json.dumps({"format": "layers-model", "modelTopology": {}}).encode(), "a TensorFlow.js model", "made from"),
        (json.dumps({"cells": [], "metadata": {}}).encode(), "a notebook", "run it"),
        (b"backend: tensorflow\nclass_name: Sequential\nconfig:\n- x\n", "the architecture alone", "weights"),
        (b'{"a": 1}', "JSON", "model.save"),
        (b"import keras\nclass_names = 1\n", "neither a .keras archive nor an HDF5 file", "model.save"),
    ],
)
def test_files(content: bytes, kind: str, way_out: str, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    text = message(path)
    assert text.startswith(kind)
    assert way_out in text


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("archive/data.pkl", "a PyTorch file"),
        ("model/saved_model.pb", "a zipped SavedModel"),
        ("model/config.json", "a zip of a folder with a model"),
        ("model/best.keras", "a zip of a model"),
        ("word/[Content_Types].xml", "a zip without config.json"),
        ("[Content_Types].xml", "an Office document"),
    ],
)
def test_zip_files(member: str, kind: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr(member, "x")
    assert message(tmp_path / "model.pt").startswith(kind)


def test_folders(tmp_path: Path) -> None:
    assert "expected one file" in message(tmp_path)
    (tmp_path / "config.json").touch()
    (tmp_path / "model.weights.h5").touch()
    assert message(tmp_path).startswith("an unpacked .keras archive; zip")
    (tmp_path / "saved_model.pb").touch()
    assert message(tmp_path).startswith("a SavedModel folder for serving")
    (tmp_path / "saved_model.pb").write_bytes(b"0" * ((1 << 20) - 4) + b"_tf_keras_network")
    assert message(tmp_path).startswith("a SavedModel folder; load its folder with tf_keras")
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01\x12")
    (tmp_path / "keras_metadata.pb").touch()
    assert message(tmp_path).startswith("a SavedModel folder; load its folder with tf_keras")
    assert message(tmp_path / "saved_model.pb").startswith("a SavedModel folder; load its folder with tf_keras")


@pytest.mark.parametrize("name", ["x-1.data-00000-of-00001", "x-1.index"])
def test_checkpoints_are_told_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(np.ones(5).tobytes())
    for path in (tmp_path / name, tmp_path):
        text = message(path)
        assert "a TensorFlow checkpoint" in text
        assert "tf.train.Checkpoint(model=model).restore('PREFIX')" in text


def weights_of_keras_2(file: h5py.File) -> None:
    file.attrs["layer_names"] = [b"dense"]
    file.attrs["keras_version"] = b"2.4.0"
    file.create_group("dense").attrs["weight_names"] = [b"dense/kernel:0"]
    file["dense/dense/kernel:0"] = np.zeros((2, 1))


def weights_of_keras_3(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = np.zeros((2, 1))


def weights_on_windows(file: h5py.File) -> None:
    file["layers\\dense/vars/0"] = np.zeros((2, 1))


def weights_of_keras_2_14(file: h5py.File) -> None:
    file["_layer_checkpoint_dependencies/dense/vars/0"] = np.zeros((2, 1))


@pytest.mark.parametrize("write", [weights_of_keras_2, weights_of_keras_3, weights_on_windows, weights_of_keras_2_14])
def test_weights_alone(write: Callable[[h5py.File], None], tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write(file)
    text = message(tmp_path / "w.h5")
    assert text.startswith("a file of weights alone")
    assert "--architecture model.json" in text


TYPED = re.compile(
    r"\w+\.\w+\(|--\w+|mlpdoctor check|git lfs pull|zip -r|(gunzip|bunzip2|unxz|7z x|unrar x|tar -xf|unzip) FILE"
)
NOTHING_TO_TYPE = "a web page"


def every_text() -> list[str]:
    folders = [foreign.described_hdf5(groups, attributes) for groups, attributes in (((), ()), (("layers",), ()))]
    zips = [foreign.described_zip(names) for names in ((), ("a.npy",), ("a.txt",))]
    return [*(text for _, text in (*foreign.OPENINGS, *foreign.MEMBERS)), *folders, *zips]


@pytest.mark.parametrize("text", every_text(), ids=lambda text: text[:30])
def test_each_is_short_and_says_what_to_type(text: str) -> None:
    assert len(f"mlpdoctor: model.keras: this is {text}".split()) <= MOST_WORDS
    assert TYPED.search(text) or text.startswith(NOTHING_TO_TYPE)


def test_other_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["measurements"] = np.zeros(3)
    assert message(tmp_path / "other.h5").startswith("an HDF5 file that holds no Keras model")


@pytest.mark.parametrize("name", ["good.keras", "good.h5"])
def test_a_model_is_read_under_any_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes((GOOD / name).read_bytes())
    assert read_network(str(path)).outputs
