"""Markdown, read by ``markdown-it``: names stay names, tables stay tables, code stays code, numbers are the JSON's."""

import html
import json
import re

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from paths import ROOT
from report_cases import CASES, HOSTILE, UNREAD, awkward, fixtures, of_fixture

from mlpdoctor.core.text import short
from mlpdoctor.report import rule_page
from mlpdoctor.report.catalogue import rules
from mlpdoctor.report.formats import FORMATS
from mlpdoctor.report.markdown import block, code, escape, marked, table

READER = MarkdownIt("gfm-like", {"linkify": False})


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def read(text: str) -> list[Token]:
    """All tokens, those within a line among them."""
    return [inner for token in READER.parse(text) for inner in (token, *(token.children or ()))]


def shown(text: str) -> str:
    """What a reader sees of a text without code blocks."""
    return html.unescape(re.sub(r"<[^>]*>", "", READER.render(text))).strip()


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])) | st.text(
    "ab1.)#+-=>*_`~|\\[](){}<&;$! "
)


@given(TEXT)
def test_text_means_nothing_but_itself(text: str) -> None:
    kinds = {token.type for token in read(escape(text))}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    assert shown(escape(text)).split() == text.split()


@given(TEXT | st.text("a` *"))
def test_marked_text_is_text_and_code(text: str) -> None:
    kinds = {token.type for token in read(marked(text))}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "code_inline"}
    assert shown(marked(text)).replace("`", "").split() == text.replace("`", "").split()


@given(TEXT, TEXT)
def test_a_cell_stays_in_its_column(first: str, second: str) -> None:
    tokens = read(table(("a", "b"), [(escape(first), escape(second))]))
    cells = [token.content for token, before in zip(tokens[1:], tokens, strict=False) if before.type == "td_open"]
    assert [shown(cell).split() for cell in cells] == [first.split(), second.split()]


@given(st.text("a` \\*<"))
def test_code_stays_code(text: str) -> None:
    found = [token.content for token in read(code(text)) if token.type == "code_inline"]
    assert [one.split() for one in found] == ([text.split()] if text.split() else [])


@given(st.text("a`~\n #"))
def test_a_block_stays_a_block(text: str) -> None:
    (fence,) = (token for token in read(block(text)) if token.type == "fence")
    assert fence.content.rstrip("\n") == text.rstrip("\n")
    assert fence.info == "python"


def cells(text: str) -> list[list[str]]:
    """Rows of the first table in a text, its head left out."""
    rows: list[list[str]] = []
    inside = False
    for token in READER.parse(text):
        inside = inside or token.type == "tbody_open"
        if inside and token.type == "tr_open":
            rows.append([])
        if inside and token.type == "inline":
            rows[-1].append(shown(token.content))
        if token.type == "tbody_close":
            return rows
    return rows


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_the_json(name: str) -> None:
    report = of_fixture(name)
    text = FORMATS["markdown"].render([report])
    told = json.loads(FORMATS["json"].render([report]))
    ladder = cells(text[text.index("### Loss ladder") :])
    values = {rung["label"]: rung for rung in told["ladder"]["rungs"]}
    assert ladder
    for label, value, remark in ladder:
        rung = values[label]
        digits = 2 if rung["error"] is not None else 4
        assert value.startswith((short(rung["value"], digits), f"at most {short(rung['value'])}")) or " to " in value
        assert remark or label != "your model"
    headings = re.findall(r"^####? (?:\d+\. )?(\w+): (\S+) (\S+)$", text, re.MULTILINE)
    found = [(f["severity"], f["code"], f["name"]) for f in told["findings"]]
    assert sorted(headings) == sorted(found)
    assert headings[0] == found[0]
    assert marked(told["verdict"]) in text


def test_what_only_follows_is_folded_and_all_there() -> None:
    text = FORMATS["markdown"].render([of_fixture("numpy-cosine")])
    above, *folded = text.split("<details>")
    assert re.findall(r"^### (\d+)\. (\w+): (\w+)", text, re.MULTILINE)[0] == ("1", "error", "W303")
    assert "Also seen, following from 1: " in folded[0]
    assert "#### error: U404 constant-output" in folded[0]
    assert "U404" not in above
    assert text.count("<details>") == text.count("</details>") == len(folded)


def test_a_hostile_name_adds_nothing_to_the_structure() -> None:
    tame, hostile = (read(FORMATS["markdown"].render([awkward(name)])) for name in ("name", HOSTILE))
    structure = ("heading_open", "table_open", "tr_open", "td_open", "fence", "link_open", "html_inline", "html_block")
    for kind in structure:
        assert sum(t.type == kind for t in tame) == sum(t.type == kind for t in hostile), kind
    assert not any(token.type in {"html_inline", "image", "link_open"} for token in hostile)
    own = {"</details>", "<details><summary>Also seen, following from 1: L501 no-better-than-linear</summary>"}
    own.add("<details><summary>Also noted: D704 constant-feature ×2</summary>")  # noqa: RUF001
    assert {token.content.strip() for token in hostile if token.type == "html_block"} == own
    assert not any(token.type == "s_open" for token in hostile)


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(TEXT.filter(str.strip))
def test_no_name_adds_to_the_structure(name: str) -> None:
    kinds = [token.type for token in READER.parse(FORMATS["markdown"].render([awkward(name)]))]
    expected = [token.type for token in READER.parse(FORMATS["markdown"].render([awkward("name")]))]
    assert kinds == expected


def test_what_is_hidden_is_counted_and_what_crashed_is_told() -> None:
    text = FORMATS["markdown"].render([awkward("name")])
    assert "**Hidden:** 1 finding suppressed (known since May, name)" in text
    assert "**W306 learning-rate-collapsed crashed:** ValueError: name" in text
    assert "D702" not in text
    assert "**Fix:** follows from 1; fix that first" in text


def test_several_models_begin_with_a_table() -> None:
    reports = fixtures()
    text = FORMATS["markdown"].render(reports, [UNREAD])
    rows = cells(text)
    assert [row[0] for row in rows] == [*(report.path for report in reports), UNREAD.path]
    assert [row[1] for row in rows][-2:] == ["note", "unread"]
    assert [row[2] for row in rows] == [*(report.verdict for report in reports), UNREAD.reason]
    assert "7 models, " in text.splitlines()[2]


def test_one_unread_model_alone() -> None:
    assert "no such file" in FORMATS["markdown"].render([], [UNREAD])


def test_nothing_at_all() -> None:
    assert FORMATS["markdown"].render([]).startswith("# mlpdoctor")


def test_pages_show_what_the_docstring_says() -> None:
    for rule in rules():
        text = rule_page.as_markdown(rule)
        assert text.startswith(f"# {rule.code} {rule.name}\n")
        seen = " ".join(shown(text).split())
        for paragraph in rule_page.as_object(rule)["sections"].values():
            assert " ".join(paragraph.replace("`", "").split()) in seen


def test_the_table_of_rules_has_a_row_for_each() -> None:
    expected = [[rule.code, rule.name, rule.severity.value, rule.summary] for rule in rules()]
    assert cells(rule_page.list_as_markdown(rules())) == expected
