"""The configuration file: what it may say, how it is found, and who wins."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from shell import patient, run

from mlpdoctor.cli.config.file import FILE
from mlpdoctor.cli.config.keys import CERTAINTIES, FORMS, KEYS, SEVERITIES
from mlpdoctor.cli.config.settings import Way, line_of, positions
from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.report.catalogue import rules
from mlpdoctor.report.formats import FORMATS

HEAD = "[tool.mlpdoctor]\n"


def shown(folder: Path, *words: object) -> dict[str, Any]:
    done = run(folder, "config", "--format", "json", *words)
    assert done.status == 0, done.err
    value: dict[str, Any] = json.loads(done.out)
    return value


def test_the_words_are_those_of_the_report() -> None:
    assert ("terminal", *FORMATS) == FORMS
    assert tuple(Severity) == SEVERITIES
    assert tuple(Certainty) == CERTAINTIES


def test_without_a_file_everything_is_as_it_comes(tmp_path: Path) -> None:
    whole = shown(tmp_path)
    assert whole["file"] is None
    assert {setting["from"] for setting in whole["settings"].values()} == {"default"}
    assert whole["rules"] == [rule.code for rule in rules()]


WHOLE = """
[project]
name = "else"

[tool.mlpdoctor]
select = ["A", "dead-relu"]
ignore = "A105"
fail-on = "warning"
max-warnings = 3
certainty = "measured"
target = ["price"]
drop = ["id", "date"]
data = "data/all.csv"

[tool.mlpdoctor.rules.dead-relu]
tolerated = 0.2

[tool.mlpdoctor.rules]
A102.tolerated = 0.5

[[tool.mlpdoctor.per-model]]
models = ["models/*.keras"]
data = "data/other.csv"
rules = { dead-relu = { tolerated = 0.3 } }

[[tool.mlpdoctor.suppress]]
rule = "A101"
layer = "dense"
reason = "linear on purpose"

