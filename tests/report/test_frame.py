"""The frame of the terminal report: the answer first, one thing to do, what follows in a line, nothing broken."""

import dataclasses
import io
import re
import shlex
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import ROOT
from report_cases import CASES, awkward, fixtures, of_fixture
from rich.cells import cell_len
from rich.console import Console

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.ladder import Ladder, Rung
from mlpdoctor.core.report_model import TRIED_FIRST, Report
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report import phrases
from mlpdoctor.report.terminal import curve_chart
from mlpdoctor.report.terminal.layout import from_the_left, wrapped
from mlpdoctor.report.terminal.report import TerminalReport

WIDTHS = (60, 80, 96, 120, 200)
LINES = {"three-points": 28, "numpy-cosine": 32}
"""Lines that are not blank, at 80 columns: a report that needs scrolling is not read."""


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def printed(report: Report, width: int = 80, *, verbose: bool = False) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, markup=False, emoji=False, highlight=False)
    with console.capture() as text:
        console.print(TerminalReport(report, verbose=verbose), crop=False)
    return [line.rstrip() for line in text.get().splitlines()]


@cache
def with_history() -> Report:
    files = (f"fixtures/three-points/{name}" for name in ("model.keras", "data.csv", "history.txt"))
    model, data, history = files
    return diagnose(Question(model, data, history=(history,)))


def copied(report: Report) -> list[str]:
    """All lines of code and commands that a report may show."""
    remedies = [f.evidence.remedy for f in report.findings if f.evidence.remedy is not None]
    codes = [line for remedy in remedies if remedy.code is not None for line in remedy.code.split("\n")]
    return codes + [shlex.join(words) for _, words in phrases.next_steps(report)]


@pytest.mark.parametrize("name", LINES)
def test_a_report_fits_on_a_screen(name: str) -> None:
    assert len([line for line in printed(of_fixture(name)) if line]) <= LINES[name]


def test_the_answer_comes_first_then_the_fix_then_the_ladder_then_the_cause() -> None:
    text = "\n".join(printed(with_history()))
    answer = ("model.keras", "data.csv", "history.txt", "The loss is stuck", "  do    Dense(10,", "  loss ladder")
    evidence = (
        "  training curve",
        "  1  error  A101",
        "also seen",
        "also noted",
        "  ruled out",
        "  test it",
        "  explain",
    )
    places = [text.index(part) for part in (*answer, *evidence)]
    assert places == sorted(places)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.series
def test_code_and_commands_are_in_one_piece_and_prose_fits(name: str, width: int) -> None:
    report = of_fixture(name)
    for verbose in (False, True):
        lines = printed(report, width, verbose=verbose)
        for _, words in phrases.next_steps(report):
            assert any(line.endswith(shlex.join(words)) or f"{shlex.join(words)}  " in line for line in lines)
        do = phrases.do(report)
        if do is not None and do.code is not None:
            assert f"  do    {do.code}" in lines
        for line in lines:
            assert len(line) <= width or line.endswith(tuple(copied(report))), line


@pytest.mark.parametrize("name", CASES)
def test_prose_is_no_wider_than_people_read(name: str) -> None:
    report = of_fixture(name)
    lines = printed(report, 250, verbose=True)
    start = next(place for place, line in enumerate(lines) if line.startswith("  loss ladder"))
    ladder = range(start, lines.index("", start))
    wide = [line for place, line in enumerate(lines) if len(line) > 96 and place not in ladder]
    assert all(line.endswith(tuple(copied(report))) for line in wide)


@pytest.mark.parametrize("name", CASES)
def test_all_is_there_with_v(name: str) -> None:
    report = of_fixture(name)
    text = " ".join(" ".join(printed(report, verbose=True)).split())
    for finding in report.findings:
        assert f"{finding.code} {finding.name}" in text
        assert " ".join(finding.message.split())[1:] in text
        assert " ".join(finding.evidence.why.split()) in text
    for outcome in report.outcomes:
        assert outcome.reason is None or " ".join(outcome.reason.split()) in text
    assert all(suspect.what in text for suspect in report.ruled_out)
    assert "checks" in text


def test_what_follows_is_one_line_under_its_cause() -> None:
    lines = printed(of_fixture("numpy-cosine"), 96)
    (line,) = [line for line in lines if "also seen" in line]
    assert line.startswith("     also seen, following from 1: ")
    assert "U402 saturated-units ×3" in line  # noqa: RUF001
    assert line.endswith("(-v shows them)")


def test_a_finding_says_how_sure_it_is_and_what_its_share_is_of() -> None:
    text = "\n".join(printed(of_fixture("three-points"), 120))
    assert "1  error  A101 missing-nonlinearity   proved, accounts for all of the loss that can be removed" in text
    finding = of_fixture("three-points").findings[0]
    half = dataclasses.replace(finding, evidence=dataclasses.replace(finding.evidence, explains=0.3678))
    assert phrases.sure(half) == "proved, accounts for 37 % of the loss that can be removed"


def test_a_healthy_model_is_left_alone() -> None:
    report = of_fixture("healthy-linear")
    assert phrases.do(report) is None
    for verbose in (False, True):
        text = "\n".join(printed(report, verbose=verbose))
        assert not re.search(r"^ +(do|fix|test it) ", text, re.MULTILINE)
    assert len([line for line in printed(report) if line]) <= 17
    assert "ruled out" not in "\n".join(printed(report))


