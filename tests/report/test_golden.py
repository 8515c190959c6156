"""Every format as it was approved, the same bytes in every process, and its suffix."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from report_cases import CASES, UNREAD, awkward, of_fixture

from mlpdoctor.report.formats import FORMATS, of_suffix

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {name: form.suffixes[-1] if form.suffixes else f".{name}.txt" for name, form in FORMATS.items()}
ENDINGS.pop("html")  # its drawings change with Matplotlib; ``test_html`` has what is to stay
TINY = 1e-9
"""Numbers below it are rounding errors, which differ from one processor to the next."""


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def steady(value: Any) -> Any:  # noqa: ANN401  JSON
    """What must not change without a reader: numbers to six digits; no time, no version, no pages, no quiet checks."""
    if isinstance(value, float):
        return 0.0 if abs(value) < TINY else float(f"{value:.6g}") if math.isfinite(value) else value
    if isinstance(value, list):
        kept = [item for item in value if not (isinstance(item, dict) and item.get("kind") == "notApplicable")]
        return [steady(item) for item in kept]
    if isinstance(value, dict):
        return {
            name: steady(item) for name, item in value.items() if name not in {"timing", "rules", "ruleIndex", "checks"}
        }
    return value


def approved(form: str, text: str) -> str:
    """The part of an output that is kept."""
    if form in {"json", "sarif", "code-scanning"}:
        return json.dumps(steady(json.loads(text)), indent=1, ensure_ascii=False) + "\n"
    if form == "brief":
        return "".join(f"{json.dumps(steady(json.loads(line)), ensure_ascii=False)}\n" for line in text.splitlines())
    return text


def compare(name: str, text: str, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / name
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("form", [form for form in ENDINGS if form != "code-scanning"])
@pytest.mark.parametrize("name", CASES)
def test_a_report_is_as_approved(name: str, form: str, request: pytest.FixtureRequest) -> None:
    """Update with ``pytest tests/report --update-golden`` and read the difference before committing it."""
    text = FORMATS[form].render([of_fixture(name)])
    if form == "junit":  # a line for each check that passed says nothing about the format
        text = "".join(line for line in text.splitlines(keepends=True) if not line.endswith('.keras" />\n'))
    compare(f"{name}{ENDINGS[form]}", approved(form, text), request)


@pytest.mark.parametrize("form", ENDINGS)
def test_an_awkward_report_is_as_approved(form: str, request: pytest.FixtureRequest) -> None:
    """The awkward one beside a model that could not be read, without the checks that passed."""
    text = FORMATS[form].render([awkward("na|me")], [UNREAD])
    if form == "junit":
        text = "".join(line for line in text.splitlines(keepends=True) if not line.endswith('.keras" />\n'))
    compare(f"awkward{ENDINGS[form]}", approved(form, text), request)


def test_no_golden_output_is_left_behind() -> None:
    expected = {f"{name}{end}" for name in CASES for form, end in ENDINGS.items() if form != "code-scanning"}
    expected |= {f"awkward{end}" for end in ENDINGS.values()}
    assert {path.name for path in GOLDEN.iterdir()} == expected


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_ends_in_one_line_break_and_has_no_idle_blanks(form: str) -> None:
    text = FORMATS[form].render([awkward()], [UNREAD])
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_but_an_empty_report_comes_of_nothing(form: str) -> None:
    assert isinstance(FORMATS[form].render([]), str)


WRITER = """
import sys
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report.formats import FORMATS

report = diagnose(Question("fixtures/four-relu-sine/model.keras", "fixtures/four-relu-sine/data.csv.gz"))
for form in FORMATS:
    text = FORMATS[form].render([report])
    sys.stdout.buffer.write((text.partition('"timing"')[0] if form == "json" else text).encode())
"""


@pytest.mark.slow
def test_two_processes_write_the_same_bytes() -> None:
    """Python draws another hash seed for each, so that the order of a set would show."""
    outputs = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", WRITER], capture_output=True, env=environment, check=True)
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) > 50_000


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("report.json", "json"),
        ("a/b.SARIF", "sarif"),
        ("report.sarif.json", "sarif"),
        ("report.github.sarif", "code-scanning"),
        ("junit.xml", "junit"),
        ("README.md", "markdown"),
        ("x.markdown", "markdown"),
        ("report.txt", None),
        ("json", None),
        ("", None),
    ],
)
def test_the_suffix_tells_the_format(file: str, form: str | None) -> None:
    found = of_suffix(file)
    assert (found.name if found else None) == form
