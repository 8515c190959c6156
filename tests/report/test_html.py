"""Pages: valid, self-contained, the terminal's story with the JSON's numbers, and nothing in a name that acts."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pages
import pytest
from pages import EXPECTED, SPACE, at, parsed, read_back, with_pictures, words
from paths import ROOT
from report_cases import HOSTILE, awkward

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.pictures import MOST_ROWS
from mlpdoctor.core.report_model import Report, changed_parts
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report import gradcheck, phrases
from mlpdoctor.report.formats import FORMATS
from mlpdoctor.report.html import extra
from mlpdoctor.report.html.page import piece, render
from mlpdoctor.report.json import report as trials_json

pytestmark = pytest.mark.slow  # pages are drawn

GOLDEN = Path(__file__).parent / "golden_pages"
KINDS = ("one feature, history, JSON", "two features", "classes", "several", "trials", "gradient")
SHARED = "three-points"
ADDRESS = re.compile(r"(?:https?:)?//[a-z]", re.IGNORECASE)


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def every(tree: Any, name: str) -> Iterator[Any]:  # noqa: ANN401  an element tree
    return iter(tree.iter(f"{SPACE}{name}"))


@pytest.mark.slow
@pytest.mark.series
@pytest.mark.parametrize("name", EXPECTED)
def test_a_page_of_each_fixture_is_small_valid_and_tells_what_the_json_tells(name: str) -> None:
    report = with_pictures(name)
    text = render([report])
    assert len(text.encode()) < pages.LARGEST
    tree = parsed(text)
    assert_tells(report, tree)
    told = json.loads(FORMATS["json"].render([report]))
    numbers = read_back(tree)
    assert len(numbers) >= 2 * len(told["ladder"]["rungs"])
    assert {place: at(told, place) for place in numbers} == numbers


def assert_tells(report: Report, tree: Any) -> None:  # noqa: ANN401
    """The verdict first, then what to do, the ladder, the findings in their order, and all of them somewhere."""
    assert [words(one) for one in every(tree, "h1")] == [plain(report.verdict)]
    text = words(tree)
    fix = phrases.do(report)
    ladder = next(one for one in every(tree, "figure") if one.get("id", "").endswith("-ladder"))
    order = [text.index(plain(report.verdict))]
    order += [] if fix is None else [text.index(plain(fix.code or fix.text))]
    order += [text.index("Where does the loss stand?")]
    assert report.ladder is not None
    assert [words(one) for one in every(ladder, "th") if one.get("scope") == "row"] == [
        rung.label for rung in report.ladder.rungs
    ]
    shown = phrases.arrange(report)
    for one in shown.shown:
        order.append(text.index(f"{one.number} {one.finding.severity.value}{one.finding.code} {one.finding.name}"))
    assert order == sorted(order)
    items = [one for one in every(tree, "li") if "-finding-" in one.get("id", "")]
    assert len(items) == len([one for one in report.findings if one.suppressed is None])
    folded = {inner.get("id") for one in every(tree, "details") for inner in every(one, "li") if inner.get("id")}
    aside = [*shown.notes, *(other for one in shown.shown for other in one.folded)]
    assert len(folded) == len(aside)


def plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_valid_html_and_asks_for_nothing(kind: str) -> None:
    text = pages.page(kind)
    tree = parsed(text)
    ids = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    for used in re.findall(r'(?:url\(#|href="#)([^)"]+)', text):
        assert used in ids
    assert not list(every(tree, "link"))
    assert not [one for one in tree.iter() if one.get("src") or one.get("srcset")]
    outside = re.sub(r"<script type=.*?</script>|<details><summary>About .*?</details>", "", text, flags=re.DOTALL)
    assert not ADDRESS.search(outside)
    assert text.endswith("</html>\n")


@pytest.mark.parametrize("kind", KINDS)
def test_the_structure_of_a_page_is_as_approved(kind: str, request: pytest.FixtureRequest) -> None:
    """Update with ``pytest tests/report --update-golden``. Headings, figures and what folds; no pixels."""
    tree = parsed(pages.page(kind))
    lines = []
    for one in tree.iter():
        tag = str(one.tag).removeprefix(SPACE)
        if tag in ("h1", "h2", "h3", "h4", "h5", "summary", "caption"):
            lines.append(f"{tag}: {words(one)[:100]}")
        elif tag == "figure":
            lines.append(f"figure: {one.get('id')}")
        elif one.get("class") == "legend":
            lines.append(f"legend: {' | '.join(words(item) for item in one)}")
    found = "".join(f"{line}\n" for line in lines)
    path = GOLDEN / f"{kind.partition(',')[0].replace(' ', '-')}.txt"
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def test_every_figure_is_told_to_those_who_do_not_see_it() -> None:
    for kind in KINDS:
        tree = parsed(pages.page(kind))
        figures = [one for one in tree.iter() if one.get("class") == "figure"]
        assert figures
        for one in figures:
            assert one.get("role") == "img"
            assert re.search(r"\d", one.get("aria-label") or "")


def test_the_ladder_is_told_with_the_numbers_that_the_terminal_prints() -> None:
    tree = parsed(pages.page(KINDS[0]))
    (said,) = [
        one.get("aria-label") for one in tree.iter() if one.get("aria-label", "").startswith("Loss ladder, mean")
    ]
    for part in ("always predicting the mean 0.03451", "best straight line 0.005676 (your model, to 6 digits)"):
        assert part in said


def test_the_page_of_several_models_has_links_to_each_and_numbers_of_the_right_one() -> None:
    several = [with_pictures(SHARED), with_pictures("healthy-linear")]
    tree = parsed(render(several))
    told = json.loads(FORMATS["json"].render(several))
    ids = {one.get("id") for one in tree.iter()}
    links = [one.get("href") for one in every(tree, "a")]
    assert links == ["#m1", "#m2"]
    assert {link[1:] for link in links} <= ids
    numbers = read_back(tree)
    assert {place.split("/")[2] for place in numbers} == {"0", "1"}
    assert {place: at(told, place) for place in numbers} == numbers


def test_the_numbers_of_trials_and_of_a_gradient_are_those_of_their_json() -> None:
    told = json.loads(trials_json.render_trials(pages.course()))
    numbers = read_back(parsed(pages.page("trials")))
    assert {"/trials/0/gained", "/trials/0/treated/median", "/ladder/rungs/0/value"} <= numbers.keys()
    assert {place: at(told, place) for place in numbers} == numbers
    told = json.loads(gradcheck.as_json(pages.gradient(), "net.py", "0"))
    numbers = read_back(parsed(pages.page("gradient")))
    assert {"/arrays/0/cosine", "/arrays/0/worst/true"} <= numbers.keys()
    assert {place: at(told, place) for place in numbers} == numbers


def test_the_json_that_a_page_carries_is_that_of_the_command_line() -> None:
    report = with_pictures(SHARED)
    (block,) = [one for one in every(parsed(render([report], embed=True)), "script") if one.get("type")]
    assert json.loads(block.text) == json.loads(FORMATS["json"].render([report]))
    assert not [one for one in every(parsed(render([report])), "script") if one.get("type")]


def test_a_hostile_name_is_text_and_nothing_else() -> None:
    text = pages.page("hostile")
    tree = parsed(text)
    scripts = list(every(tree, "script"))
    assert [one.get("type") for one in scripts] == ["application/json", None]
    assert not list(every(tree, "img"))
    assert not [one for one in tree.iter() for name in one.keys() if str(name).startswith("on")]  # noqa: SIM118  of an element
    assert "\u202e" not in text
    assert "<script>x</script>" in words(tree)
    assert "</script>x" not in scripts[0].text
    assert json.loads(scripts[0].text)


def test_a_name_of_ten_million_letters_does_not_make_a_page_of_that_size() -> None:
    text = render([replace(with_pictures(SHARED), verdict="n" * 10_000_000, pictures=None)])
    assert len(text) < pages.LARGEST
    assert "…" in text


def test_no_style_and_no_formula_of_a_name_reaches_the_drawing() -> None:
    report = changed_parts(with_pictures("four-relu-sine"), lambda text: f"$\\frac{{1}}{{2}}$ {text}")
    assert r"$\frac{1}{2}$ x" in words(parsed(render([report])))


def test_the_sample_is_small_seeded_and_owned_up_to() -> None:
    report = with_pictures("four-relu-sine")
    assert report.pictures is not None
    assert (report.pictures.rows, report.pictures.of) == (MOST_ROWS, 10_000)
    assert "2,000 of 10,000 rows are shown, drawn at random with a fixed seed." in render([report])
    assert "All 3 rows are shown." in render([with_pictures(SHARED)])


def test_nothing_is_gathered_where_no_page_is_asked_for() -> None:
    assert diagnose(Question(f"fixtures/{SHARED}/model.keras", f"fixtures/{SHARED}/data.csv")).pictures is None


def test_a_page_without_pictures_still_answers() -> None:
    tree = parsed(render([replace(with_pictures(SHARED), pictures=None)]))
    assert [one.get("id") for one in every(tree, "figure")] == ["m1-ladder", "m1-curve"]


def test_a_report_that_has_next_to_nothing_is_a_page() -> None:
    bare = replace(with_pictures(SHARED), pictures=None, ladder=None, no_ladder="no loss", history=None, findings=())
    assert "No loss ladder: no loss" in words(parsed(render([bare])))


def test_the_piece_for_a_notebook_is_the_compact_form() -> None:
    text = piece(with_pictures(SHARED))
    whole = render([with_pictures(SHARED)])
    assert "<script" not in text
    assert len(text) < len(whole)
    tree = parsed(f"<!DOCTYPE html><title>n</title>{text}")
    assert [one.get("id") for one in every(tree, "figure")] == ["r-ladder", "r-fit-0", "r-curve"]
    assert read_back(tree).items() <= read_back(parsed(whole)).items()


def test_what_is_missing_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "matplotlib" else object())
    with pytest.raises(UsageError, match=r'^an HTML report needs Matplotlib, which is not installed: pip install "mlp'):
        render([awkward()])
    assert not extra.installed()


def test_only_the_drawing_modules_load_the_libraries() -> None:
    """So that nothing of them is loaded by a check without a page; ``tests/cli`` sees to it in a process of its own."""
    for path in Path(extra.__file__).parent.glob("*.py"):
        names = {
            alias.name.partition(".")[0]
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in ([*node.names] if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
        }
        assert path.name == "svg.py" or not names & {"matplotlib", "jinja2", "markupsafe"}
    assert "mlpdoctor.report.html.svg" in sys.modules


def test_hostile_is_really_hostile() -> None:
    assert "<script>" in HOSTILE
