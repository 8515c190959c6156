"""The JSON report on a model that Keras saved with weights that are no numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import keras
import numpy as np
from paths import ROOT


def report(*words: object) -> str:
    command = [sys.executable, "-m", "mlpdoctor", "check", *map(str, words), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env=dict(os.environ))
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def strict(text: str) -> dict[str, Any]:
    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    loaded: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return loaded


FILES = ("fixtures/three-points/model.keras", "fixtures/three-points/data.csv")


def test_a_broken_model_still_gives_valid_json(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.layers[0].set_weights([np.full((1, 3), np.nan), np.zeros(3)])
    model.save(tmp_path / "nan.keras")
    found = strict(report(tmp_path / "nan.keras", FILES[1]))
    assert found["findings"][0]["code"] == "W301"
    model_rung = next(rung for rung in found["ladder"]["rungs"] if rung["name"] == "model")
    assert model_rung["value"] is None
