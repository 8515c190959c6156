"""``--engine`` and ``--custom-objects``: who runs the model, and the one way in which code is run."""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import manual
import numpy as np
import pytest
from keras_fit import fit
from keras_models import convolutional, stripes
from shell import patient, run

from mlpdoctor.cli.config.keys import ENGINES as WORDS
from mlpdoctor.cli.manual import PAGES
from mlpdoctor.engine import user_code as custom
from mlpdoctor.engine.engine_choice import ENGINES

L = keras.layers
CODE = """
import keras

print("their code runs")

@keras.saving.register_keras_serializable(package="their")
class Mixer(keras.layers.Layer):
    def __init__(self, units=4, **options):
        super().__init__(**options)
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, x):
        return keras.ops.sin(x @ self.kernel)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Double(keras.layers.Layer):
    def call(self, x):
        return 2.0 * x


def wiggle(x):
    return keras.ops.sin(x)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of their own layers, in both formats, with its data, and the file that defines the layers."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "layers.py").write_text(CODE)
    spec = importlib.util.spec_from_file_location("their_layers", folder / "layers.py")
    assert spec is not None
    assert spec.loader is not None
    theirs: Any = importlib.util.module_from_spec(spec)
    sys.modules["their_layers"] = theirs
    spec.loader.exec_module(theirs)
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 3))
    model = keras.Sequential(
        [keras.Input((3,)), theirs.Mixer(8), theirs.Double(), L.Dense(6, theirs.wiggle), L.Dense(1)]
    )
    model.compile("adam", "mse")
    fit(model, x, x.sum(axis=1))
    for name in ("model.keras", "model.h5"):
        model.save(folder / name)
    np.savez(folder / "data.npz", x=x, y=np.sin(x.sum(axis=1)))
    return folder


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What the test has registered with Keras is not there for mlpdoctor to find, nor what an earlier run did."""
    custom.custom_objects.cache_clear()
    known = dict(keras.saving.get_custom_objects())
    keras.saving.get_custom_objects().clear()
    yield
    keras.saving.get_custom_objects().update(known)


def test_the_words_are_those_of_the_engines() -> None:
    assert WORDS == ENGINES


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_the_file_given_is_run_and_the_model_followed(name: str, folder: Path) -> None:
    done = run(folder, "check", name, "data.npz", "--custom-objects", "layers.py", "--format", "json")
    report = json.loads(done.out)
    assert report["model"]["not_followed"] is None
    assert report["model"]["parameters"] == 3 * 8 + 8 * 6 + 6 + 6 + 1
    assert "model" in {rung["name"] for rung in report["ladder"]["rungs"]}
    assert report["timing"]["keras"] > 0
    assert "--custom-objects: runs the Python code in layers.py" in done.err
    assert "followed through Keras" in done.err
    assert "their code runs" not in done.out


def test_without_it_nothing_runs_and_the_missing_class_is_named(folder: Path) -> None:
    done = run(folder, "check", "model.keras", "data.npz", "--format", "json")
    told = json.loads(done.out)["model"]["not_followed"]
    assert "'mixer' is made of Mixer" in told
    assert "--custom-objects FILE" in told
    assert "\n" not in told
    assert "their code runs" not in done.err


def test_with_keras_asked_for_by_name_it_is_refused(folder: Path) -> None:
    line = run(folder, "check", "model.keras", "data.npz", "--engine", "keras").line
    assert "model.keras: 'mixer' is made of Mixer" in line
    assert "--custom-objects FILE" in line


def test_numpy_alone_never_starts_keras(folder: Path) -> None:
    done = run(folder, "check", "model.keras", "data.npz", "--engine", "numpy", "--format", "json")
    report = json.loads(done.out)
    assert "custom class their>Mixer" in report["model"]["not_followed"]
    assert "keras" not in report["timing"]


def test_what_numpy_can_follow_it_follows(tmp_path: Path) -> None:
    patient(tmp_path)
    plain = json.loads(run(tmp_path, "check", "model.keras", "data.csv", "--format", "json").out)
    asked = json.loads(run(tmp_path, "check", "model.keras", "data.csv", "--format", "json", "--engine", "keras").out)
    assert "keras" not in plain.pop("timing")
    assert "keras" in asked.pop("timing")
    assert plain["verdict"] == asked["verdict"]
    assert [one["message"] for one in plain["findings"]] == [one["message"] for one in asked["findings"]]
    assert plain["checks"] == asked["checks"]


def test_a_file_that_is_not_there(folder: Path) -> None:
    done = run(folder, "check", "model.keras", "data.npz", "--custom-objects", "nowhere.py")
    assert done.status == 2
    assert "--custom-objects nowhere.py: no such file" in done.err
    assert not done.out


def test_a_file_that_cannot_be_imported(folder: Path) -> None:
    (folder / "broken.py").write_text("import nothing_of_this_name")
    done = run(folder, "check", "model.keras", "data.npz", "--custom-objects", "broken.py")
    assert done.status == 2
    assert "cannot be imported: ModuleNotFoundError: No module named 'nothing_of_this_name'" in done.err
    assert "Traceback" not in done.err


def test_a_file_without_the_class(folder: Path) -> None:
    (folder / "other.py").write_text("def unrelated():\n    pass\n")
    done = run(folder, "check", "model.keras", "data.npz", "--custom-objects", "other.py")
    assert done.status == 2
    assert "is made of Mixer" in done.err


def test_without_keras_the_reader_is_told_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mlpdoctor.engine.engine_choice.missing", lambda: 'keras is not installed; pip install "mlpdoctor[tensorflow]"'
    )
    done = run(folder, "check", "model.keras", "data.npz", "--format", "json")
    told = json.loads(done.out)["model"]["not_followed"]
    assert told.endswith('to have Keras follow it: pip install "mlpdoctor[tensorflow]"')


def test_no_configuration_can_name_code_to_run(folder: Path) -> None:
    (folder / "own.toml").write_text('[tool.mlpdoctor]\ncustom-objects = "layers.py"\n')
    line = run(folder, "check", "model.keras", "data.npz", "--config", "own.toml").line
    assert "custom-objects" in line


def test_the_manual_shows_what_is_said_of_a_model_that_keras_follows(tmp_path: Path) -> None:
    """The one output in the manual whose files are not in the checkout; how long Keras takes is the machine's."""
    ((command, shown),) = manual.shown_commands(manual.read(PAGES / "files.md"))
    assert {command} == manual.ELSEWHERE
    _, *words = command.split()
    _, model, data = words
    x, y = stripes(60, seed=0)
    network = convolutional()
    network.compile("adam", "sparse_categorical_crossentropy")
    network.save(tmp_path / model)
    np.savez(tmp_path / data, x=x, y=y)
    seconds = re.compile(r"[\d.]+ s ")
    assert seconds.sub("", run(tmp_path, *words).err) == seconds.sub("", shown)
