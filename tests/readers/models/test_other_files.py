"""Files that are a model together with something else: weights and an architecture, safetensors, folders."""

import shutil
from pathlib import Path

import pytest
from shell import run

FOLDER = Path(__file__).parent / "foreign"
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
