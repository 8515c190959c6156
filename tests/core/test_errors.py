"""No text from a file steers a terminal, forges a line, hides a letter or speaks to a CI."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.errors import COMMANDS, DataFileError, InputError, ModelFileError, UsageError, legible
from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.report_model import Unread, changed_parts, legible_parts

NASTY = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\n\r\t\x85\u2028\u202e\u200b\udcff:#[e\u3164\ufe0f")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m\x07", r"\x9b31m\x07"),
        ("\x1b]8;;http://x\x1b\\", r"\x1b]8;;http://x\x1b" + "\\"),
        ("a\u2028b\u2029c\x85", r"a\u2028b\u2029c\x85"),
        ("exe\u202etxt.\u2066", r"exe\u202etxt.\u2066"),
        ("ad\u200bmin\ufeff\u00ad\u2060", r"ad\u200bmin\ufeff\xad\u2060"),
        ("a\u3164\u115f\u2800\ufe0f\U000e0101", r"a\u3164\u115f\u2800\ufe0f\U000e0101"),
        ("n\udcffm", r"n\udcffm"),
        ("a\xa0b", r"a\xa0b"),
        ("::error::x ::Warning file=a::y", r":\x3aerror::x :\x3aWarning file=a::y"),
        ("##[error]x ##vso[task.x]", r"#\x23[error]x #\x23vso[task.x]"),
    ],
)
def test_what_steers_hides_or_commands_is_spelt_out(text: str, expected: str) -> None:
    assert legible(text) == expected


@pytest.mark.parametrize("text", ["größe 中文 ±²", "user::age", "a:b::c", "C:\\data\\x", "## head", "\\x1b", "हिन्दी"])
def test_other_names_stay_as_they_are(text: str) -> None:
    assert legible(text) == text


@given(NASTY)
def test_it_is_one_line_that_can_be_printed_and_written(text: str) -> None:
    said = legible(text)
    assert said.isprintable()
    assert len(said.splitlines()) <= 1
    said.encode("utf-8")
    assert legible(said) == said
    assert not re.search(rf"::({'|'.join(COMMANDS.split())})\b|##\[", said, re.IGNORECASE)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=":#")))
def test_plain_ascii_stays(text: str) -> None:
    assert legible(text) == text


@pytest.mark.parametrize("kind", [InputError, ModelFileError, DataFileError, UsageError])
def test_every_error_is_one_line(kind: type[InputError]) -> None:
    assert str(kind("no file a\n::error::b\x1b[2J\udc80")) == r"no file a\n:\x3aerror::b\x1b[2J\udc80"


def test_every_text_of_a_report_is_reached() -> None:
    assert legible_parts({"a\n": ["b\n", ("c\n", 1.5, None)]}) == {r"a\n": [r"b\n", (r"c\n", 1.5, None)]}
    assert legible_parts(Unread("a\x1b", "b\n")) == Unread(r"a\x1b", r"b\n")
    assert legible_parts(Remedy("do\nso", "x = 1\ny = 2\x07")) == Remedy(r"do\nso", "x = 1\ny = 2\\x07")
    assert changed_parts(("a", {"b": "c"}), str.upper) == ("A", {"B": "C"})
