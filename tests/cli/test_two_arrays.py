"""``x.npy y.npy``: features and targets in a file each are one DATA."""

import json
from pathlib import Path

import numpy as np
import pytest
from paths import FIXTURES
from shell import run

MODEL = str(FIXTURES / "three-points" / "model.keras")
DATA = FIXTURES / "three-points" / "data.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    x, y = np.hsplit(np.loadtxt(DATA, delimiter=",", skiprows=1), 2)
    for name, array in (("inputs.npy", x), ("labels.npy", y[:, 0]), ("short.npy", y[:2])):
        np.save(tmp_path / name, array)
    return tmp_path


@pytest.mark.parametrize(
    "words", [("inputs.npy", "labels.npy"), ("inputs.npy,labels.npy",), ("--data", "inputs.npy,labels.npy")]
)
def test_they_are_read_as_features_and_targets(folder: Path, words: tuple[str, ...]) -> None:
    report = json.loads(run(folder, "check", MODEL, *words, "--format", "json").out)
    same = json.loads(run(folder, "check", MODEL, str(DATA), "--format", "json").out)
    assert report["ladder"]["rungs"][0]["value"] == same["ladder"]["rungs"][0]["value"]
    assert report["data"]["path"] == "inputs.npy,labels.npy"
    assert (report["data"]["features"], report["data"]["targets"]) == (["x"], ["y"])
    assert report["data"]["format"] == "two NumPy arrays"


def test_the_command_that_is_shown_can_be_copied(folder: Path) -> None:
    assert "inputs.npy,labels.npy" in run(folder, "check", MODEL, "inputs.npy", "labels.npy").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("inputs.npy", "short.npy"), "x has 3 rows and y has 2; each row of features needs its row of targets"),
        (("inputs.npy", "none.npy"), "none.npy: there is no such file"),
        (("none.npy,labels.npy",), "none.npy: there is no such file"),
        (("inputs.npy", "labels.npy", "short.npy"), "there can be only one DATA"),
    ],
)
def test_what_does_not_fit_ends_in_one_line(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = run(folder, "check", MODEL, *words)
    assert said in done.line
    assert done.status == 2


def test_a_file_with_a_comma_in_its_name_is_a_file(folder: Path) -> None:
    rows = np.loadtxt(DATA, delimiter=",", skiprows=1)
    np.save(folder / "a.npy,b.npy", rows)
    report = json.loads(run(folder, "check", MODEL, "a.npy,b.npy", "--format", "json").out)
    assert report["data"]["format"] == "NumPy array"


def test_a_text_that_is_called_an_array_is_refused(folder: Path) -> None:
    (folder / "text.npy").write_text("1,2\n", encoding="utf-8")
    assert "text.npy: is no NumPy array" in run(folder, "check", MODEL, "inputs.npy", "text.npy").line


def test_no_output_takes_the_place_of_one_of_them(folder: Path) -> None:
    (folder / "r.json.npy").write_bytes((folder / "labels.npy").read_bytes())
    (folder / "r.json").symlink_to(folder / "r.json.npy")
    done = run(folder, "check", MODEL, "inputs.npy", "r.json.npy", "--output", "r.json")
    assert done.status == 2
    assert "the data" in done.line
