"""Folders in archives as every version of Keras names and counts them, on Windows too."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from paths import FIXTURES

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Network
from mlpdoctor.engine.numpy_engine import NumpyEngine
from mlpdoctor.readers.models.model import read_network

LEGACY = FIXTURES / "legacy"
NAMES = ["graph", "seq", "frozen", "norm", "rmsprop", "legacy-sgd"]
GOOD = Path(__file__).parent / "good" / "good.keras"
SAMPLES = Path(__file__).parent / "samples"
ARCHIVES = [LEGACY / f"tf{version}-{name}.keras" for version in ("212", "215") for name in NAMES] + [GOOD]


def regrouped(archive: Path, target: Path, rename: Callable[[str], str]) -> Path:
    """The archive with each folder that holds weights under another path."""
    content = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(target, "w") as new:
        with h5py.File(io.BytesIO(old.read("model.weights.h5"))) as before, h5py.File(content, "w") as after:

            def copy(path: str, found: Any) -> None:  # noqa: ANN401
                folder, _, last = path.rpartition("/")
                if last == "vars" and isinstance(found, h5py.Group):
                    before.copy(found, after, f"{rename(folder)}/vars" if folder else "vars")

            before.visititems(copy)
        for name in old.namelist():
            new.writestr(name, content.getvalue() if name == "model.weights.h5" else old.read(name))
    return target


def as_on_windows(folder: str) -> str:
    return folder.replace("/", "\\")


def as_in_2_14(folder: str) -> str:
    return "/".join("_layer_checkpoint_dependencies" if name == "layers" else name for name in folder.split("/"))


def as_in_2_14_on_windows(folder: str) -> str:
    return as_on_windows(as_in_2_14(folder))


def everything(network: Network) -> dict[str, Any]:
    """All arrays of a network by where they belong."""
    found = {f"{layer.name}/{name}": values for layer in network.layers for name, values in layer.weights.items()}
    for layer, variables in network.optimizer.slots.items() if network.optimizer else ():
        for name, slots in variables.items():
            found |= {f"{layer}/{name}/{slot}": values for slot, values in slots.items()}
    return found


def same(path: Path, control: Path) -> None:
    read, expected = everything(read_network(str(path))), everything(read_network(str(control)))
    assert read.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(read[name], values, err_msg=name)
    assert len(expected) >= 4


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.keras")), ids=lambda path: path.stem)
def test_files_of_keras_2_13_to_2_15_answer_as_there(path: Path) -> None:
    """Written by `make_samples`, by TensorFlow itself."""
    network = read_network(str(path))
    with np.load(SAMPLES / f"{path.stem.removesuffix('-windows')}.npz") as told:
        found = NumpyEngine(network).forward(told["x"].astype(np.float64))
        np.testing.assert_allclose(found[0], told["y"], rtol=1e-5, atol=1e-6)
    assert network.optimizer is not None
    assert network.optimizer.iterations == 5
    assert set(network.optimizer.slots["body/dense"]["kernel"]) == {"momentum", "velocity"}


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.stem)
def test_folders_joined_with_backslashes(archive: Path, tmp_path: Path) -> None:
    path = regrouped(archive, tmp_path / "windows.keras", as_on_windows)
    with zipfile.ZipFile(path) as members, h5py.File(io.BytesIO(members.read("model.weights.h5"))) as weights:
        assert not {"layers", "_layer_checkpoint_dependencies"} & set(weights)
    same(path, archive)


@pytest.mark.parametrize("rename", [as_in_2_14, as_in_2_14_on_windows])
@pytest.mark.parametrize("name", NAMES)
def test_old_folders_counted_in_ones(rename: Callable[[str], str], name: str, tmp_path: Path) -> None:
    archive = LEGACY / f"tf215-{name}.keras"
    same(regrouped(archive, tmp_path / "counted.keras", rename), archive)


def test_a_layer_whose_folder_is_missing_gets_no_other_layers_weights(tmp_path: Path) -> None:
    def without_the_first(folder: str) -> str:
        return folder.replace("dense_2", "elsewhere")

    for rename in (without_the_first, lambda folder: as_on_windows(without_the_first(folder))):
        path = regrouped(LEGACY / "tf212-rmsprop.keras", tmp_path / "missing.keras", rename)
        with pytest.raises(ModelFileError, match=r"'dense_\d' \(Dense\).*no weights"):
            read_network(str(path))
