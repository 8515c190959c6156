"""A live model with frames says what the command line says on the files; nothing in the process changes."""

import json
import random
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow.parquet as pq
import pytest
from paths import FIXTURES
from pyarrow import csv

import mlpdoctor
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.subject import Question
from mlpdoctor.report.json import report as json_report

EXPECTED: dict[str, dict[str, Any]] = json.loads((FIXTURES / "expected.json").read_text())
PLACES = ("path", "format", "guesses")
"""Where model and data came from: of course it differs."""


def same(report: Any) -> Any:  # noqa: ANN401  any JSON
    """A report without paths and timing."""
    whole = json.loads(json.dumps(report))
    for part in ("model", "data"):
        whole[part] = {name: value for name, value in whole[part].items() if name not in PLACES}
    for finding in whole["findings"]:
        del finding["fingerprint"]  # the path is in it
    del whole["timing"]
    return whole


def frames(name: str) -> tuple[Any, Any]:
    """Features and targets of a fixture, with their names."""
    file, targets = FIXTURES / EXPECTED[name]["data"], EXPECTED[name]["targets"]
    if file.suffix == ".npz":
        with np.load(file) as arrays:
            return arrays["x"], arrays["y"]
    whole = pq.read_table(file) if file.suffix == ".parquet" else csv.read_csv(file)
    return whole.drop_columns(targets), whole.select(targets)


def of_files(name: str) -> dict[str, Any]:
    expected = EXPECTED[name]
    question = Question(
        str(FIXTURES / expected["model"]), str(FIXTURES / expected["data"]), target=tuple(expected["targets"])
    )
    found: dict[str, Any] = json.loads(json_report.render([diagnose(question)]))
    return found


def live(name: str) -> Any:  # noqa: ANN401  Keras ships no types
    with warnings.catch_warnings():  # a fixture that was never trained has no slots to load
        warnings.simplefilter("ignore")
        return keras.saving.load_model(FIXTURES / EXPECTED[name]["model"])


@pytest.mark.series
@pytest.mark.parametrize("name", EXPECTED)
def test_a_live_model_says_what_its_file_says(name: str) -> None:
    x, y = frames(name)
    assert same(mlpdoctor.check(live(name), x, y).to_dict()) == same(of_files(name))
