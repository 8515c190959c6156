"""``--preprocess FILE:NAME``: the user's own function over the features, said and run only because it was named."""

import json
from pathlib import Path

import pytest
from paths import FIXTURES
from shell import run

MODEL, DATA = (str(FIXTURES / "three-points" / name) for name in ("model.keras", "data.csv"))
CODE = """
print("this goes to standard error")

def doubled(x):
    return 2 * x

def wide(x):
    return x.repeat(2, axis=1)

class Scaler:
    def transform(self, x):
        return 2 * x

scaler = Scaler()
number = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "prepare.py"
    path.write_text(CODE, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["doubled", "scaler"])
def test_features_go_through_a_function_or_a_transformer(tmp_path: Path, file: Path, name: str) -> None:
    done = run(tmp_path, "check", MODEL, DATA, "--preprocess", f"{file}:{name}", "--format", "json")
    assert f"--preprocess: runs the Python code in {file} on the features" in done.err
    assert "this goes to standard error" in done.err
    report = json.loads(done.out)
    assert f"features made by --preprocess {file}:{name}" in report["data"]["guesses"]
    (affine,) = (rung for rung in report["ladder"]["rungs"] if rung["name"] == "affine")
    assert affine["coefficients"][0][1] == pytest.approx(0.20796 / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("prepare.py", "expected FILE:NAME, such as prepare.py:scaler"),
        ("none.py:x", "no such file: none.py"),
        ("prepare.py:doubld", "prepare.py defines no doubld; did you mean doubled?"),
        ("prepare.py:number", "int was given; expected a function, or a fitted transformer of scikit-learn"),
        ("prepare.py:wide", "makes 2 columns of 1 column, and the model takes 1 feature"),
    ],
)
def test_what_cannot_preprocess_ends_in_one_line(tmp_path: Path, file: Path, named: str, said: str) -> None:
    assert file.exists()
    done = run(tmp_path, "check", MODEL, DATA, "--preprocess", named)
    assert done.status == 2
    assert done.out == ""
    assert done.err.splitlines()[-1].startswith(f"mlpdoctor: --preprocess {named}: ")
    assert done.err.endswith(f"{said}\n")


def test_no_configuration_file_can_name_code(tmp_path: Path, file: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[tool.mlpdoctor]\npreprocess = "{file}:doubled"\n', encoding="utf-8")
    done = run(tmp_path, "check", MODEL, DATA)
    assert done.status == 2
    assert "preprocess" in done.err
    assert "this goes to standard error" not in done.err
