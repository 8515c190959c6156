"""``mlpdoctor treat`` as a user runs it: a process of its own, its exit status, what is on which stream."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import manual
import pytest
import shell
from paths import ROOT

from mlpdoctor.cli.manual import PAGES
from mlpdoctor.readers.models.model import read_network
from mlpdoctor.report.json import schema
from mlpdoctor.treat.trials.candidates import Candidate
from mlpdoctor.treat.trials.experiment import CompletedTrial, Experiment

pytestmark = pytest.mark.keras  # every treatment is tried by Keras, in a process of its own

FIXTURES = ROOT / "fixtures"
THREE_POINTS = (str(FIXTURES / "three-points" / "model.keras"), str(FIXTURES / "three-points" / "data.csv"))
SCHEMA = json.loads(schema.of_treat())
WITHOUT_KERAS = """
import importlib.util
import sys

whole = importlib.util.find_spec

def hidden(name, *more):
    return None if name.partition(".")[0] in ("keras", "tensorflow") else whole(name, *more)

importlib.util.find_spec = hidden
"""


def run(*words: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return subprocess.run(
        [sys.executable, "-m", "mlpdoctor", *words],
        capture_output=True,
        env={**environment, **variables},
        check=False,
    )


@pytest.fixture(scope="module")
def cured(tmp_path_factory: pytest.TempPathFactory) -> "tuple[subprocess.CompletedProcess[bytes], Path]":
    file = tmp_path_factory.mktemp("cured") / "cured.keras"
    words = ("--rule", "A101", "--budget", "3000 epochs", "--seeds", "1", "--format", "json", "-o", str(file))
    return run("treat", *THREE_POINTS, *words), file


def test_a_cure_ends_with_0_and_json_alone_on_stdout(
    cured: "tuple[subprocess.CompletedProcess[bytes], Path]",
) -> None:
    done, file = cured
    assert done.returncode == 0, done.stderr.decode()
    assert not done.stderr
    told = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    assert told["cured"]
    assert told["best"]["names"][0] == "restore-activation"
    assert told["trials"][0]["verdict"] == "confirmed"
    assert told["findings"][0]["code"] == "A101"
    assert "Tried: " in told["findings"][0]["why"]
    assert told["written"] == str(file)


def test_the_manual_shows_the_change_that_cures(cured: "tuple[subprocess.CompletedProcess[bytes], Path]") -> None:
    (shown,) = (text for kind, text in manual.blocks(manual.read(PAGES / "treat.md")) if kind == "diff")
    lines = json.loads(cured[0].stdout)["best"]["diff"]
    assert shown == "".join(f"{one['sign']} {one['line']}\n" for one in lines)


def test_the_cured_file_is_one_that_check_reads(cured: "tuple[subprocess.CompletedProcess[bytes], Path]") -> None:
    network = read_network(str(cured[1]))
    assert [layer.config.get("activation") for layer in network.layers if layer.kind == "Dense"] == ["tanh", "linear"]
    assert network.optimizer is not None
    assert network.optimizer.iterations


def test_what_does_nothing_ends_with_1_and_standard_input_will_do(tmp_path: Path) -> None:
    data = Path(THREE_POINTS[1]).read_text()
    words = ("--rule", "lower-learning-rate", "--budget", "20 epochs", "--seeds", "1")
    done = shell.run(tmp_path, "treat", THREE_POINTS[0], "-", *words, given=data, COLUMNS="80")
    assert done.status == 1, done
    told = done.out
    assert "refuted" in told
    assert "standard input" in told
    assert "- optimizer=Adam(1e-05)" in told
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "mlpdoctor treat MODEL DATA"),
        (THREE_POINTS[:1], "needs data"),
        ((*THREE_POINTS, "--budget", "soon"), "such as 60s, 5m"),
        ((*THREE_POINTS, "-o", "cured.h5"), "ends in it"),
        ((*THREE_POINTS, "-o", "/no/such/folder/cured.keras"), "does not exist"),
        ((*THREE_POINTS, "--rule", "no-such-thing"), "neither a rule nor a treatment"),
    ],
)
def test_what_cannot_be_done_ends_with_2_in_one_line(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    assert message in shell.run(tmp_path, "treat", *words).line


def test_without_keras_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_KERAS)
    for words in (("treat", *THREE_POINTS), ("check", *THREE_POINTS, "--confirm")):
        done = run(*words, PYTHONPATH=str(tmp_path))
        assert 'pip install "mlpdoctor[tensorflow]"' in done.stderr.decode()
        assert done.returncode == (2 if words[0] == "treat" else 1)
        assert bool(done.stdout) == (words[0] == "check")


def test_check_confirms_its_first_finding(tmp_path: Path) -> None:
    words = ("--confirm", "--budget", "3000 epochs", "--format", "json")
    done = shell.run(tmp_path, "check", *THREE_POINTS, *words)
    assert done.status == 1, done
    told = json.loads(done.out)
    assert "Tried: give dense the activation tanh" in told["findings"][0]["why"]


def test_a_budget_is_for_confirming(tmp_path: Path) -> None:
    assert "--confirm" in shell.run(tmp_path, "check", *THREE_POINTS, "--budget", "60s").line


def test_the_schema_of_treat_is_printed(tmp_path: Path) -> None:
    assert json.loads(shell.run(tmp_path, "schema", "treat").out) == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_ctrl_c_ends_with_130_and_keeps_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Experiment.one
    tried: list[tuple[Candidate, ...]] = []

    def one(experiment: Experiment, candidates: tuple[Candidate, ...]) -> CompletedTrial | str:
        if tried:
            raise KeyboardInterrupt
        tried.append(candidates)
        return whole(experiment, candidates)

    monkeypatch.setattr(Experiment, "one", one)
    words = ("--budget", "3000 epochs", "--seeds", "1", "-o", "cured.keras", "--format", "json")
    done = shell.run(tmp_path, "treat", *THREE_POINTS, *words)
    assert done.status == 130
    told = json.loads(done.out)
    assert told["interrupted"]
    assert [trial["verdict"] for trial in told["trials"]] == ["confirmed"]
    assert [path.name for path in tmp_path.iterdir()] == ["cured.keras"]
    assert read_network(str(tmp_path / "cured.keras")).optimizer is not None


def test_markdown_has_a_table_and_the_change(tmp_path: Path) -> None:
    words = ("--rule", "lower-learning-rate", "--budget", "3 epochs", "--seeds", "1", "--format", "markdown")
    done = shell.run(tmp_path, "treat", *THREE_POINTS, *words)
    assert "| lower-learning-rate | refuted |" in done.out
    assert "```diff\n- optimizer=Adam(1e-05)" in done.out
