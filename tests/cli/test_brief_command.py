"""``check --format brief``: a line of JSON for each model, with the status of any other format."""

import json
from pathlib import Path

import jsonschema
import pytest
from paths import ROOT
from shell import run

MODEL, DATA = (ROOT / "fixtures" / "three-points" / name for name in ("model.keras", "data.csv"))


def test_a_line_for_each_model_and_the_usual_status(tmp_path: Path) -> None:
    done = run(tmp_path, "check", MODEL, "gone.keras", "--data", DATA, "--format", "brief")
    assert done.status == 2
    first, second = (json.loads(line) for line in done.out.splitlines())
    schema = json.loads(run(tmp_path, "schema", "brief").out)
    for line in (first, second):
        jsonschema.validate(line, schema)
    assert first["finding"]["code"] == "A101"
    assert second["verdict"].startswith("could not be read: gone.keras: no such file")
    assert run(tmp_path, "check", MODEL, DATA, "--format", "brief").status == 1


def test_it_may_be_set_in_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.mlpdoctor]\nformat = "brief"\n')
    done = run(tmp_path, "check", MODEL, DATA)
    assert len(done.out.splitlines()) == 1
    assert json.loads(done.out)["ok"] is False


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("check", "Without DATA, checks the architecture only."),
        (
            "check",
            "Python file that defines custom layers (beside that of --preprocess the only code mlpdoctor executes).",
        ),
        ("check", "brief is one line of JSON"),
        ("treat", "Test the fixes that check suggests"),
        ("curve", "lowest possible on this data"),
    ],
)
def test_help_speaks_plainly(tmp_path: Path, command: str, words: str) -> None:
    assert words in " ".join(run(tmp_path, command, "--help").out.split())
