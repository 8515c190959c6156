"""What all trials come to, in words, on a screen, in Markdown and in JSON; made-up courses of every kind."""

import dataclasses
import io
import json
import math

import jsonschema
import pytest
from report_cases import of_fixture
from rich.console import Console

from mlpdoctor.core.ladder import Rung
from mlpdoctor.core.trial_result import Memory, Protocol, RunGroup, Trial, TrialResult, Verdict
from mlpdoctor.report import markdown as trials_markdown
from mlpdoctor.report import trial_phrases
from mlpdoctor.report.json import report as trials_json
from mlpdoctor.report.json import schema
from mlpdoctor.report.terminal.trials import TerminalTrials
from mlpdoctor.treat.trials.conclusions import conclusion, in_order

VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema.of_treat()))
REPORT = of_fixture("three-points")
TRIAL = Trial(
    names=("restore-activation",),
    answers=("A101",),
    text="give dense the activation tanh",
    code=('Dense(10, activation="tanh")',),
    diff=(("-", "Dense(10)"), ("+", 'Dense(10, activation="tanh")')),
    edits=({"edit": "SetOption", "layer": "dense"},),
    judged_by="mean squared error",
    before=0.5,
    control=RunGroup((0.4, 0.41, 0.42)),
    treated=RunGroup((0.01, 0.02, 0.03)),
    rung="below the best straight line",
    gained=0.95,
    verdict=Verdict.CONFIRMED,
    reason="better in every run",
    updates=1200,
)
REFUTED = dataclasses.replace(
    TRIAL, names=("lower-learning-rate",), verdict=Verdict.REFUTED, treated=TRIAL.control, gained=0.0
)
COURSE = TrialResult(
    report=REPORT,
    protocol=Protocol(3, 1200, 32, 100, 100, "tensorflow"),
    judged_by="mean squared error",
    before=0.5,
    control=RunGroup((0.4, 0.41, 0.42)),
    trials=(TRIAL, REFUTED),
    best=TRIAL,
    untried=(("D701 non-finite-data", "no training mends it"), ("widen dense", "there was no time left for it")),
)
NONE = dataclasses.replace(COURSE, best=None, trials=(REFUTED,))
FRESH = dataclasses.replace(TRIAL, names=("fresh-compile",), answers=(), code=(), diff=(), edits=())
BROKEN = dataclasses.replace(
    TRIAL,
    control=RunGroup((math.nan, math.nan)),
    treated=RunGroup((0.1, math.inf)),
    before=None,
    gained=None,
    rung=None,
)
COURSES = {
    "cured": COURSE,
    "nothing": NONE,
    "nothing tried": dataclasses.replace(NONE, trials=(), untried=(("D701 non-finite-data", "no training mends it"),)),
    "no time": dataclasses.replace(NONE, trials=()),
    "train on": dataclasses.replace(NONE, train_on=True),
    "fresh": dataclasses.replace(NONE, fresh=FRESH, memory=Memory(20, 1.0, 1e-6, learned=True)),
    "by heart": dataclasses.replace(NONE, memory=Memory(20, 1.0, 0.9, learned=False)),
    "well": dataclasses.replace(NONE, trials=(), nothing_to_gain=True),
    "broken": dataclasses.replace(COURSE, trials=(BROKEN,), best=BROKEN, before=math.nan, control=BROKEN.control),
    "stopped": dataclasses.replace(NONE, interrupted=True, written="cured.keras"),
    "drawn": dataclasses.replace(COURSE, best=dataclasses.replace(TRIAL, drawn_anew=True)),
}