[tool.mlpdoctor.models]
price = { model = "models/price.keras", target = "y" }
churn = "churn.h5"
"""


def test_every_value_is_shown_with_its_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(WHOLE)
    whole = shown(tmp_path, "--fail-on", "never")
    lines = WHOLE.splitlines()

    def line(start: str) -> str:
        return f"{FILE}:{next(n for n, text in enumerate(lines, start=1) if text.startswith(start))}"

    settings = whole["settings"]
    assert whole["file"] == FILE
    assert settings["select"] == {"value": ["A", "dead-relu"], "from": line("select")}
    assert settings["ignore"] == {"value": ["A105"], "from": line("ignore")}
    assert settings["drop"] == {"value": ["id", "date"], "from": line("drop")}
    assert settings["fail-on"] == {"value": "never", "from": "command line"}
    assert settings["loss"] == {"value": None, "from": "default"}
    assert whole["thresholds"]["U401"]["tolerated"] == {"value": 0.2, "from": line("tolerated")}
    assert whole["thresholds"]["A102"]["tolerated"] == {"value": 0.5, "from": line("A102")}
    assert whole["models"] == {"price": "models/price.keras", "churn": "churn.h5"}
    assert whole["suppress"][0]["reason"] == "linear on purpose"
    assert whole["rules"] == [r.code for r in rules() if (r.code[0] == "A" and r.code != "A105") or r.code == "U401"]


def test_the_table_says_the_same(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(WHOLE)
    rows = [" ".join(line.split()) for line in run(tmp_path, "config", "--fail-on", "never").out.splitlines()]
    assert "fail-on never command line" in rows
    assert f"select A, dead-relu {FILE}:6" in rows
    assert any(row.startswith("rules.dead-relu.tolerated 0.2 (0.1 by default) pyproject.toml:") for row in rows)
    assert any(row.startswith("suppress A101 in dense: linear on") for row in rows)
    assert "models.churn churn.h5" in rows


def test_a_model_has_its_own_sections(tmp_path: Path) -> None:
    """The general comes first, then the sections whose pattern fits, then its own entry, then the command line."""
    (tmp_path / FILE).write_text(WHOLE)
    patient(tmp_path, "models/price.keras")
    whole = shown(tmp_path, "models/price.keras")
    assert whole["settings"]["data"]["value"] == "data/other.csv"
    assert whole["settings"]["target"]["value"] == ["y"]
    assert whole["thresholds"]["U401"]["tolerated"]["value"] == 0.3
    assert shown(tmp_path, "price") == whole
    assert shown(tmp_path, "churn.h5")["settings"]["data"]["value"] == "data/all.csv"
    assert shown(tmp_path, "price", "--data", "x.csv")["settings"]["data"] == {"value": "x.csv", "from": "command line"}
    assert shown(tmp_path, "price", "--set", "U401.tolerated=0.4")["thresholds"]["U401"]["tolerated"]["value"] == 0.4


def test_it_is_looked_for_upward_from_the_working_directory(tmp_path: Path) -> None:
    """Paths in it are named from its own folder; a pyproject.toml without a word of mlpdoctor is passed by."""
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / FILE).write_text(HEAD + 'data = "d.csv"\n')
    (below.parent / FILE).write_text("[project]\nname = 'x'\n")
    whole = shown(below)
    assert whole["file"] == "../../pyproject.toml"
    assert whole["settings"]["data"] == {"value": "../../d.csv", "from": "../../pyproject.toml:2"}
    (below.parent / FILE).write_text(HEAD + 'loss = "mae"\n')
    assert shown(below)["settings"]["data"]["value"] is None
    assert shown(below)["settings"]["loss"]["value"] == "mae"


def test_a_broken_file_of_somebody_else_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[project\n")
    assert shown(tmp_path)["file"] is None


def test_config_names_a_file_and_no_config_takes_none(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(HEAD + 'loss = "mae"\n')
    (tmp_path / "ours.toml").write_text('loss = "mse"\n\n[rules.dead-relu]\ntolerated = 0.5\n')
    assert shown(tmp_path, "--config", "ours.toml")["settings"]["loss"] == {"value": "mse", "from": "ours.toml:1"}
    assert shown(tmp_path, "--config", "ours.toml")["thresholds"]["U401"]["tolerated"]["from"] == "ours.toml:4"
    assert shown(tmp_path, "--no-config")["settings"]["loss"]["value"] is None
    both = run(tmp_path, "config", "--no-config", "--config", "ours.toml")
    assert "give one of them" in both.line


BAD: Mapping[str, tuple[str, list[str]]] = {
    "unknown key": ('fail_on = "error"', [":2", "tool.mlpdoctor.fail_on", "did you mean fail-on"]),
    "unknown word": ('fail-on = "eror"', [":2", "error, warning, note, never", "'eror'", "did you mean error"]),
    "wrong type": ("fail-on = 3", [":2", "fail-on", "expected one of", "3"]),
    "not a number": ('max-warnings = "3"', ["max-warnings", "whole number from 0", "'3'"]),
    "true is no number": ("max-warnings = true", ["whole number", "True"]),
    "below": ("max-warnings = -1", ["from 0 on", "-1"]),
    "not names": ("drop = [1.5]", ["drop", "list of names", "1.5"]),
    "not a path": ("data = 1", ["data", "expected a string", "1"]),
    "unknown rule": ('select = ["A101", "dead-rellu"]', [":2", "select", "no rule 'dead-rellu'", "dead-relu"]),
    "unknown rule's table": ("[tool.mlpdoctor.rules.dead-rellu]\ntolerated = 1", ["no rule 'dead-rellu'", "dead-relu"]),
    "unknown threshold": ("[tool.mlpdoctor.rules.dead-relu]\ntolerate = 1", [":3", "'tolerate'", "tolerated"]),
    "threshold of another type": (
        '[tool.mlpdoctor.rules.dead-relu]\ntolerated = "much"',
        ["a number such as 0.1", "'much'"],
    ),
    "rules no table": ("rules = 1", ["rules", "expected a table", "1"]),
    "per-model no list": ("per-model = 1", ["[[tool.mlpdoctor.per-model]]"]),
    "per-model without models": ("[[tool.mlpdoctor.per-model]]\nloss = 'mae'", [":2", "models is missing"]),
    "not of a model": (
        "[[tool.mlpdoctor.per-model]]\nmodels = 'a'\nbaseline = 'b'",
        [":4", "baseline", "for all models, not for some"],
    ),
    "model without a path": ("[tool.mlpdoctor.models]\nprice = {data = 'a'}", [":3", "model is missing"]),
    "suppression without a reason": ("[[tool.mlpdoctor.suppress]]\nrule = 'A101'", [":2", "reason is missing"]),
    "suppression with an empty reason": (
        "[[tool.mlpdoctor.suppress]]\nrule = 'A101'\nreason = ' '",
        ["reason is missing"],
    ),
    "suppression of no rule": ("[[tool.mlpdoctor.suppress]]\nrule = 'Z9'\nreason = 'x'", [":3", "no rule 'Z9'"]),
    "suppression misspelt": (
        "[[tool.mlpdoctor.suppress]]\nrule = 'A101'\nreasn = 'x'",
        ["reasn", "did you mean reason"],
    ),
    "not valid TOML": ("select = [", ["pyproject.toml", "not valid TOML"]),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("command", ["check", "config"])
def test_what_is_not_understood_is_one_line_with_file_and_key(tmp_path: Path, case: str, command: str) -> None:
    patient(tmp_path)
    text, words = BAD[case]
    (tmp_path / FILE).write_text(HEAD + text + "\n")
    line = run(tmp_path, command, "model.keras").line
    assert FILE in line
    assert all(word in line for word in words), line


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    assert "--config no.toml: cannot be read" in run(tmp_path, "config", "--config", "no.toml").line
    (tmp_path / FILE).write_text("[project]\nname = 'x'\n")
    assert "no [tool.mlpdoctor] table" in run(tmp_path, "config", "--config", FILE).line


def test_the_file_decides_what_fails(tmp_path: Path) -> None:
    patient(tmp_path)
    words = ("check", "model.keras", "data.csv", "-q")
    assert run(tmp_path, *words).status == 1
    (tmp_path / FILE).write_text(HEAD + 'fail-on = "never"\n')
    assert run(tmp_path, *words).status == 0
    assert run(tmp_path, *words, "--fail-on", "error").status == 1
    assert run(tmp_path, *words, "--no-config").status == 1


def test_every_setting_has_its_option() -> None:
    from mlpdoctor.cli.commands.check import check

    options = {name for parameter in check.params for name in parameter.opts}
    assert {f"--{name}" for name in KEYS} <= options


def ways(value: Any, way: Way = ()) -> set[Way]:  # noqa: ANN401
    """All keys that lead to a value of a TOML file."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {way for way in [way] if way} | {deep for key, item in items for deep in ways(item, (*way, key))}


def test_every_key_has_a_line_where_its_name_stands() -> None:
    lines = positions(WHOLE)
    for way in ways(tomllib.loads(WHOLE)):
        number = line_of(way, lines)
        if number is None:  # [tool] itself
            assert way == ("tool",)
            continue
        named = [part for part in way if isinstance(part, str)]
        assert any(part in WHOLE.splitlines()[number - 1] for part in named), way
    assert not {way for way in lines if way not in ways(tomllib.loads(WHOLE))}
