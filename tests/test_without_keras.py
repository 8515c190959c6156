"""The quick tests load neither Keras nor TensorFlow, and what tells them apart works."""

import subprocess
import sys
from pathlib import Path

import pytest
from needs_keras import leaves_keras_out, needs_keras
from paths import ROOT

COLLECT = """
import sys
import pytest
status = pytest.main(["--collect-only", "-q", "-m", sys.argv[1], "-p", "no:cacheprovider", "tests"])
assert status == 0, status
print("loaded:", *sorted({"keras", "tensorflow"} & sys.modules.keys()))
"""


@pytest.mark.slow
def test_collecting_the_quick_tests_loads_no_keras() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, "not keras"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "loaded:"
    assert "tests/test_without_keras.py" in done.stdout
    assert "tests/support/test_networks.py" not in done.stdout


QUICK = """
import sys
import numpy
def test_it():
    {line}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("line", "status"), [("assert numpy", 0), ("sys.modules['keras'] = sys", 1)])
def test_a_quick_test_that_loads_keras_fails(line: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(QUICK.format(line=line))
    conftest = ROOT / "tests" / "conftest.py"
    (tmp_path / "conftest.py").write_text(conftest.read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not keras", "-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-o", f"pythonpath={ROOT / 'tests' / 'support'}", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert ("loaded keras" in done.stdout) == bool(status)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("import numpy\n", False),
        ("import keras\n", True),
        ("import tensorflow as tf\n", True),
        ("from keras import layers\n", True),
        ("def test():\n    from keras.layers import Dense\n", True),
        ("from model_cases import stack\n", True),
        ("from cases.build import Built\n", True),
        ("from drawn_cases import stack\n", False),
        ("import keras_objects\n", False),
        ('"""import keras"""\n', False),
        ("import pytest\npytestmark = pytest.mark.keras\n", True),
        ("import pytest\npytestmark = [pytest.mark.series, pytest.mark.keras]\n", True),
        ("import pytest\n@pytest.mark.keras\ndef test(): ...\n", False),
    ],
)
def test_what_a_file_imports_says_whether_it_needs_keras(text: str, needs: bool, tmp_path: Path) -> None:  # noqa: FBT001
    (path := tmp_path / "test_file.py").write_text(text)
    assert needs_keras(path) == needs


@pytest.mark.parametrize(
    ("expression", "without"),
    [
        ("not keras", True),
        ("not keras and not series", True),
        ("(not keras) and series", True),
        ("", False),
        ("keras", False),
        ("not series", False),
        ("not keras or series", False),
        ("not (keras and series)", False),
    ],
)
def test_a_mark_expression_leaves_keras_out(expression: str, without: bool) -> None:  # noqa: FBT001
    assert leaves_keras_out(expression) == without
