"""The JSON report: one object, no NaN, the same bytes every time."""

import json
import os
import subprocess
import sys
from typing import Any, NoReturn

import numpy as np
import pytest
from paths import ROOT

TOP = ["schema_version", "tool", "model", "data", "history", "verdict", "ladder", "unseen", "findings", "ruled_out"]
TOP += ["checks", "timing"]


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


@pytest.mark.slow
def test_it_has_the_promised_keys_in_order() -> None:
    assert list(strict(report(*FILES))) == TOP


@pytest.mark.slow
def test_two_runs_differ_in_nothing_but_timing() -> None:
    for files in (FILES, ("fixtures/mostly-linear/model.keras", "fixtures/mostly-linear/data.parquet")):
        first, second = (report(*files).partition('"timing"')[0] for _ in range(2))
        assert first == second


@pytest.mark.slow
def test_every_check_has_exactly_one_outcome() -> None:
    checks = strict(report(*FILES))["checks"]
    codes = [check["code"] for check in checks]
    assert len(codes) == len(set(codes)) == 69
    assert {check["outcome"] for check in checks} <= {"found", "passed", "not applicable", "skipped", "crashed"}
    assert all(check["reason"] for check in checks if check["outcome"] in {"not applicable", "skipped"})


@pytest.mark.slow
def test_a_finding_has_all_a_program_needs() -> None:
    finding = strict(report(*FILES))["findings"][0]
    assert finding["code"] == "A101"
    assert finding["certainty"] == "proved"
    assert finding["explains"] == pytest.approx(1.0)
    assert finding["because_of"] is None
    assert finding["fix"]["code"] == 'Dense(10, activation="tanh", name="dense")'
    assert finding["evidence"]["layers"] == finding["layers"] == ["dense", "dense_1"]
    assert finding["layer"] == "dense"


@pytest.mark.slow
def test_the_affine_rung_gives_its_coefficients() -> None:
    rungs = {rung["name"]: rung for rung in strict(report(*FILES))["ladder"]["rungs"]}
    (line,) = rungs["affine"]["coefficients"]
    expected = np.polyfit([-1, 0, 1], [-0.2445248, 0.1232554, 0.1713998], 1)
    assert line == pytest.approx(expected[::-1])
