"""Formats for programs are UTF-8 whatever the screen's encoding; those for people never fail on it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from paths import ROOT

pytestmark = pytest.mark.slow  # processes of their own

NAME = "größe 中文"
FIXTURE = ROOT / "fixtures" / "three-points"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model and data whose names no ASCII screen can say."""
    shutil.copy(FIXTURE / "model.keras", tmp_path / f"{NAME}.keras")
    text = (FIXTURE / "data.csv").read_text()
    (tmp_path / "data.csv").write_text(f"{NAME},y\n{text.partition(chr(10))[2]}", encoding="utf-8")
    return tmp_path


def told(folder: Path, *options: str, encoding: str) -> bytes:
    words = [sys.executable, "-m", "mlpdoctor", "check", f"{NAME}.keras", "data.csv", *options]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(words, capture_output=True, env=environment, cwd=folder, check=False)
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_programs_get_utf_8(folder: Path, encoding: str) -> None:
    report = json.loads(told(folder, "--format", "json", encoding=encoding).decode("utf-8"))
    assert report["data"]["features"] == [NAME]
    suites = ET.fromstring(told(folder, "--format", "junit", encoding=encoding))  # noqa: S314  our own
    assert suites[0].get("name") == f"{NAME}.keras"


@pytest.mark.parametrize("options", [[], ["-q"], ["-v"]])
def test_people_get_what_their_screen_can_say(folder: Path, options: list[str]) -> None:
    text = told(folder, *options, encoding="ascii").decode("ascii")
    assert "stuck at 0.005676" in text
    if "-q" not in options:
        assert "gr\\xf6\\xdfe" in text


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "github", "markdown"])
def test_formats_for_programs_have_no_colour(folder: Path, form: str) -> None:
    words = [sys.executable, "-m", "mlpdoctor", "check", f"{NAME}.keras", "--format", form]
    done = subprocess.run(words, capture_output=True, env={**os.environ, "FORCE_COLOR": "1"}, cwd=folder, check=False)
    assert b"\x1b" not in done.stdout
    assert done.stdout