@pytest.mark.parametrize(
    ("reached", "by", "said"),
    [
        (0.02, "mean squared error", True),
        (0.35, "mean squared error", False),  # within two standard errors nothing but noise may be left
        (0.02, "share of wrong answers", False),
    ],
)
def test_less_than_the_noise_may_be_the_rows_by_heart(reached: float, by: str, *, said: bool) -> None:
    assert REPORT.ladder is not None
    noise = Rung("noise", "noise", 0.4, 0.4, "estimated", "", 0.1)
    ladder = dataclasses.replace(REPORT.ladder, rungs=(*REPORT.ladder.rungs, noise))
    best = dataclasses.replace(TRIAL, treated=RunGroup((reached,) * 3), judged_by=by)
    result = dataclasses.replace(COURSE, report=dataclasses.replace(REPORT, ladder=ladder), best=best)
    words = "less than the noise that these rows seem to hold (0.40 ± 0.10)"
    assert (words in conclusion(result)) is said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cured", "Give dense the activation tanh: that takes the mean squared error from 0.5000 to 0.02000"),
        ("nothing", "The one change tried did not lower the loss clearly."),
        ("nothing tried", "There was nothing to try"),
        ("train on", "Nothing needs to be changed but the length of training"),
        ("fresh", "The model can learn this, the training did not"),
        ("by heart", "cannot even memorise 20 rows"),
        ("well", "There is nothing to cure"),
        ("broken", "without it cannot be done"),
        ("stopped", "Interrupted"),
        ("no time", "The time was over before any change was tried"),
        ("drawn", "without it, from fresh weights too, ends at 0.4100"),
    ],
)
def test_the_conclusion_answers_in_a_sentence(name: str, words: str) -> None:
    told = conclusion(COURSES[name])
    assert words in told
    assert told.endswith(".")
    assert "nan" not in told


def test_confirmed_changes_come_first_the_best_of_them_on_top() -> None:
    better = dataclasses.replace(TRIAL, names=("better",), treated=RunGroup((0.001, 0.001, 0.001)))
    unsure = dataclasses.replace(TRIAL, names=("unsure",), verdict=Verdict.UNDECIDED)
    ordered = in_order((REFUTED, unsure, TRIAL, better))
    assert [one.names[0] for one in ordered] == ["better", "restore-activation", "unsure", "lower-learning-rate"]


@pytest.mark.parametrize("name", COURSES)
def test_json_keeps_to_its_schema(name: str) -> None:
    told = trials_json.render_trials(dataclasses.replace(COURSES[name], verdict=conclusion(COURSES[name])))
    VALIDATOR.validate(json.loads(told, parse_constant=pytest.fail))


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("name", COURSES)
def test_the_screen_shows_it_within_its_width(name: str, columns: int) -> None:
    screen = Console(width=columns, file=io.StringIO(), color_system=None)
    with screen.capture() as captured:
        screen.print(TerminalTrials(dataclasses.replace(COURSES[name], verdict=conclusion(COURSES[name]))))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= columns
    text = " ".join(" ".join(lines).split())
    for trial in COURSES[name].trials:
        assert trial.verdict.value in text
    if columns == 120 and name == "cured":
        assert "<- the best" in text
        assert "0.02000 (0.01000 to 0.03000)" in text
        assert '+ Dense(10, activation="tanh")' in text


@pytest.mark.parametrize("name", COURSES)
def test_markdown_has_a_row_for_each_trial(name: str) -> None:
    told = trials_markdown.render_trials(COURSES[name])
    for trial in COURSES[name].trials:
        assert f"{trial.names[0]}" in told
        assert f"| {trial.verdict.value} |" in told


def test_a_sample_of_the_rows_is_said() -> None:
    whole, part = (Protocol(3, 1000, 32, 100, of, "tensorflow") for of in (100, 5000))
    assert "320 epochs of 100 rows)" in trial_phrases.protocol(whole)
    assert "100 of 5,000 rows, drawn by the seed" in trial_phrases.protocol(part)


def test_what_was_not_tried_is_told_by_its_reason() -> None:
    assert trial_phrases.untried(COURSE) == [
        "D701 non-finite-data: no training mends it",
        "widen dense: there was no time left for it",
    ]
