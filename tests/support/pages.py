"""Pages as a browser gets them, and what a test reads in them."""

import functools
import json
from collections.abc import Callable
from typing import Any

import html5lib
from paths import FIXTURES, ROOT
from report_cases import HOSTILE, UNREAD, awkward

from mlpdoctor.core.gradient_report import ArrayGradient, GradientReport, Mistake, WorstEntry
from mlpdoctor.core.gradient_report import Status as GradientStatus
from mlpdoctor.core.report_model import Report, changed_parts, legible_parts
from mlpdoctor.core.trial_result import Protocol, RunGroup, Trial, TrialResult, Verdict
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.report.html.page import render, render_gradient, render_trials

EXPECTED: dict[str, Any] = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
SPACE = "{http://www.w3.org/1999/xhtml}"
LARGEST = 500_000
"""Bytes of a page."""


@functools.cache
def with_pictures(name: str) -> Report:
    """The report on a fixture with what figures show, and with its history where it has one."""
    case = EXPECTED[name]
    history = FIXTURES / name / "history.txt"
    return diagnose(
        Question(
            f"fixtures/{case['model']}",
            f"fixtures/{case['data']}",
            target=tuple(case["targets"]),
            history=(str(history.relative_to(ROOT)),) if history.exists() else (),
        ),
        pictures=True,
    )


@functools.cache
def of_classes() -> Report:
    """The report on a classifier of two classes."""
    folder = "fixtures/saturated-crossentropy"
    return diagnose(Question(f"{folder}/model.h5", f"{folder}/data.csv"), pictures=True)


@functools.cache
def hostile() -> Report:
    """A report with figures in which every name means something to HTML, and some are long."""
    report = with_pictures("healthy-linear")
    return legible_parts(changed_parts(report, lambda text: f'"><img src=x onerror=alert(1)>{HOSTILE}{text}'))


def course() -> TrialResult:
    """Trials as ``treat`` hands them over, with the loss on the way of each run."""
    updates = (25, 50, 75, 100)

    def runs(*ends: float) -> RunGroup:
        curves = tuple(tuple((at, 0.5 * (end / 0.5) ** (at / 100)) for at in updates) for end in ends)
        return RunGroup(ends, curves)

    trial = Trial(
        names=("restore-activation",),
        answers=("A101",),
        text="give dense the activation tanh",
        code=('Dense(10, activation="tanh", name="dense")',),
        diff=((" ", "model = Sequential(["), ("-", "Dense(10)"), ("+", 'Dense(10, activation="tanh")'), (" ", "])")),
        edits=({"edit": "SetOption", "layer": "dense"},),
        judged_by="mean squared error",
        before=0.5,
        control=runs(0.4, 0.41, 0.42),
        treated=runs(0.01, 0.02, 0.03),
        rung="below the best straight line",
        gained=0.95,
        verdict=Verdict.CONFIRMED,
        reason="better in every run",
        updates=100,
    )
    return TrialResult(
        report=with_pictures("three-points"),
        protocol=Protocol(3, 100, 32, 100, 100, "tensorflow"),
        judged_by="mean squared error",
        before=0.5,
        control=trial.control,
        trials=(trial,),
        best=trial,
        verdict="Give dense the activation tanh.",
    )


def gradient() -> GradientReport:
    """A gradient check with a wrong array, a right one and one that cannot be told."""
    arrays = (
        ArrayGradient("W1", (2, 3), GradientStatus.WRONG, 0.5, 2.25, WorstEntry((1, 2), 0.5, -0.25, 1e-9), 6),
        ArrayGradient("b1", (3,), GradientStatus.OK, 1.0, 1.0, WorstEntry((0,), 0.1, 0.1, 1e-9), 3),
        ArrayGradient("b2", (1,), GradientStatus.UNCLEAR, None, None, None, 0),
    )
    mistake = Mistake("slope-missing", "the slope of tanh is missing", "delta = dL/da * f'(z)", "delta *= 1 - a**2")
    return GradientReport(
        arrays, (mistake,), (), "W1", "tanh, linear", None, 0.5, 1e-12, "float64", 100, 0.1, ("a note",)
    )


PAGES: dict[str, Callable[[], str]] = {
    "one feature, history, JSON": lambda: render([with_pictures("three-points")], embed=True),
    "two features": lambda: render([with_pictures("healthy-activation-layers")]),
    "classes": lambda: render([of_classes()]),
    "hostile": lambda: render([hostile()], embed=True),
    "several": lambda: render([with_pictures("three-points"), awkward()], [UNREAD]),
    "trials": lambda: render_trials(course(), embed=True),
    "gradient": lambda: render_gradient(gradient(), "net.py"),
}
"""One page of each kind; call from the top of the repository."""


@functools.cache
def page(kind: str) -> str:
    """The page of a kind, drawn once."""
    return PAGES[kind]()


def parsed(page: str) -> Any:  # noqa: ANN401  an element tree
    """The page as a browser understands it.

    Raises:
        html5lib.html5parser.ParseError: it is not valid.
    """
    return html5lib.HTMLParser(strict=True).parse(page)


def words(element: Any) -> str:  # noqa: ANN401
    """All text in an element, blanks as one."""
    return " ".join("".join(element.itertext()).split())


def read_back(tree: Any) -> dict[str, float]:  # noqa: ANN401
    """Every number of the page that the JSON has too, by its place there."""
    marked = [one for one in tree.iter(f"{SPACE}data") if one.get("data-at")]
    return {one.get("data-at"): float(one.get("value")) for one in marked}


def at(value: Any, pointer: str) -> Any:  # noqa: ANN401  JSON
    """What a JSON pointer leads to."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value
