"""``-o report.html``, ``--open`` and ``--embed-json`` of every command that reports: one run, any number of files."""

import json
import re
import webbrowser
from pathlib import Path
from unittest.mock import Mock

import pytest
from paths import FIXTURES
from shell import patient, run

from mlpdoctor.diagnosis import diagnose
from mlpdoctor.report.html import extra

pytestmark = pytest.mark.slow  # pages are drawn

CHECK = ("check", "model.keras", "data.csv")
LOG = FIXTURES / "three-points" / "history.txt"
VERDICT = "The loss is stuck at 0.005676"


def embedded(page: str) -> dict[str, object]:
    (block,) = re.findall(r'<script type="application/json" id="mlpdoctor-json">(.*?)</script>', page, re.DOTALL)
    found: dict[str, object] = json.loads(block)
    return found


def test_several_files_cost_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(tmp_path)
    examined = Mock(wraps=diagnose.examine)
    monkeypatch.setattr(diagnose, "examine", examined)
    done = run(tmp_path, *CHECK, "-o", "r.html", "-o", "r.json", "--embed-json", "-q")
    assert (done.status, examined.call_count) == (1, 1)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert embedded(page) == json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert "What do the units do?" in page


def test_standard_output_is_a_page_too(tmp_path: Path) -> None:
    patient(tmp_path)
    done = run(tmp_path, *CHECK, "--format", "html")
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith("<!DOCTYPE html>")
    assert VERDICT in done.out


def test_a_curve_is_a_page(tmp_path: Path) -> None:
    done = run(tmp_path, "curve", LOG, "-o", "c.html", "-o", "c.json", "-q")
    told = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert done.status in (0, 1)
    assert f'data-at="/history/best">{told["history"]["best"]}' in page
    assert "What did training do?" in page


def test_a_gradient_check_is_a_page(tmp_path: Path) -> None:
    code = FIXTURES / "hand-written" / "cosine.py"
    (tmp_path / "net.py").write_bytes(code.read_bytes())
    done = run(tmp_path, "gradcheck", "net.py", "-o", "g.html", "-o", "g.json", "-o", "g.txt")
    assert done.status == 1
    told = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))
    page = (tmp_path / "g.html").read_text(encoding="utf-8")
    assert f'value="{told["arrays"][0]["cosine"]!r}" data-at="/arrays/0/cosine"' in page
    assert "The gradient is wrong" in (tmp_path / "g.txt").read_text(encoding="utf-8")


def test_the_page_is_shown_in_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(tmp_path)
    opened = Mock(return_value=True)
    monkeypatch.setattr(webbrowser, "open", opened)
    assert run(tmp_path, *CHECK, "-o", "r.html", "--open", "-q").err == ""
    opened.assert_called_once_with((tmp_path / "r.html").resolve().as_uri())
    run(tmp_path, *CHECK, "--open", "-q")
    assert VERDICT in Path(opened.call_args.args[0].removeprefix("file://")).read_text(encoding="utf-8")
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    assert "no browser was found; the page is" in run(tmp_path, *CHECK, "--open", "-q").err


def test_what_means_nothing_is_told(tmp_path: Path) -> None:
    patient(tmp_path)
    line = run(tmp_path, *CHECK, "--embed-json").line
    assert line == "mlpdoctor: --embed-json puts the JSON into a page: give --format html, -o report.html or --open"


@pytest.mark.parametrize(
    "words",
    [(*CHECK, "-o", "r.html"), ("curve", LOG, "--format", "html"), ("treat", "model.keras", "data.csv", "--open")],
)
def test_a_missing_library_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...]
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    line = run(tmp_path, *words).line
    assert line.endswith(
        'an HTML report needs Jinja2 and Matplotlib, which are not installed: pip install "mlpdoctor[html]"'
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("treat", "model.keras", "data.csv", "-o", "r.sarif"), "trials are written as .html, .json, .md or .txt"),
        (("treat", "model.keras", "data.csv", "-o", "a.keras", "-o", "b.keras"), "the model goes to one file"),
        (("gradcheck", "net.py", "-o", "r.md"), "a gradient check is written as .html, .json or .txt"),
    ],
)
def test_a_format_that_a_result_has_not_is_told(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    patient(tmp_path)
    assert said in run(tmp_path, *words).line
