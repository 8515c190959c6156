"""The scaffold for a new rule: what it writes is clean, is found, and its tests fail until they are filled in."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from paths import FIXTURES, ROOT

pytestmark = pytest.mark.slow  # processes of their own

WRITES = ("src/mlpdoctor/checks", "tests/checks", "tests/measure/cases", "tests/new_rule.py")
SKELETONS = {
    "test_it_fires",
    "test_it_stays_quiet",
    "test_false_alarm_a_design_that_looks_like_it",
    "test_the_threshold_decides",
}


def copied(folder: Path, *names: str) -> Path:
    """A copy of parts of the checkout."""
    junk = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=junk)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def python(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a copy, with the copy's package."""
    variables = {**os.environ, "PYTHONPATH": str(root / "src")}
    return subprocess.run(
        [sys.executable, *words], cwd=root, env=variables, capture_output=True, text=True, check=False
    )


def written(root: Path) -> dict[str, str]:
    """All sources, to see what changed."""
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*.py")}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that the scaffold reads."""
    return copied(tmp_path_factory.mktemp("small"), *WRITES)


@pytest.fixture(scope="module")
def scaffolded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    """A copy of the checkout with one rule more, and the files that changed."""
    root = copied(tmp_path_factory.mktemp("scaffolded"), "src", "tests", "pyproject.toml")
    before = written(root)
    done = python(root, "tests/new_rule.py", "wide-waist", "A108")
    assert (done.returncode, done.stderr) == (0, "")
    after = written(root)
    changed = tuple(sorted(name for name in after if before.get(name) != after[name]))
    assert all(name in done.stdout for name in changed)
    return root, changed


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("dead-relu", "U499"), "the name dead-relu is taken: there is src/mlpdoctor/checks/units/dead_relu.py"),
        (("no-activation", "A199"), "the name no-activation is taken: tests/measure/cases/architecture.py has"),
        (("Wide-Waist", "A199"), "the name 'Wide-Waist' does not fit: small letters"),
        (("../wide", "A199"), "the name '../wide' does not fit: small letters"),
        (("wide_waist", "A199"), "the name 'wide_waist' does not fit: small letters"),
        (("class", "A199"), "the name 'class' does not fit: Python"),
        (("check", "A199"), "the name 'check' does not fit: Python"),
        (("wide-waist", "A101"), "the code A101 is taken; the next that is free is A1"),
        (("wide-waist", "A208"), "the code A208 does not fit: those of architecture begin with A1"),
        (("wide-waist", "Z100"), "no family has the letter Z; there are A, D, G, H, L, O, U, W"),
        (("wide-waist", "a199"), "the code 'a199' does not fit: a letter and three digits, such as A1"),
        (("wide-waist",), "give a name and a code"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(words: tuple[str, ...], reason: str, small: Path) -> None:
    before = written(small)
    done = python(small, "tests/new_rule.py", *words)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith(f"new_rule: {reason}")
    assert written(small) == before


@pytest.mark.parametrize("letter", "ADGHLOUW")
def test_every_family_takes_one_more(letter: str, tmp_path: Path) -> None:
    root = copied(tmp_path, *WRITES)
    refused = python(root, "tests/new_rule.py", "a-new-fault", f"{letter}000")
    (block,) = re.findall(r"begin with (\w\d)$", refused.stderr.strip())
    done = python(root, "tests/new_rule.py", "a-new-fault", f"{block}99")
    assert done.returncode == 0, done.stderr
    assert f'@patient("{block}99")' in "".join(written(root / "tests" / "measure").values())


def test_it_writes_a_check_its_tests_and_a_case(scaffolded: tuple[Path, tuple[str, ...]]) -> None:
    assert scaffolded[1] == (
        "src/mlpdoctor/checks/architecture/wide_waist.py",
        "tests/checks/test_wide_waist.py",
        "tests/measure/cases/architecture.py",
    )


def test_lint_format_and_types_are_clean(scaffolded: tuple[Path, tuple[str, ...]]) -> None:
    root, changed = scaffolded
    for words in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        done = python(root, "-m", *words, *changed)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_rule_is_listed_and_stays_quiet(scaffolded: tuple[Path, tuple[str, ...]]) -> None:
    root, _ = scaffolded
    assert re.search(r"^A108 +wide-waist +warning", python(root, "-m", "mlpdoctor", "rules").stdout, re.MULTILINE)
    assert "tolerated = 0" in python(root, "-m", "mlpdoctor", "explain", "wide-waist").stdout
    files = [str(FIXTURES / "three-points" / name) for name in ("model.keras", "data.csv")]
    done = python(root, "-m", "mlpdoctor", "check", *files, "--format", "json")
    (outcome,) = (one for one in json.loads(done.stdout)["checks"] if one["code"] == "A108")
    assert outcome["outcome"] == "passed"


def test_its_tests_fail_until_they_are_filled_in(scaffolded: tuple[Path, tuple[str, ...]]) -> None:
    """And its page has all headings, its file the right place: the catalogue's tests have nothing against it."""
    root, _ = scaffolded
    done = python(root, "-m", "pytest", "-q", "tests/checks/test_wide_waist.py", "tests/report/test_catalogue.py")
    assert set(re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)) == SKELETONS
    assert "error" not in done.stdout.splitlines()[-1]


def test_its_case_is_not_made_until_it_is_filled_in(scaffolded: tuple[Path, tuple[str, ...]]) -> None:
    root, _ = scaffolded
    script = (
        "import sys; sys.path.insert(0, 'tests/measure')\n"
        "from cases.load import load\nfrom cases.registry import PATIENTS\n"
        "load()\nPATIENTS['A108'].make(None)"
    )
    done = python(root, "-c", script)
    assert done.stderr.splitlines()[-1].startswith("NotImplementedError: train a model with the fault")
