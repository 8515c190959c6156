"""``mlpdoctor curve``, and ``check`` with a history: options, exit status, formats, complaints."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from shell import FIXTURES, patient, run

LOG = FIXTURES / "three-points" / "history.txt"
DATA = FIXTURES / "three-points" / "data.csv"
CSV = "epoch,loss\n" + "".join(f"{k},{0.0345 + 0.02 * 0.5**k:.6f}\n" for k in range(60))
"""A curve that comes to rest on the best constant of the three points, 0.034508."""


@pytest.mark.slow
def test_what_is_found_decides_the_status(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(CSV)
    assert run(tmp_path, "curve", "log.csv").status == 0
    assert run(tmp_path, "curve", "log.csv", "--data", DATA).status == 1
    assert run(tmp_path, "curve", "log.csv", "--data", DATA, "--fail-on", "never").status == 0
    assert run(tmp_path, "curve", LOG, "--data", DATA).status == 0
    assert run(tmp_path, "curve", LOG, "--data", DATA, "--fail-on", "warning").status == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["curve"], "give a training history, or the loss it stopped at"),
        (["curve", "gone.csv"], "gone.csv: there is no such file"),
        (["curve", "log.csv", "--plateau", "0.1"], "--history and --plateau: give one of them"),
        (["curve", "--plateau", "low"], "--plateau 'low' is no number"),
        (["curve", "log.csv", "--data", "data.csv", "--loss", "nonsense"], "--loss nonsense: there is no ladder"),
        (["curve", "-", "--data", "-"], "standard input can be read only once"),
        (["check", "model.keras", "-", "--history", "-"], "standard input can be read only once"),
        (["check", "model.keras", "--history", "gone.txt"], "gone.txt: there is no such file"),
        (["check", "model.keras", "--plateau", "x"], "--plateau 'x' is no number"),
        (["curve", "empty.csv"], "empty.csv"),
        (["curve", "log.csv", "--fail-on", "x"], "Invalid value for '--fail-on'"),
    ],
)
def test_a_complaint_is_one_line_and_status_2(tmp_path: Path, words: list[str], complaint: str) -> None:
    patient(tmp_path)
    (tmp_path / "log.csv").write_text(CSV)
    (tmp_path / "empty.csv").write_text("")
    assert complaint in run(tmp_path, *words).line


def test_standard_input_may_be_the_history(tmp_path: Path) -> None:
    done = run(tmp_path, "curve", "-", "--data", DATA, "-q", given=CSV)
    assert done.out.startswith("The plateau 0.034500 of the training loss is the loss of the best constant, 0.03451")
    assert done.status == 1


@pytest.mark.parametrize("words", [(), ("--data", str(DATA))])
def test_the_json_keeps_to_its_schema(tmp_path: Path, words: tuple[str, ...]) -> None:
    schema = json.loads(run(tmp_path, "schema", "curve").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    (tmp_path / "log.csv").write_text(CSV + "60,nan\nrubbish\n")
    for given in ("log.csv", str(LOG)):
        found = json.loads(run(tmp_path, "curve", given, *words, "--format", "json").out)
        jsonschema.Draft202012Validator(schema).validate(found)
        assert list(found)[:4] == ["schema_version", "tool", "history", "data"]
        assert {check["code"][0] for check in found["checks"]} == {"H"}


def test_the_json_of_check_holds_the_history(tmp_path: Path) -> None:
    patient(tmp_path)
    schema = json.loads(run(tmp_path, "schema").out)
    for words in (("--history", str(LOG)), ("--plateau", "0.0057"), ()):
        found = json.loads(run(tmp_path, "check", "model.keras", "data.csv", *words, "--format", "json").out)
        jsonschema.Draft202012Validator(schema).validate(found)
        assert (found["history"] is None) == (not words)


def test_a_history_without_data_needs_no_data(tmp_path: Path) -> None:
    patient(tmp_path)
    done = run(tmp_path, "check", "model.keras", "--history", LOG, "--format", "json")
    found = json.loads(done.out)
    assert found["history"]["plateau"]["reason"] == "no data were given"
    (outcome,) = (check for check in found["checks"] if check["code"] == "H801")
    assert (outcome["outcome"], outcome["reason"]) == ("skipped", "no data were given")
    alone = json.loads(run(tmp_path, "curve", LOG, "--format", "json").out)
    assert alone["history"]["plateau"]["reason"] == "no data were given"


def test_without_a_history_its_rules_do_not_apply(tmp_path: Path) -> None:
    patient(tmp_path)
    found = json.loads(run(tmp_path, "check", "model.keras", "data.csv", "--format", "json").out)
    outcomes = {(c["outcome"], c["reason"]) for c in found["checks"] if c["code"].startswith("H")}
    assert outcomes == {("not applicable", "no history was given")}


def test_the_configuration_may_name_the_history(tmp_path: Path) -> None:
    patient(tmp_path)
    (tmp_path / "log.csv").write_text(CSV)
    (tmp_path / "pyproject.toml").write_text('[tool.mlpdoctor]\nhistory = ["log.csv"]\n')
    assert "The plateau 0.034500 of the training loss" in run(tmp_path, "check", "model.keras", "data.csv", "-q").out
    (tmp_path / "pyproject.toml").write_text('[tool.mlpdoctor]\nplateau = "0.0345"\n')
    assert run(tmp_path, "check", "model.keras", "data.csv", "-q").out.startswith("The plateau 0.0345 is the loss of")
    (tmp_path / "pyproject.toml").write_text("[tool.mlpdoctor]\nplateau = true\n")
    assert "expected a number such as '0.0057'" in run(tmp_path, "check", "model.keras", "data.csv").line


def test_the_last_of_several_histories_is_the_models(tmp_path: Path) -> None:
    patient(tmp_path)
    (tmp_path / "log.csv").write_text(CSV)
    both = [("--history", "log.csv", "--history", str(LOG)), ("--history", str(LOG), "--history", "log.csv")]
    for words, value in zip(both, (0.0057, 0.0345), strict=True):
        done = run(tmp_path, "check", "model.keras", "data.csv", *words, "--format", "json")
        history = json.loads(done.out)["history"]
        assert history["runs"] == 2
        assert history["last"] == value
        assert "of 2 runs the last is taken for this model's" in history["guesses"]


def test_the_loss_is_guessed_from_the_log_and_that_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    labels = (x[:, 0] + rng.normal(size=200) > 0).astype(int)
    for name, y in (("two", labels), ("three", labels + (x[:, 1] > 1)), ("real", x[:, 0] + 0.1)):
        np.savetxt(tmp_path / f"{name}.csv", np.column_stack([x, y]), delimiter=",", header="a,b,y", comments="")
    plain = "epoch,loss\n0,0.7\n1,0.69\n"
    accurate = "epoch,accuracy,loss\n0,0.5,0.7\n1,0.5,0.69\n"
    named = "epoch,loss,mae\n0,0.7,0.7\n1,0.69,0.69\n"
    cases = (
        (plain, "real", "mean squared error"),
        (accurate, "two", "binary cross-entropy"),
        (accurate, "three", "cross-entropy of classes"),
        (named, "real", "mae, a column of the log with the same values"),
        (accurate.replace("accuracy", "sparse_categorical_accuracy"), "three", "sparse categorical cross-entropy"),
    )
    for log, data, told in cases:
        (tmp_path / "log.csv").write_text(log)
        done = run(tmp_path, "curve", "log.csv", "--data", f"{data}.csv", "--format", "json")
        found = json.loads(done.out)
        assert any(told in guess for guess in found["history"]["guesses"]), (told, found["history"]["guesses"])
        assert found["ladder"]["rungs"], found["ladder"]["reason"]
        assert {"architecture", "model", "readout"}.isdisjoint(rung["name"] for rung in found["ladder"]["rungs"])
    told = json.loads(run(tmp_path, "curve", "log.csv", "--data", "three.csv", "--loss", "mae", "--format", "json").out)
    assert told["ladder"]["loss"] == "mean absolute error"
    assert not any(guess.startswith("loss") for guess in told["history"]["guesses"])


def test_a_pipe_gets_no_blanks_at_the_ends_of_lines(tmp_path: Path) -> None:
    lines = run(tmp_path, "curve", LOG, "--data", DATA).out.splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert max(map(len, lines)) <= 100


def test_the_help_of_curve_needs_no_numpy() -> None:
    probe = """
import sys
from mlpdoctor.cli.main import main

sys.argv = ["mlpdoctor", "curve", "--help"]
try:
    main()
except SystemExit:
    assert not {"numpy", "rich", "mlpdoctor.diagnosis.diagnose"} & set(sys.modules)
    print("quick")
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("quick\n")
