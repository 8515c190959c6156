"""README is the manual: its commands, its table of rules and its paths are true."""

import re
import subprocess
from pathlib import Path

from paths import ROOT

from mlpdoctor.report.catalogue import rules

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_block_holds_the_two_commands_that_ci_runs() -> None:
    block = re.search(r"```console\n(.*?)```", README, re.DOTALL)
    assert block is not None
    lines = block[1].splitlines()
    assert len(lines) == 2
    assert all(line.startswith("$ python3 -m venv .venv && ") for line in lines)
    assert "mlpdoctor check fixtures/" in lines[0]
    assert "pytest" in lines[1]


def test_the_table_has_every_rule_with_its_own_words() -> None:
    rows = re.findall(r"^\| ([A-Z]\d{3}) \| (.+?) \| (.+?) \| (.+?) \|$", README, re.MULTILINE)
    assert rows == [(rule.code, rule.name, rule.severity.value, rule.summary) for rule in rules()]


def test_every_path_it_names_exists() -> None:
    paths = {path.rstrip("/*-.") for path in re.findall(r"(?:fixtures|tests|src|\.ci)/[\w./-]+", README)}
    assert paths
    missing = [path for path in paths if not (ROOT / path).exists() and not list(ROOT.glob(f"{path}*"))]
    assert not missing


def test_ci_runs_with_nothing_but_the_readme(tmp_path: Path) -> None:
    """The script reads the commands out of README, so a README without them must fail it."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text((ROOT / ".ci" / "run").read_text())
    (tmp_path / "README.md").write_text("# nothing\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "two commands" in done.stdout
