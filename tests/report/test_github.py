"""Annotations: one line for each, whatever is in them, and back again by the rules of the runner."""

import re

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from report_cases import HOSTILE, UNREAD, awkward, fixtures, of_fixture

from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.report.formats import FORMATS
from mlpdoctor.report.github import MESSAGE, TITLE, command

COMMAND = re.compile(r"^::(?P<kind>\w+) (?P<parts>[^:]*)::(?P<message>.*)$")


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def understood(line: str) -> tuple[str, dict[str, str], str]:
    """What the runner of GitHub Actions makes of a line: it splits at ``::``, ``,`` and ``=`` and then unescapes."""
    found = COMMAND.match(line)
    assert found is not None, line
    parts = dict(part.split("=", 1) for part in found["parts"].split(","))
    return found["kind"], {name: back(value, part=True) for name, value in parts.items()}, back(found["message"])


def back(text: str, *, part: bool = False) -> str:
    if part:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def annotations(*reports: Report, unread: tuple[Unread, ...] = ()) -> list[tuple[str, dict[str, str], str]]:
    return [understood(line) for line in FORMATS["github"].render(reports, unread).splitlines()]


def test_a_finding_is_an_annotation_of_its_severity() -> None:
    (kind, parts, message), (second, noted, _) = annotations(of_fixture("three-points"))
    assert (kind, second) == ("error", "notice")
    assert parts == {"file": "fixtures/three-points/model.keras", "title": "mlpdoctor: A101 missing-nonlinearity"}
    assert noted["title"] == "mlpdoctor: also noted: D710 too-few-rows"
    assert message.splitlines()[0].endswith("(proved, accounts for all of the loss that can be removed)")
    assert message.splitlines()[-1] == 'Dense(10, activation="tanh", name="dense")'


def test_what_is_suppressed_is_not_shown_and_what_went_wrong_is() -> None:
    seen = annotations(awkward(), unread=(UNREAD,))
    titles = [parts["title"] for _, parts, _ in seen]
    assert not any("D702" in title for title in titles)
    assert [kind for kind, *_ in seen] == ["error", "warning", "notice", "error", "error"]
    assert seen[0][2].endswith("Also seen, following from this: L501 no-better-than-linear")
    assert "W306 crashed" in titles[-2]
    assert seen[-1][1]["file"] == UNREAD.path
    assert seen[-1][2] == UNREAD.reason


@given(st.text(), st.text(), st.text())
def test_escapes_are_undone_by_the_runner(path: str, title: str, message: str) -> None:
    one = command("error", f"m{path}".replace("\x00", ""), title, message)
    assert not set(one) & {"\n", "\r"}
    kind, parts, said = understood(one)
    assert (kind, said) == ("error", message)
    assert parts["title"] == title


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(st.text(min_size=1) | st.just(HOSTILE))
def test_a_name_begins_no_command_of_its_own(name: str) -> None:
    lines = FORMATS["github"].render([awkward(name)]).split("\n")
    assert lines.pop() == ""
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines)
    assert len(lines) == 4


def test_long_texts_are_cut_before_they_are_escaped() -> None:
    _, parts, message = understood(command("error", "m.keras", "%" * 1000, "%\n" * 10_000))
    assert (len(parts["title"]), len(message)) == (TITLE, MESSAGE)
    assert message.endswith("...")


@pytest.mark.slow
def test_a_healthy_model_has_notices_at_most() -> None:
    healthy = next(report for report in fixtures() if "healthy" in report.path)
    assert {kind for kind, *_ in annotations(healthy)} <= {"notice"}