def test_what_to_do_is_one_thought_where_there_is_no_code() -> None:
    report = with_history()
    finding = report.findings[0]
    remedy = finding.evidence.remedy
    assert remedy is not None
    told = dataclasses.replace(remedy, text="shuffle the rows; then train again. It helps.", code=None)
    evidence = dataclasses.replace(finding.evidence, remedy=told)
    changed = dataclasses.replace(report, findings=(dataclasses.replace(finding, evidence=evidence),))
    lines = printed(changed)
    assert "  do    shuffle the rows" in lines
    assert "     fix  shuffle the rows; then train again. It helps." in lines


def test_a_note_is_never_what_to_do() -> None:
    notes = tuple(dataclasses.replace(f, severity=Severity.NOTE, because_of=None) for f in awkward("n").findings)
    report = dataclasses.replace(awkward("n"), findings=notes)
    assert phrases.do(report) is None
    assert phrases.leading(report) is None


def test_only_what_people_try_first_is_ruled_out_at_once() -> None:
    text = "\n".join(printed(of_fixture("three-points"), 120))
    assert "  ruled out   learning rate, optimizer, epochs, width, input scale, local minimum\n" in text
    for report in fixtures():
        told = phrases.suspects(report)
        assert set(filter(None, told.split(", "))) <= set(TRIED_FIRST)


def test_a_path_is_shortened_from_the_left() -> None:
    path = "/home/somebody/with/a/long/name/model.keras"
    assert from_the_left(path, 50, "utf-8") == path
    assert from_the_left(path, 25, "utf-8") == "…/a/long/name/model.keras"
    assert from_the_left(path, 12, "ascii") == "...del.keras"
    lines = printed(dataclasses.replace(awkward("n", path=path)))
    assert lines[1].startswith("  …/a/long/name/model.keras   ")


@given(st.text("abc `%±=+-0.57(,) ", max_size=200), st.integers(10, 60))
def test_lines_hold_all_words_and_fit(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width or "`" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("the loss that can be removed is 37 % of it", "37 %"),
        ("the noise is estimated at 0.011 ± 0.0015 here", "0.011 ± 0.0015"),
        ("the best line is y = 0.20796 x + 0.01671, as it is", "y = 0.20796 x + 0.01671"),
        ("do name the loss with `--loss mse` and again", "`--loss mse`"),
        ("train it with model.fit(x, y, epochs=3) again", "model.fit(x, y, epochs=3)"),
        ("and then there is U402 saturated-units ×3 too", "U402 saturated-units ×3"),  # noqa: RUF001
    ],
)
def test_what_belongs_together_stays_on_a_line(text: str, whole: str) -> None:
    for width in range(len(whole), len(text) + 1):
        assert any(whole in line for line in wrapped(text, width)), width


def test_code_in_a_sentence_is_never_broken() -> None:
    code = "`mlpdoctor check models/a.keras data/a.csv --loss mse`"
    assert code in wrapped(f"write {code} then", 20)


def test_the_model_is_marked_where_it_stands_and_not_twice() -> None:
    lines = printed(of_fixture("three-points"), 120)
    (row,) = [line for line in lines if "your model" in line]
    assert row.endswith("<- your model, to 6 digits  y = 0.20796 x + 0.01671")
    assert row.startswith("    best straight line ")
    (row,) = [line for line in printed(of_fixture("numpy-cosine")) if "your model" in line]
    assert row.endswith("<- here")


def test_the_rungs_are_in_the_users_words() -> None:
    text = "\n".join(printed(of_fixture("three-points")))
    for words in ("always predicting the mean", "best straight line", "lowest this network can reach"):
        assert words in text
    assert "lowest possible on this data" in text
    assert "always predicting the median" in "\n".join(printed(of_fixture("mostly-linear")))


def test_what_was_said_of_columns_and_loss_is_said_again_in_the_command() -> None:
    question = Question(
        "fixtures/three-points/model.keras", "fixtures/three-points/data.csv", target=("y",), loss="huber:delta=0.1"
    )
    (name, words), _ = phrases.next_steps(diagnose(question))
    assert name == "test it"
    assert words[-4:] == ["--target", "y", "--loss", "huber:delta=0.1"]


def test_a_trial_is_offered_only_where_a_change_of_the_model_could_help() -> None:
    report = of_fixture("three-points")
    assert [name for name, _ in phrases.next_steps(report)] == ["test it", "explain"]
    beyond = tuple(dataclasses.replace(outcome, treatable=False) for outcome in report.outcomes)
    alone = dataclasses.replace(report, outcomes=beyond)
    assert [name for name, _ in phrases.next_steps(alone)] == ["explain"]


def test_the_curve_has_no_rung_that_the_ladder_leaves_out() -> None:
    rungs = (
        Rung("constant", "best constant", 1.0, 1.0, "proved", ""),
        Rung("noise", "probably noise", 0.02, 0.0, "estimated", "", error=0.017),
    )
    drawn = list(curve_chart.lines(Ladder("mean squared error", rungs)))
    assert [line.label for line in drawn] == ["best constant 1"]
