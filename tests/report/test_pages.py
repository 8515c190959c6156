"""The pages of rules as people read them: no marks of a docstring, no paths of the source, nothing too wide."""

import io
import re

import pytest
from rich.console import Console

from mlpdoctor.core.check import Rule
from mlpdoctor.report import rule_page
from mlpdoctor.report.catalogue import readable, rules, sections

MARKS = re.compile(r"``|:\w+:`|`_\b|^\.\. ", re.MULTILINE)
PATHS = re.compile(r"\b(?:src|tests|mlpdoctor)/\w|\bmlpdoctor\.\w+\.\w")
of_every_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)


def printed(part: object, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None, markup=False, highlight=False)
    with console.capture() as text:
        console.print(part, crop=False)
    return text.get()


@of_every_rule
def test_a_page_holds_no_marks_and_no_paths(rule: Rule) -> None:
    for text in (printed(rule_page.RulePage(rule), 80), rule_page.as_markdown(rule), rule_page.as_json(rule)):
        assert not MARKS.search(text)
        assert not PATHS.search(text)
    assert max(map(len, printed(rule_page.RulePage(rule), 200).splitlines())) <= 96


@of_every_rule
def test_the_headings_are_questions_that_people_ask(rule: Rule) -> None:
    headings = [heading for heading, _ in sections(rule.page)]
    assert {"Why it matters", "How to fix it", "When it stays silent", "How sure"} <= set(headings)


def test_the_list_of_rules_holds_no_marks() -> None:
    for text in (printed(rule_page.as_table(rules()), 100), rule_page.list_as_markdown(rules())):
        assert not MARKS.search(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("set ``min_delta`` to 0", "set `min_delta` to 0"),
        ("see :class:`keras.Loss` there", "see `keras.Loss` there"),
        ("`plain` stays", "`plain` stays"),
        ("no code", "no code"),
    ],
)
def test_marks_become_single_backticks(written: str, read: str) -> None:
    assert readable(written) == read
