"""The report as people see it: a real pseudo-terminal of 80 and 120 columns, pipes, colour, and golden outputs."""

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import shell
from paths import ROOT
from screen import ANSI, on_a_terminal

from mlpdoctor.core.report_model import Report
from mlpdoctor.core.text import short
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

pytestmark = pytest.mark.slow  # whole runs, and processes of their own

FIXTURES = ROOT / "fixtures"
GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "three-points": "three-points/data.csv",
    "three-points-untrained": "three-points-untrained/data.csv",
    "mostly-linear": "mostly-linear/data.parquet",
    "numpy-cosine": "numpy-cosine/data.npz",
    "four-relu-sine": "four-relu-sine/data.csv.gz",
    "healthy-linear": "healthy-linear/data.csv",
}


def words_of(name: str, *options: str) -> list[str]:
    return ["check", f"fixtures/{name}/model.keras", f"fixtures/{CASES[name]}", *options]


def command(name: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "mlpdoctor", *words_of(name, *options)]


def piped(words: list[str], columns: int = 80, **variables: str) -> str:
    environment = {**os.environ, "COLUMNS": str(columns), **variables}
    return subprocess.run(words, capture_output=True, text=True, env=environment, cwd=ROOT, check=False).stdout


KNOWN: dict[str, Report] = {}


def once(question: Question, **given: Any) -> Report:  # noqa: ANN401
    """The report on a question, which is the same whatever is printed of it and however wide."""
    asked = f"{question} {given['pictures']} {[one.rule.code for one in given['checks']]}"
    if asked not in KNOWN:
        KNOWN[asked] = diagnose(question, **given)
    return KNOWN[asked]


@functools.cache
def printed(name: str, *options: str, columns: int = 80) -> str:
    """What goes to a pipe, without a process of its own, and without the same diagnosis for each width."""
    with mock.patch("mlpdoctor.diagnosis.diagnose.diagnose", once):
        return shell.run(ROOT, *words_of(name, *options), COLUMNS=str(columns)).out


@pytest.mark.series
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_line_but_those_to_be_copied_is_wider_than_the_terminal(name: str, columns: int) -> None:
    lines = ANSI.sub("", on_a_terminal(command(name), columns)).splitlines()
    report = json.loads(printed(name, "--format", "json"))
    codes = [
        line for finding in report["findings"] if finding["fix"] for line in (finding["fix"]["code"] or "").split("\n")
    ]
    wide = [line for line in lines if len(line) > columns]
    assert all(line.endswith(tuple(filter(None, codes))) or "mlpdoctor treat " in line for line in wide)


def test_a_terminal_gets_colour_and_a_pipe_does_not() -> None:
    assert "\x1b[" in on_a_terminal(command("three-points", "--no-progress"), 80)
    assert "\x1b[" not in piped(command("three-points"))


def test_no_color_is_honoured() -> None:
    text = on_a_terminal(command("three-points", "--no-progress"), 80, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", text)


def test_force_color_and_color_always_reach_a_pipe() -> None:
    assert "\x1b[" in piped(command("three-points"), FORCE_COLOR="1")
    assert "\x1b[" in piped(command("three-points", "--color", "always"))
    assert "\x1b[" not in piped(command("three-points", "--color", "never"), FORCE_COLOR="1")


def test_a_dumb_terminal_gets_plain_text() -> None:
    assert "\x1b" not in on_a_terminal(command("three-points"), 80, TERM="dumb")


def test_bars_fall_back_to_ascii() -> None:
    text = piped(command("three-points"), PYTHONIOENCODING="ascii")
    assert "####" in text
    assert text.isascii()


def test_piped_lines_have_no_blanks_at_their_ends() -> None:
    assert all(line == line.rstrip() for line in printed("numpy-cosine").splitlines())


def test_the_report_says_the_same_with_and_without_a_terminal() -> None:
    seen = ANSI.sub("", on_a_terminal(command("three-points", "--no-progress"), 80)).replace("\r", "")
    text = piped(command("three-points"))
    assert [line.rstrip() for line in seen.splitlines()] == text.splitlines()
    assert text == printed("three-points")


@pytest.mark.parametrize("name", CASES)
def test_the_printed_losses_are_those_of_the_json(name: str) -> None:
    text = printed(name, "-v", columns=120)
    report = json.loads(printed(name, "--format", "json"))
    shown = [rung for rung in report["ladder"]["rungs"] if rung["name"] != "model"]
    assert shown
    for rung in shown:
        if rung["name"] == "readout" and "lowest this network can reach" in text:
            continue  # hidden where it is no better than the floor
        if rung["error"] is not None and rung["value"] <= 2 * rung["error"]:
            continue  # no noise to speak of
        value = short(rung["value"], 2 if rung["error"] is not None else 4)
        assert re.search(rf"^ +{re.escape(rung['label'])} +{re.escape(value)}( |$)", text, re.MULTILINE)
    for finding in report["findings"]:
        heading = f"{finding['rank']}  {finding['severity']}  {finding['code']} {finding['name']}"
        assert re.search(rf"^ +{heading}", text, re.MULTILINE)


@pytest.mark.parametrize("options", [(60,), (80,), (120,), (80, "-v")], ids=lambda words: "".join(map(str, words)))
@pytest.mark.parametrize("name", CASES)
def test_the_report_is_as_approved(name: str, options: tuple[Any, ...], request: pytest.FixtureRequest) -> None:
    """Update with ``pytest tests/cli --update-golden`` and read the difference before committing it."""
    columns, *more = options
    text = printed(name, *more, columns=columns)
    path = GOLDEN / f"{name}-{columns}{''.join(more)}.txt"
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
