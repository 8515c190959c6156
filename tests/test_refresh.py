"""``python tests/refresh.py`` writes what is approved, and starts nothing else of those files."""

import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

CONFTEST = "def pytest_addoption(parser): parser.addoption('--update-golden', action='store_true')\n"
APPROVING = """
from pathlib import Path
TEXT = Path(__file__).with_name("approved.txt")
def test_approved(request):
    if request.config.getoption("--update-golden"):
        TEXT.write_text("new")
    assert TEXT.read_text() == "new"
def test_another():
    TEXT.write_text("spoilt")
"""
OTHER = "def test_other(request): raise AssertionError\n"


@pytest.mark.slow
def test_stale_texts_are_written_and_other_tests_are_left(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_a.py").write_text(APPROVING)
    (tmp_path / "test_b.py").write_text(OTHER)
    (tmp_path / "approved.txt").write_text("old")
    (tmp_path / "refresh.py").write_text((ROOT / "tests" / "refresh.py").read_text(encoding="utf-8"))
    command = [sys.executable, str(tmp_path / "refresh.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert (tmp_path / "approved.txt").read_text() == "new"
