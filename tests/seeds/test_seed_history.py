"""The log of the first seed post, as its author pasted it: which loss is it that the curve stops at?"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from shell import FIXTURES, run

from mlpdoctor.core.finding import Finding, Severity
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

FOLDER = FIXTURES / "three-points"
LOG, MODEL, DATA = (str(FOLDER / name) for name in ("history.txt", "model.keras", "data.csv"))
SAID = {
    "history": "The plateau 0.0057 of the training loss is the loss of the best straight line, 0.005676.",
    "plateau": "The plateau 0.0057 is the loss of the best straight line, 0.005676.",
}
LINE = 0.005675947
"""Least squares on the three points, as ``fixtures/measure.py`` has it."""


def on_a_rung(report: Report) -> Finding:
    (found,) = (finding for finding in report.findings if finding.code == "H801")
    return found


def with_model(given: str) -> Report:
    if given == "history":
        return diagnose(Question(MODEL, DATA, history=(LOG,)))
    return diagnose(Question(MODEL, DATA, plateau="0.0057"))


@pytest.mark.parametrize("given", SAID)
def test_the_users_number_and_the_line_are_joined_and_the_verdict_says_it_once(given: str) -> None:
    report = with_model(given)
    assert report.verdict.startswith("The loss is stuck at 0.005676 because")
    assert report.verdict.count("0.00") == 1
    assert on_a_rung(report).evidence.verdict == SAID[given]


@pytest.mark.parametrize("given", SAID)
def test_the_report_stays_one_story(given: str) -> None:
    report = with_model(given)
    found = on_a_rung(report)
    assert (found.severity, found.because_of) == (Severity.NOTE, "A101")
    assert [f.code for f in report.findings if f.severity is not Severity.NOTE] == ["A101"]
    assert found.evidence.numbers["rung"] == "affine"
    assert found.evidence.numbers["rung_loss"] == pytest.approx(LINE, rel=1e-6)
    assert found.evidence.numbers["with_model"] is True
    assert found.evidence.numbers["exact"] is True


@pytest.mark.parametrize("given", SAID)
def test_the_curve_alone_beside_the_data_says_the_same(given: str) -> None:
    question = {"history": (LOG,)} if given == "history" else {"plateau": "0.0057"}
    report = diagnose(Question(data=DATA, **question))
    assert report.verdict.startswith(SAID[given])
    assert "layers without an activation between them" in report.verdict
    found = on_a_rung(report)
    assert found.severity is Severity.WARNING
    assert found.because_of is None
    assert report.ladder is not None
    assert {rung.name for rung in report.ladder.rungs} == {"constant", "affine", "data"}


def test_all_that_was_pasted_is_read() -> None:
    report = with_model("history")
    history = report.history
    assert history is not None
    assert (history.epochs, history.planned, history.decimals, history.bad_lines) == (91, 10_000, 4, 0)
    assert (history.first, history.last, history.best, history.best_epoch) == (0.0084, 0.0057, 0.0057, 89)
    assert history.plateau is not None
    assert history.plateau.low < LINE < history.plateau.high
    assert [rung.name for rung in history.plateau.rungs] == ["affine"]


@pytest.mark.parametrize(
    "words",
    [
        ("check", MODEL, DATA, "--history", LOG),
        ("curve", LOG, "--data", DATA),
        ("curve", LOG, "--data", DATA, "--loss", "mean_squared_error"),
    ],
)
def test_the_command_line_says_it_first(words: Sequence[str], tmp_path: Path) -> None:
    done = run(tmp_path, *words, "--quiet", "--no-config") if words[0] == "check" else run(tmp_path, *words, "--quiet")
    said = "The loss is stuck at 0.005676 because" if words[0] == "check" else SAID["history"]
    assert done.out.startswith(said)
    assert done.status == (1 if words[0] == "check" else 0)


def test_the_post_itself_may_be_given_with_the_talk_around_the_log(tmp_path: Path) -> None:
    talk = "However, this is how convergence looks like:\n"
    (tmp_path / "post.txt").write_text(
        talk + Path(LOG).read_text() + "As soon as it reaches 0.0057 it does not move.\n"
    )
    done = run(tmp_path, "curve", "post.txt", "--data", DATA, "--format", "json")
    assert json.loads(done.out)["verdict"].startswith(SAID["history"])
