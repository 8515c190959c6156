"""No code of a model file runs and no file that it names is opened, whatever Keras is installed."""

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import pytest
from effort import EFFORT
from paths import ROOT

pytestmark = pytest.mark.keras

HERE = Path(__file__).parent


def tried(python: str, folder: Path) -> dict[str, Any]:
    """What became of each file, by name, under the Keras of an interpreter."""
    secret = folder / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = [[1.0]]
    (files := folder / "files").mkdir()
    paths = os.pathsep.join([str(ROOT / "src"), str(HERE)])
    done = subprocess.run(
        [python, HERE / "load_hostile.py", files, folder / "marker", secret],
        env={**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@cache
def floors() -> dict[str, str]:
    """The lowest version of each package that the extra allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["optional-dependencies"]["tensorflow"]
    return dict(re.findall(r"(\w+)>=([\d.]+)", " ".join(wanted)))


def hold(found: dict[str, Any]) -> None:
    files = found["files"]
    control = files.pop("control.keras")
    assert (control["keras"], control["treat"]) == ("", ""), "an honest file is refused"
    assert len(files) > 30
    for name, one in files.items():
        assert not one["ran"], name
        assert not one["opened"], name
        for told in (one["keras"], one["treat"]):
            assert told, name
            assert told.isprintable(), (name, told)


def test_on_this_keras(tmp_path: Path) -> None:
    hold(tried(sys.executable, tmp_path))


def test_on_the_lowest_keras_that_the_extra_allows(tmp_path: Path) -> None:
    if not EFFORT.every:
        pytest.skip("makes an environment of its own: with --every")
    venv.create(place := tmp_path / "venv", with_pip=True)
    python = str(place / ("Scripts" if os.name == "nt" else "bin") / "python")
    pinned = [f"{name}=={version}" for name, version in floors().items()]
    subprocess.run([python, "-m", "pip", "install", "-q", *pinned, str(ROOT)], check=True, capture_output=True)
    found = tried(python, tmp_path)
    assert found["version"] == floors()["keras"]
    hold(found)
