"""README's table of rules and its help are what the tool prints; ``--update-golden`` writes them anew."""

import os
import re
import subprocess
import sys

import pytest
from paths import ROOT

from mlpdoctor.report import rules_table
from mlpdoctor.report.catalogue import rules

README = ROOT / "README.md"
TABLE = re.compile(r"^\| code \| name \| .*\n(?:\|.*\n)+", re.MULTILINE)
HELP = re.compile(r"^```text\n(Usage: mlpdoctor ?(\w*).*?\n)```$", re.MULTILINE | re.DOTALL)


def helped(command: str) -> str:
    words = [sys.executable, "-m", "mlpdoctor", *([command] if command.islower() else []), "--help"]
    environment = {**os.environ, "COLUMNS": "80"}
    return subprocess.run(words, capture_output=True, text=True, env=environment, check=True).stdout


def fresh(readme: str) -> str:
    """README with what is generated in it generated again."""
    table = TABLE.sub(lambda _: rules_table.as_markdown(rules()), readme)
    return HELP.sub(lambda found: f"```text\n{helped(found[2])}```", table)


def test_the_table_of_rules_and_the_help_are_fresh(request: pytest.FixtureRequest) -> None:
    """Update with ``pytest tests/report/test_generated_readme.py --update-golden``."""
    readme = README.read_text(encoding="utf-8")
    if request.config.getoption("--update-golden"):
        README.write_text(readme := fresh(readme), encoding="utf-8")
    assert len(TABLE.findall(readme)) == 1
    assert {"", "check"} <= {command for _, command in HELP.findall(readme)}
    assert readme == fresh(readme)


def test_what_is_stale_is_noticed() -> None:
    stale = "# x\n\n| code | name | up to | what it sees |\n|---|---|---|---|\n| A101 | old | error | Old. |\n\ny\n"
    stale += "\n```text\nUsage: mlpdoctor [OPTIONS] COMMAND [ARGS]...\n\nold\n```\n"
    mended = fresh(stale)
    assert "| A101 | missing-nonlinearity | error |" in mended
    assert "Say why a neural network's loss is stuck" in mended
    assert mended.startswith("# x\n\n| code |")
    assert "\n\ny\n" in mended
