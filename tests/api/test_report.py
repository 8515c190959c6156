"""What a Python user gets: the parts of a report by name, and every format of the command line."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from paths import FIXTURES

import mlpdoctor
from mlpdoctor.api.html import as_html
from mlpdoctor.api.library_words import in_python
from mlpdoctor.cli.output import written
from mlpdoctor.core.report_model import changed_parts
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

MODEL, DATA = (str(FIXTURES / "three-points" / name) for name in ("model.keras", "data.csv"))
HOSTILE = "<script>alert('x')</script> & \"quoted\""


@pytest.fixture(scope="module")
def report() -> mlpdoctor.Report:
    return mlpdoctor.check(MODEL, DATA, target="y")


def test_the_parts_of_a_report(report: mlpdoctor.Report) -> None:
    assert "0.005676" in report.verdict
    assert not report.ok
    assert [one.code for one in report.errors] == ["A101"]
    assert report.warnings == ()
    first = report.findings[0]
    assert (first.name, first.severity, first.certainty) == ("missing-nonlinearity", "error", "proved")
    assert str(first).startswith("A101 missing-nonlinearity: ")
    assert report.fix is not None
    assert report.fix == first.fix
    assert "Dense(" in report.fix
    assert "learning rate" in report.ruled_out


def test_the_rungs_of_the_ladder_by_name(report: mlpdoctor.Report) -> None:
    assert report.ladder["affine"].value == pytest.approx(0.005675946924535556)
    assert next(iter(report.ladder)) == "constant"
    assert len(report.ladder) == len(list(report.ladder))
    assert report.ladder.loss == "mean squared error"
    with pytest.raises(KeyError, match="the rungs here are constant, affine"):
        report.ladder["line"]


def test_without_data_the_ladder_is_empty_and_says_why() -> None:
    ladder = mlpdoctor.check(MODEL).ladder
    assert not ladder
    assert ladder.reason
    with pytest.raises(KeyError):
        ladder["affine"]


def test_a_healthy_model_is_ok_and_has_no_fix() -> None:
    folder = FIXTURES / "healthy-linear"
    report = mlpdoctor.check(folder / "model.keras", folder / "data.csv")
    assert report.ok
    assert report.fix is None


def test_text_and_json_are_those_of_the_command_line(report: mlpdoctor.Report) -> None:
    same = diagnose(Question(MODEL, DATA, target=("y",)))
    assert str(report) == repr(report) == written("terminal", (same,)).strip("\n")
    ours, theirs = json.loads(report.to_json()), json.loads(written("json", (same,)))
    assert report.to_dict() == ours
    del ours["timing"], theirs["timing"]
    assert ours == theirs


@pytest.mark.parametrize(
    ("name", "begins"), [("r.json", "{"), ("r.md", "#"), ("r.txt", "  "), ("r.sarif", "{"), ("r.xml", "<")]
)
def test_the_suffix_tells_the_format(report: mlpdoctor.Report, tmp_path: Path, name: str, begins: str) -> None:
    report.save(tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8").lstrip("\n").startswith(begins)


@pytest.mark.parametrize("name", ["report", "report.pdf"])
def test_a_suffix_of_no_format_is_refused(report: mlpdoctor.Report, tmp_path: Path, name: str) -> None:
    with pytest.raises(mlpdoctor.InputError, match="the suffix tells the format"):
        report.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


class Tags(HTMLParser):
    """Which tags are opened and closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_notebook_shows_verdict_fix_ladder_and_findings(report: mlpdoctor.Report) -> None:
    html = report._repr_html_()
    tags = Tags(html)
    assert sorted(tags.opened) == sorted(tags.closed)
    assert "script" not in tags.opened
    assert "http" not in html
    for words in (
        report.verdict,
        report.fix or "",
        "A101 missing-nonlinearity",
        *(r.label for r in report.ladder.values()),
    ):
        assert words in tags.text


def test_every_text_of_a_report_is_escaped() -> None:
    found = diagnose(Question(MODEL, DATA, target=("y",)))
    tags = Tags(as_html(changed_parts(found, lambda text: f"{text}{HOSTILE}")))
    assert "script" not in tags.opened
    assert HOSTILE in tags.text


