"""What a screen gets that cannot say every character, and what no screen gets: bytes that would steer it."""

import io
import re

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from report_cases import HOSTILE, UNREAD, awkward, fixtures, of_fixture
from rich.console import Console

from mlpdoctor.core.report_model import Report
from mlpdoctor.core.text import short
from mlpdoctor.report import rule_page
from mlpdoctor.report.catalogue import rules
from mlpdoctor.report.terminal.layout import plain, plain_parts
from mlpdoctor.report.terminal.report import TerminalReport, TerminalSummary

COPIED = r" +((do|test it|explain) +)?(mlpdoctor |Dense\(|df = |sklearn\.|# and|[\w.]+\(|\w+ = \w+[.(])"
"""How lines of code and commands begin."""
ENCODINGS = ("utf-8", "cp1252", "cp437", "ascii", "latin-1", "cp932", "koi8-r")


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def printed(*parts: object, encoding: str = "utf-8", width: int = 80) -> str:
    """What a screen of that encoding receives; it refuses what it cannot say."""
    received = io.BytesIO()
    screen = io.TextIOWrapper(received, encoding=encoding, errors="strict", newline="\n")
    console = Console(file=screen, width=width, color_system=None, markup=False, emoji=False, highlight=False)
    console.print(*parts, crop=False)
    screen.flush()
    return received.getvalue().decode(encoding)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_screen_gets_every_report(encoding: str) -> None:
    for report in (*fixtures(), awkward("größe 中文 ±²\udcff")):
        assert report.path in printed(TerminalReport(report, verbose=True), encoding=encoding, width=200)
    printed(TerminalSummary([awkward("größe 中文 ±²\udcff")], [UNREAD]), encoding=encoding)


@pytest.mark.parametrize(("encoding", "block"), [("utf-8", "█"), ("cp437", "█"), ("cp1252", "#"), ("ascii", "#")])
def test_bars_are_made_of_what_there_is(encoding: str, block: str) -> None:
    assert block * 16 in printed(TerminalReport(of_fixture("three-points")), encoding=encoding, width=100)


def test_plus_and_minus_are_spelt_in_ascii_alone() -> None:
    report = of_fixture("healthy-linear")
    assert report.ladder is not None
    bar = short(next(rung.error for rung in report.ladder.rungs if rung.error is not None), 2)
    for encoding, sign in (("utf-8", "±"), ("cp1252", "±"), ("ascii", "+/-")):
        assert f" {sign} {bar}" in printed(TerminalReport(report), encoding=encoding)


@given(st.text(), st.sampled_from(ENCODINGS))
def test_plain_text_can_be_said_and_steers_nothing(text: str, encoding: str) -> None:
    said = plain(text, encoding)
    said.encode(encoding)
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 or one in "\u202e\u2028\u2029" for one in said)
    assert plain(said, encoding) == said


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)), st.sampled_from(ENCODINGS))
def test_plain_ascii_stays(text: str, encoding: str) -> None:
    assert plain(text, encoding) == text


def test_a_report_that_can_be_said_stays_as_it_is() -> None:
    report = of_fixture("healthy-linear")
    assert plain_parts(report, "utf-8") == report


def test_only_code_keeps_its_lines() -> None:
    finding = awkward("a\nb").findings[0]
    assert finding.evidence.remedy is not None
    assert finding.message == "a\\nb is odd"
    assert finding.evidence.remedy.code == 'Dense(3, name="a\nb")\n# and so on ```'


def test_no_name_reaches_the_screen_as_a_command() -> None:
    text = printed(TerminalReport(awkward(HOSTILE), verbose=True))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31m" in text.replace("\n", "")


@pytest.mark.slow
@settings(max_examples=examples(20), deadline=None)
@given(st.text("abc [/]:red \U0001f600", min_size=1))
def test_brackets_in_names_are_no_markup(name: str) -> None:
    assert name.split()[:1] == [] or name.split(maxsplit=1)[0] in printed(
        TerminalReport(awkward(f"{name} x")), width=200
    )


@pytest.mark.slow
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    reports: list[Report] = [*fixtures(), awkward("n" * 300), awkward("word " * 60)]
    for part in (*(TerminalReport(report, verbose=True) for report in reports), TerminalSummary(reports, [UNREAD])):
        for encoding in ("utf-8", "ascii"):
            assert max(map(len, prose_of(printed(part, encoding=encoding, width=width)))) <= width


def prose_of(text: str) -> list[str]:
    """The lines of a report without those to be copied, which are never broken."""
    return [line for line in text.splitlines() if not re.match(COPIED, line)]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_pages_and_the_table_of_rules_fit(width: int) -> None:
    for parts in (*(iter([rule_page.RulePage(rule)]) for rule in rules()), iter([rule_page.as_table(rules())])):
        text = printed(*parts, encoding="ascii", width=width)
        assert max(map(len, text.splitlines())) <= width


def test_the_list_of_rules_breaks_words_under_words() -> None:
    text = printed(rule_page.as_table(rules()), width=100)
    lines = [line.split() for line in text.splitlines() if line[0] != " "]
    assert [line[:3] for line in lines] == [[rule.code, rule.name, rule.severity.value] for rule in rules()]
    assert " ".join(text.split()) == " ".join(f"{r.code} {r.name} {r.severity} {r.summary}" for r in rules())


def test_what_is_hidden_is_counted_and_listed_when_asked() -> None:
    brief = printed(TerminalReport(awkward("name")))
    long = printed(TerminalReport(awkward("name"), verbose=True))
    assert "hidden      1 finding suppressed (known since May, name)" in brief
    assert "D702" not in brief
    assert "suppressed: D702 unscaled-inputs (known since May, name)" in long


def test_numbers_of_findings_have_no_gaps_where_some_are_hidden() -> None:
    text = printed(TerminalReport(awkward("name")))
    heads = [line.split()[:3] for line in text.splitlines() if line[2:3].isdigit()]
    assert heads == [
        ["1", "error", "A101"],
        ["2", "warning", "U401"],
    ]
    assert "also seen, following from 1: L501 no-better-than-linear (-v shows it)" in text
    assert "also noted: D704 constant-feature ×2 (-v shows them)" in text  # noqa: RUF001


def test_all_that_is_folded_is_shown_when_asked() -> None:
    text = printed(TerminalReport(awkward("name"), verbose=True))
    heads = [line.split()[:3] for line in text.splitlines() if line[2:3].isdigit()]
    assert [code for _, _, code in heads] == ["A101", "L501", "U401", "D704", "D704"]
    assert [number for number, _, _ in heads] == ["1", "2", "3", "4", "5"]
    assert "follows from 1; fix that first" in text
    assert "also" not in text


def test_the_summary_says_what_it_comes_to() -> None:
    text = " ".join(printed(TerminalSummary([awkward("name"), of_fixture("healthy-linear")], [UNREAD])).split())
    for word in ("unread", "error", "note", "1 model could not be read", "3 models, 2 errors, 1 warning"):
        assert word in text
