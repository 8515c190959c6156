"""Real files of other libraries: what is said of each, or done with it. The table in ``docs files`` has these rows."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import manual
import pytest
from shell import run

from mlpdoctor.cli.manual import PAGES

FOLDER = Path(__file__).parent / "foreign"
GOOD = Path(__file__).parent / "good"
MOST_WORDS = 60

Put = Callable[[Path], Path]


def copy(name: str, folder: Path = FOLDER) -> Put:
    return lambda place: Path(shutil.copy(folder / name, place / name))


def cut(name: str, size: int, folder: Path = FOLDER) -> Put:
    def put(place: Path) -> Path:
        path = place / name
        path.write_bytes((folder / name).read_bytes()[:size])
        return path

    return put


def text(name: str, content: str) -> Put:
    def put(place: Path) -> Path:
        (place / name).write_text(content, encoding="utf-8")
        return place / name

    return put


def saved_model(place: Path) -> Path:
    (place / "saved").mkdir()
    (place / "saved" / "saved_model.pb").write_bytes(b"\x08\x01\x12\xd9\xaa\x01")
    return place / "saved"


TOLD: dict[str, tuple[Put, str, str]] = {
    "Git LFS pointer": (
        text("model.keras", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
        "Git LFS pointer", "git lfs pull"),
    "HTML page": (text("model.keras", "<!DOCTYPE html><html>Log in</html>"), "a web page", "download the file again"),
    "`.keras` cut short": (cut("whole.keras", 9000), "cut short or damaged", "model.save('model.keras')"),
    "`.h5` cut short": (cut("good.h5", 9000, GOOD), "cut short or damaged", "model.save('model.keras')"),
    "`.onnx` cut short": (cut("linear.onnx", 300), "damaged or cut short", "export or download it again"),
    "PyTorch `.pt`, zip": (copy("state.pt"), "a PyTorch file", "torch.onnx.export(model, x, 'model.onnx'"),
    "PyTorch `.pth`, old pickle": (copy("old.pth"), "a PyTorch file", "torch.onnx.export(model, x, 'model.onnx'"),
    "safetensors": (copy("linear.safetensors"), "a safetensors file", "--layers relu,linear"),
    "joblib": (copy("model.joblib"), "perhaps a pickle of joblib", "mlpdoctor.check(model, x, y)"),
    "pickle": (copy("model.pkl"), "a Python pickle", "mlpdoctor.check(model, x, y)"),
    "TensorFlow Lite": (
        lambda place: _bytes(place / "m.tflite", b"\x1c\x00\x00\x00TFL3\x14\x00"), "a TensorFlow Lite model",
        "model.save('model.keras')"),
    "SavedModel folder": (saved_model, "a SavedModel folder", "tf_keras.models.load_model('FOLDER')"),
    "weights alone": (copy("only.weights.h5"), "a file of weights alone", "--architecture model.json"),
}  # fmt: skip
"""Given, the sentence's subject, and what it tells to type."""


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("given", TOLD)
def test_a_true_sentence_with_the_way_over(given: str, tmp_path: Path) -> None:
    put, what, way = TOLD[given]
    line = run(tmp_path, "check", put(tmp_path)).line
    assert what in line
    assert way in line
    assert len(line.split()) <= MOST_WORDS


def test_the_table_of_the_manual_has_each_of_them() -> None:
    rows = re.findall(r"^\| (.+?) \|", manual.read(PAGES / "files.md"), re.MULTILINE)
    assert set(TOLD) <= {row.strip() for row in rows}


DATA = "a,b,y\n" + "".join(f"{n / 7 % 1:.3f},{n / 3 % 1:.3f},{n / 5 % 1:.3f}\n" for n in range(40))


@pytest.mark.parametrize("architecture", ["model.json", "whole.keras"])
def test_weights_alone_with_their_architecture(architecture: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(DATA)
    words = ("data.csv", "--architecture", FOLDER / architecture, "-q")
    alone = run(tmp_path, "check", FOLDER / "only.weights.h5", *words)
    whole = run(tmp_path, "check", FOLDER / "whole.keras", "data.csv", "-q")
    assert alone.out == whole.out
    assert "below 0.032" in alone.out


def test_weights_of_another_network_are_told(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    config = (FOLDER / "model.json").read_text(encoding="utf-8")
    other.write_text(config.replace('"BatchNormalization"', '"Dropout"').replace('"momentum": 0.99', '"rate": 0.5'))
    line = run(tmp_path, "check", FOLDER / "only.weights.h5", "--architecture", other).line
    assert "give the architecture of the same network" in line


def test_an_architecture_alone_is_checked_and_wants_weights_for_data(tmp_path: Path) -> None:
    done = run(tmp_path, "check", FOLDER / "model.json")
    assert (done.status, done.err) == (0, "")
    assert "2 Dense layers, no weights" in done.out
    (tmp_path / "data.csv").write_text(DATA)
    assert (
        "mlpdoctor check model.weights.h5 data.csv --architecture"
        in run(tmp_path, "check", FOLDER / "model.json", "data.csv").line
    )


@pytest.mark.parametrize("words", [("whole.keras",), ("model.json",)])
def test_an_architecture_goes_with_weights_alone(words: tuple[str, ...], tmp_path: Path) -> None:
    line = run(tmp_path, "check", FOLDER / words[0], "--architecture", FOLDER / "model.json").line
    assert "--architecture" in line


def test_safetensors_are_weights_with_layers(tmp_path: Path) -> None:
    done = run(tmp_path, "check", FOLDER / "linear.safetensors", "--layers", "linear,linear")
    assert "A101 missing-nonlinearity" in done.out
    assert "kernels are transposed" in done.err
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes((FOLDER / "linear.safetensors").read_bytes()[:300])
    assert "cut short" in run(tmp_path, "check", broken, "--layers", "linear,linear").line


def test_a_folder_of_models_is_expanded(tmp_path: Path) -> None:
    for name in ("a.keras", "deep/b.keras"):
        (tmp_path / "models" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FOLDER / "whole.keras", tmp_path / "models" / name)
    shutil.copy(FOLDER / "linear.onnx", tmp_path / "models" / "c.onnx")
    shutil.copy(FOLDER / "only.weights.h5", tmp_path / "models" / "only.weights.h5")
    done = run(tmp_path, "check", "models", "--fail-on", "never")
    assert "3 models" in done.out
    assert (done.status, done.err) == (0, "")
    (tmp_path / "empty").mkdir()
    assert "this is a folder" in run(tmp_path, "check", "empty").line