@pytest.mark.parametrize(
    ("said", "here"),
    [
        ("name it with --loss, as in --loss mse", "name it with loss=, as in loss='mse'"),
        ("(--data data.csv) tells", "(data='data.csv') tells"),
        ("leave it out with --drop 'a b'", "leave it out with drop='a b'"),
        ("the column --sample-weight names", "the column sample_weight= names"),
        ("(-v lists them) -- 3 --verbose", "(-v lists them) -- 3 --verbose"),
    ],
)
def test_options_of_the_command_line_are_arguments_here(said: str, here: str) -> None:
    assert in_python(said) == here


def test_the_verdict_names_arguments() -> None:
    assert "data='data.csv'" in mlpdoctor.curve({"loss": [1.0, 0.5, 0.4]}).verdict


def test_explain_shows_the_page_of_a_rule() -> None:
    page = mlpdoctor.explain("dead-relu")
    assert (page.code, page.name) == ("U401", "dead-relu")
    assert str(page) == repr(page)
    assert str(page).startswith("U401 dead-relu")
    assert page._repr_markdown_().startswith("# U401 dead-relu")
    with pytest.raises(mlpdoctor.InputError, match="did you mean"):
        mlpdoctor.explain("dead-rulu")


def test_select_and_ignore_choose_the_rules() -> None:
    def ran(report: mlpdoctor.Report) -> set[str]:
        return {one["code"] for one in report.to_dict()["checks"]}

    assert {code[0] for code in ran(mlpdoctor.check(MODEL, select="A"))} == {"A"}
    assert "A101" not in ran(mlpdoctor.check(MODEL, ignore=["missing-nonlinearity"]))
    with pytest.raises(mlpdoctor.InputError, match="select: there is no rule 'A9'"):
        mlpdoctor.check(MODEL, select="A9")
    with pytest.raises(mlpdoctor.InputError, match="no rule is left"):
        mlpdoctor.check(MODEL, select="A101", ignore="A101")


def test_a_curve_from_a_dictionary_and_from_a_plateau() -> None:
    falling = mlpdoctor.curve({"loss": [1 / (epoch + 1) for epoch in range(40)]})
    assert falling.to_dict()["history"]["epochs"] == 40
    assert "0.0057" in mlpdoctor.curve(plateau="0.0057", data=DATA, loss="mse").verdict
    for wrong in ({}, {"history": {"loss": [1.0]}, "plateau": 1}):
        with pytest.raises(mlpdoctor.InputError):
            mlpdoctor.curve(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            (3,),
            "model: int was given; expected a Keras model, the path of a saved one, nn.Sequential of torch",
        ),
        (("no.keras",), "no.keras: no such file"),
        ((MODEL, [[1.0]]), "y is missing"),
        ((MODEL, None, [1.0]), "x is missing"),
        ((MODEL, DATA, [1.0]), "name its columns with target="),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(arguments: tuple[object, ...], said: str) -> None:
    with pytest.raises(mlpdoctor.InputError, match=said) as caught:
        mlpdoctor.check(*arguments)
    assert "\n" not in str(caught.value)


def test_a_saved_model_takes_data_in_memory_and_a_history() -> None:
    x, y = [[-0.5], [0.0], [0.5]], [-0.1, 0.0, 0.2]
    report = mlpdoctor.check(MODEL, x, y, history={"loss": [0.3, 0.2, 0.1]})
    whole = report.to_dict()
    assert whole["data"]["rows"] == 3
    assert whole["history"]["epochs"] == 3


def test_preprocess_goes_before_the_model_for_files_as_well() -> None:
    doubled = mlpdoctor.check(MODEL, DATA, preprocess=lambda x: 2 * x)
    plain = mlpdoctor.check(MODEL, DATA)
    assert doubled.ladder["model"].value != pytest.approx(plain.ladder["model"].value)
    assert doubled.ladder["affine"].value == pytest.approx(plain.ladder["affine"].value)
