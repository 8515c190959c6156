"""What GitHub and pre-commit start: the files are sound, and the commands in them exist and are CONTRIBUTING's."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from os import X_OK, access
from pathlib import Path
from typing import Any

import pytest
import yaml
from paths import ROOT

GITHUB = ROOT / ".github"
WORKFLOW = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
CONTRIBUTING = (GITHUB / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
VERSIONS = ["3.11", "3.12", "3.13", "3.14"]


def started() -> Iterator[str]:
    """Every command that the workflow and the hooks start."""
    for job in WORKFLOW["jobs"].values():
        yield from (step["run"] for step in job["steps"] if "run" in step)
    yield from (hook["entry"] for repo in HOOKS for hook in repo["hooks"])


def quick() -> str:
    """The command of the quick tests, from CONTRIBUTING's table."""
    (command,) = re.findall(r"^\| quick tests \| `(.+)` \|$", CONTRIBUTING, re.MULTILINE)
    return str(command)


@pytest.mark.parametrize("command", sorted(set(started())))
def test_every_command_exists(command: str) -> None:
    first, *rest = shlex.split(command)
    if first == "python":
        assert rest[0] == "-m"
        assert find_spec(rest[1]) is not None
    else:
        assert access(ROOT / first, X_OK)
    for extra in re.findall(r"\[(\w+)\]", command):
        assert extra in PROJECT["optional-dependencies"]


def test_markers_that_commands_select_by_are_registered(request: pytest.FixtureRequest) -> None:
    known = {line.partition(":")[0].partition("(")[0] for line in request.config.getini("markers")}
    expressions = [text for command in started() for text in re.findall(r' -m "([^"]+)"', command)]
    assert expressions
    assert {word for text in expressions for word in re.findall(r"\w+", text)} - {"not", "and", "or"} <= known


def test_linux_runs_everything() -> None:
    whole = WORKFLOW["jobs"]["whole"]
    assert whole["runs-on"] == "ubuntu-latest"
    assert [step["run"] for step in whole["steps"] if "run" in step] == [".ci/run"]


def test_the_quick_tests_run_on_three_systems_and_every_python() -> None:
    job = WORKFLOW["jobs"]["quick"]
    matrix = job["strategy"]["matrix"]
    assert job["runs-on"] == "${{ matrix.os }}"
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"] == VERSIONS
    (setup,) = (step for step in job["steps"] if step["name"] == "Set up Python")
    assert setup["with"]["python-version"] == "${{ matrix.python }}"
    assert job["steps"][-1]["run"] == quick()


def test_the_versions_tested_are_those_that_are_promised() -> None:
    said = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", name)]
    assert said == VERSIONS
    assert PROJECT["requires-python"] == f">={VERSIONS[0]}"


def test_what_the_quick_tests_install_leaves_tensorflow_out() -> None:
    extras = PROJECT["optional-dependencies"]
    assert not [one for one in extras["test"] if re.match("tensorflow|keras", one)]
    assert "mlpdoctor[html,tensorflow,test]" in extras["dev"]


def test_the_workflow_may_read_and_nothing_else() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    triggers = WORKFLOW[True]  # YAML 1.1 reads the key "on" as a truth value
    assert set(triggers) == {"push", "pull_request"}
    for job in WORKFLOW["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)


def test_the_hooks_are_lint_format_types_and_quick_tests() -> None:
    (local,) = HOOKS
    assert local["repo"] == "local"
    hooks = {hook["id"]: hook for hook in local["hooks"]}
    assert list(hooks) == ["lint", "format", "types", "quick-tests"]
    assert hooks["quick-tests"]["entry"] == quick()
    assert all(hook["language"] == "system" for hook in hooks.values())
    for name in ("types", "quick-tests"):
        assert hooks[name]["pass_filenames"] is False
        assert re.search(hooks[name]["files"], "src/mlpdoctor/cli/main.py")


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_asks_for_something(form: Path) -> None:
    whole: dict[str, Any] = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(whole)
    asked = [part for part in whole["body"] if part["type"] != "markdown"]
    assert all(part["type"] in ("textarea", "input") and part["attributes"]["label"] for part in asked)
    assert len({part["id"] for part in asked}) == len(asked)
    assert any(part.get("validations", {}).get("required") for part in asked)


def test_commands_that_forms_name_exist() -> None:
    from mlpdoctor.cli.main import MODULES

    text = "".join(form.read_text(encoding="utf-8") for form in FORMS)
    named = re.findall(r"`mlpdoctor ([\w-]+)", text)
    assert {"check", "--version"} == set(named)
    assert "check" in MODULES


def test_contributing_is_one_page_and_its_paths_exist() -> None:
    assert len(CONTRIBUTING.splitlines()) <= 100
    named = re.findall(r"`(?:python )?((?:src|tests|fixtures|\.ci|\.github)/[\w./-]*)", CONTRIBUTING)
    linked = re.findall(r"\]\(\.\./([\w./-]+)\)", CONTRIBUTING)
    assert len(named) > 5
    assert [path for path in [*named, *linked] if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    "word", ["experiment", "variant", "run group", "case", "finding", "rung", "loss position", "suppression", "logits"]
)
def test_the_words_are_explained(word: str) -> None:
    terms = re.findall(r"^\| ([^|`]+) \| .+ \|$", CONTRIBUTING, re.MULTILINE)
    assert word in {part.strip() for line in terms for part in line.split(",")}
