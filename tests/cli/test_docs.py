"""``mlpdoctor docs``: the list, a page as its file for a pipe and set for a screen, and topics that are not there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT
from screen import ANSI, on_a_terminal
from shell import run

from mlpdoctor.cli.manual import ORDER, PAGES, topics

MARKUP = re.compile(r"^#+ |\*\*|\]\(|^\|", re.MULTILINE)


def screen(topic: str, columns: int = 80, **variables: str) -> str:
    """What a terminal shows of a page."""
    received = on_a_terminal([sys.executable, "-m", "mlpdoctor", "docs", topic], columns, **variables)
    return received.replace("\r", "")


def test_without_a_topic_all_are_listed(tmp_path: Path) -> None:
    done = run(tmp_path, "docs")
    assert (done.status, done.err) == (0, "")
    rows = [line.split(maxsplit=1) for line in done.out.splitlines() if line.startswith("  ")]
    assert dict(rows) == topics()
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize("topic", ORDER)
def test_a_pipe_gets_the_file_as_it_is(tmp_path: Path, topic: str) -> None:
    done = run(tmp_path, "docs", topic)
    assert (done.status, done.err) == (0, "")
    assert done.out == (PAGES / f"{topic}.md").read_text(encoding="utf-8")


def test_a_topic_is_known_in_capitals(tmp_path: Path) -> None:
    assert run(tmp_path, "docs", "LADDER").out == run(tmp_path, "docs", "ladder").out


def test_a_topic_that_is_not_there_is_one_line_with_what_was_meant(tmp_path: Path) -> None:
    assert run(tmp_path, "docs", "lader").line == "mlpdoctor: the manual has no topic 'lader'; did you mean ladder?"


@pytest.mark.parametrize("topic", ["zzz", "../README", "", "a\nb"])
def test_what_is_like_no_topic_is_sent_to_the_list(tmp_path: Path, topic: str) -> None:
    assert run(tmp_path, "docs", topic).line.endswith("; 'mlpdoctor docs' lists them all")


@pytest.mark.parametrize("topic", ["using", "ladder", "accuracy"])
def test_a_screen_gets_it_set_without_markup(topic: str) -> None:
    received = screen(topic)
    text = ANSI.sub("", received)
    assert received != text
    source = re.sub(r"```.*?```", "", (PAGES / f"{topic}.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert MARKUP.search(source)
    assert not MARKUP.search(text)
    headings = re.findall(r"^## (.*)$", source, re.MULTILINE)
    assert headings
    assert all(re.search(rf"^{re.escape(heading)} *$", text, re.MULTILINE) for heading in headings)


def test_code_keeps_its_lines_on_a_narrow_screen() -> None:
    text = ANSI.sub("", screen("ci", 60))
    blocks = re.findall(r"```yaml\n(.*?)```", (PAGES / "ci.md").read_text(encoding="utf-8"), re.DOTALL)
    assert max(len(line) for block in blocks for line in block.splitlines()) > 60
    lines = {line.rstrip() for line in text.splitlines()}
    assert all(line in lines for block in blocks for line in block.splitlines())


@pytest.mark.slow
def test_links_within_the_manual_say_what_to_type() -> None:
    text = " ".join(ANSI.sub("", screen("ci")).split())
    assert ".md" not in text.replace(".md, .markdown", "").replace(".md , .markdown", "")
    assert "What it can read: mlpdoctor docs files." in " ".join(ANSI.sub("", screen("using")).split())


@pytest.mark.slow
def test_no_color_leaves_no_colour() -> None:
    coloured = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert coloured.search(screen("ladder"))
    assert not coloured.search(screen("ladder", NO_COLOR="1"))


def test_a_screen_without_symbols_gets_ascii() -> None:
    text = screen("ladder", PYTHONIOENCODING="ascii")
    assert "# The loss ladder" in text
    assert ANSI.sub("", text).isascii()


def test_it_needs_nothing_heavy() -> None:
    script = "import sys, mlpdoctor.cli.manual as m; m.page('ladder'); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
