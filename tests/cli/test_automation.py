"""What other programs start: the hook, the action, shell completion, and the one-liners for jq."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import manual
import pytest
import yaml
from paths import ROOT
from shell import patient, run

from mlpdoctor.cli.main import MODULES
from mlpdoctor.report.catalogue import rules

pytestmark = pytest.mark.slow  # processes of their own

ACTION = ROOT / ".github" / "actions" / "check" / "action.yml"
JQ = re.compile(r"^(mlpdoctor check model\.keras data\.csv --format json \| jq .*?)(?:\s{2,}#.*)?$", re.MULTILINE)
ONE_LINERS = [
    "mlpdoctor check model.keras data.csv --format json | jq -r .verdict",
    "mlpdoctor check model.keras data.csv --format json | jq '.findings[] | {code, layer, severity}'",
    "mlpdoctor check model.keras data.csv --format json | jq -r '.findings[0].fix.code'",
    "mlpdoctor check model.keras data.csv --format json | jq '.ladder.rungs | map({(.name): .value}) | add'",
    "mlpdoctor check model.keras data.csv --format json | jq -e 'all(.findings[]; .certainty != \"proved\")'",
]


@pytest.fixture
def path(tmp_path: Path) -> dict[str, str]:
    """An environment in which ``mlpdoctor`` and ``python`` are this project's."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, words in (("mlpdoctor", "-m mlpdoctor"), ("python", "")):
        (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (tools / name).chmod(0o755)
    return {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}


def bash(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def in_the_manual() -> list[str]:
    return [line for page in manual.pages() for line in JQ.findall(manual.read(page))]


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize("line", sorted({*ONE_LINERS, *in_the_manual()}))
def test_one_liners_work_as_written(tmp_path: Path, path: dict[str, str], line: str) -> None:
    patient(tmp_path)
    done = bash(f"set +o pipefail; {line}", tmp_path, path)
    assert not done.stderr
    assert done.stdout
    assert done.returncode == (1 if "jq -e" in line else 0)
    assert "null" not in done.stdout.splitlines()


def test_the_hook_runs_a_command_that_exists() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, command = hook["entry"].split()
    assert (program, hook["language"]) == ("mlpdoctor", "python")
    assert command in MODULES
    assert re.search(hook["files"], "models/a.keras")
    assert not re.search(hook["files"], "models/a.keras.csv")
    assert hook["require_serial"]


def steps() -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]}


def test_the_action_has_what_actions_have() -> None:
    whole = yaml.safe_load(ACTION.read_text())
    assert whole["runs"]["using"] == "composite"
    assert all(step.get("uses") or step["shell"] == "bash" for step in steps().values())
    assert all(text.get("description") for kind in ("inputs", "outputs") for text in whole[kind].values())
    used = set(re.findall(r"inputs\.([\w-]+)", ACTION.read_text()))
    assert used == set(whole["inputs"])
    for step in steps().values():
        assert "${{" not in step.get("run", ""), "an input in a script is a way in for other people's commands"


def step(name: str, folder: Path, path: dict[str, str], **variables: str) -> tuple[int, dict[str, str], str]:
    """Run a step as GitHub does; status, outputs, and what it printed."""
    outputs = folder / "outputs"
    outputs.touch()
    defaults = dict.fromkeys(steps()[name].get("env", {}), "")
    files = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    done = bash(steps()[name]["run"], folder, {**path, **defaults, **files, **variables})
    found = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return done.returncode, found, done.stdout + done.stderr


