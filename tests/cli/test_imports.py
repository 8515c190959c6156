"""``check`` must answer without a deep learning framework: importing one takes longer than the whole answer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from paths import FIXTURES

pytestmark = pytest.mark.slow  # processes of their own

HEAVY = frozenset({"tensorflow", "keras", "torch", "jax", "pandas", "sklearn", "scipy"})
"""Frameworks that must never come in, and libraries too slow to come in unasked."""


MOST_MODULES = 300
"""Of the package that a check of three rows may load: each costs a third of a millisecond, and more to read."""


def imported(*words: str, path: str = "") -> set[str]:
    """The top-level packages that a run of the tool imports, as Python itself reports them."""
    return {name.partition(".")[0] for name in modules(*words, path=path)}


def modules(*words: str, path: str = "") -> list[str]:
    """All modules that a run of the tool imports."""
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-X", "importtime", "-m", "mlpdoctor", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode in {0, 1}, done.stderr[-500:]
    return [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line]


@pytest.mark.parametrize(
    ("model", "data"),
    [
        ("three-points/model.keras", "three-points/data.csv"),
        ("three-points/model.h5", "three-points/data.csv"),
        ("mostly-linear/model.keras", "mostly-linear/data.parquet"),
        ("numpy-cosine/model.keras", "numpy-cosine/data.npz"),
    ],
)
def test_check_imports_no_framework(model: str, data: str) -> None:
    assert not imported("check", str(FIXTURES / model), str(FIXTURES / data)) & HEAVY


def test_a_check_of_three_rows_loads_a_part_of_the_package() -> None:
    names = modules("check", *(str(FIXTURES / "three-points" / name) for name in ("model.keras", "data.csv")))
    assert "numpy.ma" not in names  # more CPU time than any module of ours
    assert 0 < len({name for name in names if name.partition(".")[0] == "mlpdoctor"}) <= MOST_MODULES


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["check", "--help"],
        ["gradcheck", "--help"],
        ["rules"],
        ["explain", "A101"],
        ["config"],
        ["schema"],
        ["docs"],
    ],
)
def test_information_imports_not_even_numpy(words: list[str]) -> None:
    assert not imported(*words) & (HEAVY | {"numpy", "h5py", "pyarrow"})


@pytest.mark.parametrize("words", [["docs"], ["docs", "ladder"]])
def test_the_manual_in_a_pipe_imports_no_rich(words: list[str]) -> None:
    assert not imported(*words) & (HEAVY | {"numpy", "h5py", "pyarrow", "rich", "markdown_it", "pygments"})


def test_the_detector_sees_a_framework_when_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").touch()
    (tmp_path / "sitecustomize.py").write_text("import tensorflow\n")
    assert "tensorflow" in imported("--help", path=str(tmp_path))
