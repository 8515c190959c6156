"""The two tables in ``docs files``: each row is held to by a file of that kind, made by the library it comes from.

``models/make_foreign.py`` says what made the files in ``models/foreign``. The series makes them again with what is
installed.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import manual
import numpy as np
import pytest
from paths import FIXTURES
from shell import Done, run

from mlpdoctor.cli.manual import PAGES

FOLDER = Path(__file__).parent / "models" / "foreign"
GOOD = Path(__file__).parent / "models" / "good"
WHOLE = FOLDER / "whole.keras"
MOST_WORDS = 60
JSON = ("--format", "json")
CODE = re.compile(r"`([^`]+)`")

Given = Callable[[Path], Done]


def rows() -> dict[str, str]:
    """Both tables: what is given, and what is said of it."""
    text = manual.read(PAGES / "files.md")
    found: dict[str, str] = {}
    for table in re.findall(r"^\| given as .*\n\|---.*\n((?:\|.*\n)+)", text, re.MULTILINE):
        above = ""
        for given, said in re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE):
            found[given] = above = above if said == "the same" else said
    return found


def model(name: str, folder: Path = FOLDER, size: int | None = None) -> Given:
    """A stored file as MODEL, or the first bytes of it."""

    def give(place: Path) -> Done:
        (place / name).write_bytes((folder / name).read_bytes()[:size])
        return run(place, "check", name)

    return give


def text(name: str, content: str) -> Given:
    def give(place: Path) -> Done:
        (place / name).write_text(content, encoding="utf-8")
        return run(place, "check", name)

    return give


def saved_model(graph: bytes) -> Given:
    def give(place: Path) -> Done:
        (place / "saved").mkdir()
        (place / "saved" / "saved_model.pb").write_bytes(graph)
        return run(place, "check", "saved")

    return give


def table(place: Path, columns: str, *rows: str) -> Path:
    """A table of 40 rows, which repeat the given ones below numbers of their own."""
    lines = [f"{n / 7 % 1:.3f},{n / 3 % 1:.3f},{rows[n % len(rows)]}" for n in range(40)]
    (place / "data.csv").write_text("\n".join([columns, *lines]) + "\n")
    return place / "data.csv"


def data(columns: str, *rows: str, options: tuple[str, ...] = (), network: Path = WHOLE) -> Given:
    """Such a table as DATA."""
    return lambda place: run(place, "check", network, table(place, columns, *rows).name, *options)


LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a21' * 10}beef\nsize 12345\n"
REFUSED: dict[str, tuple[Given, str]] = {
    "Git LFS pointer": (text("model.keras", LFS), "a Git LFS pointer"),
    "HTML page": (text("model.keras", "<!DOCTYPE html><html>Log in</html>"), "download the file again"),
    "`.keras` cut short": (model("whole.keras", size=9000), "cut short or damaged"),
    "`.h5` cut short": (model("good.h5", GOOD, 9000), "cut short or damaged"),
    "`.onnx` cut short": (model("linear.onnx", size=300), "damaged or cut short"),
    "PyTorch `.pt`, zip": (model("state.pt"), "a PyTorch file"),
    "PyTorch `.pth`, old pickle": (model("old.pth"), "a PyTorch file"),
    "safetensors": (model("linear.safetensors"), "a safetensors file"),
    "`.npz` of weights": (
        lambda place: run(place, "check", npz(place, W1=np.ones((2, 3)), b1=np.ones(3))), "a NumPy .npz file"),
    "joblib": (model("model.joblib"), "perhaps a pickle of joblib"),
    "pickle": (model("model.pkl"), "a Python pickle"),
    "TensorFlow Lite": (model("model.tflite"), "the Keras model that it was made from"),
    "SavedModel folder": (
        saved_model(b'\x08\x01\x12\xd9\xaa\x01\x04root"\x13_tf_keras_sequential'), "a SavedModel folder; load"),
    "SavedModel folder of `model.export`": (saved_model(b"\x08\x01\x12\xd9"), "the one that it was made from"),
    "TensorFlow checkpoint": (model("x-1.index"), "a TensorFlow checkpoint, which holds weights alone"),
    "weights alone": (model("only.weights.h5"), "a file of weights alone"),
    "table with columns of text, dates or ids": (
        data("a,b,date,price", "2024-01-05,3", "2024-02-06,4", options=("--target", "price")), "date (a date)"),
    "target of dates": (
        data("a,b,date", "2024-01-05", "2024-02-06", options=("--target", "date")), "the target 'date' holds dates"),
}  # fmt: skip
"""Given, and what is said beside what the table tells to type."""


def npz(folder: Path, /, **arrays: object) -> str:
    np.savez(folder / "data.npz", allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    return "data.npz"


@pytest.mark.parametrize("given", REFUSED)
def test_a_true_sentence_with_the_way_over(given: str, tmp_path: Path) -> None:
    give, what = REFUSED[given]
    line = give(tmp_path).line
    assert what in line
    assert len(line.split()) <= MOST_WORDS
    for typed in CODE.findall(rows()[given]) if given not in ENCODED else ():
        assert typed.removesuffix(" model.json") in line.replace("'FOLDER'", ""), typed


ENCODED = {"table with columns of text, dates or ids"}
"""Its row tells of two lines, of which one message has one."""


def keras_files(place: Path) -> Done:
    for name in ("m.keras", "m.h5", "m.hdf5"):
        shutil.copy(GOOD / ("good.keras" if name == "m.keras" else "good.h5"), place / name)
    return run(place, "check", "m.keras", "m.h5", "m.hdf5", "--fail-on", "never")


def folder_of_models(place: Path) -> Done:
    (place / "models").mkdir()
    for name in ("whole.keras", "linear.onnx", "only.weights.h5"):
        shutil.copy(FOLDER / name, place / "models")
    return run(place, "check", "models", "--fail-on", "never")


def to_json(place: Path) -> Done:
    return run(place, "check", FOLDER / "model.json")


def named_arrays(place: Path) -> Done:
    x = np.random.default_rng(0).normal(size=(30, 5))
    name = npz(place, time=x[:, :1], place=x[:, 1:3], y=x[:, 4:])
    return run(place, "check", FIXTURES / "healthy-two-inputs" / "model.keras", name, *JSON)


def halves(place: Path) -> Done:
    x = np.random.default_rng(0).normal(size=(40, 2))
    name = npz(place, X_train=x[:30], y_train=x[:30, 0], X_test=x[30:], y_test=x[30:, 0])
    return run(place, "check", WHOLE, name, *JSON)


def pair(place: Path) -> Done:
    x = np.random.default_rng(0).normal(size=(40, 2))
    np.save(place / "x.npy", x)
    np.save(place / "y.npy", x[:, 0])
    return run(place, "check", WHOLE, "x.npy", "y.npy", *JSON)


def folder_of_arrays(place: Path) -> Done:
    (place / "folder").mkdir()
    pair(place / "folder")
    return run(place, "check", WHOLE, "folder", *JSON)


CLASSES = ("sparse_categorical_crossentropy:from_logits=false",)
DONE: dict[str, tuple[Given, str]] = {
    "`.keras`, `.h5`, `.hdf5`": (keras_files, "3 models"),
    "`.onnx` of a perceptron": (model("linear.onnx"), "A101 missing-nonlinearity"),
    "folder of models": (folder_of_models, "2 models"),
    "`model.to_json()` in a file": (to_json, "2 Dense layers, no weights"),
    "target of two texts": (data("a,b,owner", "no", "yes"), "owner: no = 0, yes = 1, in the order of the alphabet"),
    "target of several texts": (
        data("a,b,c,d,city", "1,2,Oslo", "3,1,Rome", "2,5,Paris", options=("--loss", *CLASSES),
             network=FOLDER / "classifier.onnx"),
        "city: Oslo = 0, Paris = 1, Rome = 2, in the order of the alphabet"),
    "`.npz` whose arrays are called like the model's inputs": (named_arrays, "the arrays place, time"),
    "folder of such `.npy` files": (folder_of_arrays, "folder of NumPy arrays"),
    "`x.npy y.npy`": (pair, "two NumPy arrays"),
    "`.npz` with `X_train, y_train, X_test, y_test`": (halves, "not read: X_test, y_test"),
}  # fmt: skip
"""Given, and what the report has of it."""


@pytest.mark.parametrize("given", DONE)
def test_it_is_read(given: str, tmp_path: Path) -> None:
    give, what = DONE[given]
    done = give(tmp_path)
    assert done.status in {0, 1}, done.err
    assert what in " ".join(done.out.split())


def test_every_row_has_its_file_and_every_file_its_row() -> None:
    assert set(rows()) == set(REFUSED) | set(DONE)
    assert not set(REFUSED) & set(DONE)