def test_the_action_checks_annotates_and_summarises(tmp_path: Path, path: dict[str, str]) -> None:
    patient(tmp_path, "models/a b.keras")
    patient(tmp_path, "models/well.keras", "three-points-sigmoid")
    status, found, printed = step(
        "Check the models",
        tmp_path,
        path,
        MODELS="models/*.keras\n",
        DATA="data.csv",
        SARIF="r.github.sarif",
        PAGE="r.html",
    )
    assert (status, found) == (0, {"status": "1"})
    assert "::error file=models/a b.keras" in printed
    assert "a b.keras" in (tmp_path / "summary.md").read_text()
    assert json.loads((tmp_path / "r.github.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "r.html").read_text().startswith("<!DOCTYPE html>")


def test_the_action_links_the_page_that_it_uploads(tmp_path: Path, path: dict[str, str]) -> None:
    upload = steps()["Upload the report as a page"]
    assert upload["uses"] == "actions/upload-artifact@v4"
    assert upload["with"]["path"] == "${{ inputs.page }}"
    status, _, printed = step("Link the page in the summary", tmp_path, path, ADDRESS="https://example.org/a/1")
    assert (status, printed) == (0, "")
    assert (tmp_path / "summary.md").read_text() == "\n[The report as a page](https://example.org/a/1)\n"


def test_the_action_passes_options_on_and_does_not_run_what_it_is_given(tmp_path: Path, path: dict[str, str]) -> None:
    patient(tmp_path)
    status, found, printed = step(
        "Check the models",
        tmp_path,
        path,
        MODELS="model.keras\n$(touch owned)",
        SARIF="r.github.sarif",
        ARGS="--fail-on never --select A",
    )
    assert (status, found["status"]) == (0, "2")
    assert "$(touch owned)" in printed
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("status", ["0", "1", "2"])
def test_the_action_ends_with_the_status_of_the_check(tmp_path: Path, path: dict[str, str], status: str) -> None:
    assert step("Pass the status on", tmp_path, path, STATUS=status)[0] == int(status)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_completion_script_for_each_shell(shell: str, path: dict[str, str], tmp_path: Path) -> None:
    done = bash("mlpdoctor", tmp_path, {**path, "_MLPDOCTOR_COMPLETE": f"{shell}_source"})
    assert done.returncode == 0
    assert f"_MLPDOCTOR_COMPLETE={shell}_complete" in done.stdout


def completed(folder: Path, path: dict[str, str], *words: str) -> set[str]:
    variables = {
        "_MLPDOCTOR_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    done = bash("mlpdoctor", folder, {**path, **variables})
    assert not done.stderr
    return {line.partition(",")[2] for line in done.stdout.splitlines()}


def test_rules_options_and_thresholds_are_completed(tmp_path: Path, path: dict[str, str]) -> None:
    assert "dead-relu" in completed(tmp_path, path, "mlpdoctor", "explain", "de")
    names = {rule.code for rule in rules() if rule.code.startswith("D70")}
    assert completed(tmp_path, path, "mlpdoctor", "explain", "d70") == names
    assert "--fail-on" in completed(tmp_path, path, "mlpdoctor", "check", "--fa")
    assert "A101,dead-relu" in completed(tmp_path, path, "mlpdoctor", "check", "--select", "A101,dead")
    assert "dead-relu.tolerated=" in completed(tmp_path, path, "mlpdoctor", "check", "--set", "dead-r")
    assert {"config", "check"} <= completed(tmp_path, path, "mlpdoctor", "c")
    assert completed(tmp_path, path, "mlpdoctor", "docs", "l") == {"ladder", "limits", "losses"}


def test_bash_itself_completes(tmp_path: Path, path: dict[str, str]) -> None:
    """The script that click writes, loaded by a real shell."""
    script = (
        'eval "$(_MLPDOCTOR_COMPLETE=bash_source mlpdoctor)"; COMP_WORDS=(mlpdoctor explain dead); COMP_CWORD=2; '
        '_mlpdoctor_completion mlpdoctor dead explain; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = bash(script, tmp_path, path)
    assert "dead-relu" in done.stdout.split(), done.stderr


def test_the_configurations_in_the_manual_are_understood(tmp_path: Path) -> None:
    shown = [text for page in manual.pages() for kind, text in manual.blocks(manual.read(page)) if kind == "toml"]
    assert shown
    for text in shown:
        (tmp_path / "pyproject.toml").write_text(text)
        assert run(tmp_path, "config").status == 0
