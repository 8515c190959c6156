"""The whole reports on the seed posts: causes above effects, evidence, remedies, and the same from either format."""

import json
from functools import cache
from typing import Any

import pytest
from paths import FIXTURES
from report_questions import alarms, found, names, number, only, outcome, rungs, told

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Report, Status
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

pytestmark = pytest.mark.slow  # whole diagnoses of real patients

EXPECTED: dict[str, dict[str, Any]] = json.loads((FIXTURES / "expected.json").read_text())
CONTROLS = ["relu-cosine", "four-sigmoid-sine", "numpy-cosine-mean-error"] + [
    name for name in EXPECTED if name.startswith("healthy-")
]
THREE_POINTS = ["three-points/model.keras", "three-points/model.h5"]


@cache
def report_of(name: str, model: str | None = None) -> Report:
    entry = EXPECTED[name]
    return diagnose(Question(str(FIXTURES / (model or entry["model"])), str(FIXTURES / entry["data"])))


def cleared(report: Report) -> dict[str, str]:
    return {suspect.what: suspect.by for suspect in report.ruled_out}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_rule_ends_and_none_crashes(name: str) -> None:
    report = report_of(name)
    assert {one.status for one in report.outcomes} <= {*Status} - {Status.CRASHED}
    # Three points are too few to tell by cross-validation whether there is anything to learn.
    assert {one.code for one in report.outcomes if one.status is Status.SKIPPED} <= {"L507"}
    assert {one.code for one in report.outcomes if one.status is Status.FOUND} == {f.code for f in report.findings}


@pytest.mark.parametrize("name", [*CONTROLS, "three-points-sigmoid", "three-points-two-rows"])
def test_nothing_is_wrong_with_a_control(name: str) -> None:
    report = report_of(name)
    assert not alarms(report), told(report)
    well = ("Looks healthy", "The loss is about as low as these data allow:")
    assert report.verdict.startswith(well)


@pytest.mark.parametrize("model", THREE_POINTS)
def test_three_points_are_told_of_the_missing_activation(model: str) -> None:
    report = report_of("three-points", model)
    assert not alarms(report)[1:]
    finding = report.findings[0]
    assert (finding.code, finding.name) == ("A101", "missing-nonlinearity")
    assert (finding.severity, finding.evidence.certainty) == (Severity.ERROR, Certainty.PROVED)
    assert names(finding, "layers") == ("dense", "dense_1")
    assert finding.evidence.explains is not None
    assert finding.evidence.explains >= 0.9999
    assert finding.because_of is None


@pytest.mark.parametrize("model", THREE_POINTS)
def test_three_points_get_their_line_as_the_witness(model: str) -> None:
    report = report_of("three-points", model)
    assert report.ladder is not None
    line = report.ladder.rung("affine")
    assert line is not None
    assert line.witness == "y = 0.20796 x + 0.01671"
    assert line.coefficients[0] == pytest.approx((0.0167101, 0.2079623), abs=5e-8)
    assert report.findings[0].message.endswith("y = 0.20796 x + 0.01671")


@pytest.mark.parametrize("model", THREE_POINTS)
def test_three_points_learn_what_will_not_help(model: str) -> None:
    suspects = cleared(report_of("three-points", model))
    assert {suspects.get(what) for what in ("learning rate", "optimizer", "epochs", "local minimum", "width")} == {
        "A101"
    }
    assert suspects["input scale"] == "D702"
    assert suspects["conflicting rows"] == "L503"


@pytest.mark.parametrize("model", THREE_POINTS)
def test_three_points_read_their_answer_in_the_first_sentence(model: str) -> None:
    report = report_of("three-points", model)
    assert report.verdict.startswith(
        "The loss is stuck at 0.005676 because there is no activation function between your layers"
    )
    remedy = report.findings[0].evidence.remedy
    assert remedy is not None
    assert remedy.code == 'Dense(10, activation="tanh", name="dense")'


def test_three_points_hold_in_both_formats_alike() -> None:
    one, two = (report_of("three-points", model) for model in THREE_POINTS)
    assert one.findings == two.findings
    assert one.ladder == two.ladder
    assert one.verdict == two.verdict


def test_an_untrained_network_stands_on_no_rung() -> None:
    report = report_of("three-points-untrained")
    assert rungs(report)["architecture"] == rungs(report_of("three-points"))["architecture"]
    assert report.ladder is not None
    assert report.ladder.standing is None
    assert report.findings[0].evidence.explains is None
    assert only(report, "W304").severity is Severity.NOTE
    assert "local minimum" not in cleared(report)


def test_the_accepted_answer_works() -> None:
    report = report_of("three-points-sigmoid")
    assert not found(report, "A101")
    assert rungs(report)["model"] < 1e-12
    assert "architecture" not in rungs(report)


def test_mostly_linear_is_at_the_line_of_least_absolute_deviations() -> None:
    report = report_of("mostly-linear")
    finding = report.findings[0]
    assert finding.code == "L501"
    assert finding.severity is Severity.WARNING
    assert report.ladder is not None
    assert report.ladder.loss == "mean absolute error"
    assert report.ladder.standing == "affine"
    affine = EXPECTED["mostly-linear"]["affine"]
    assert number(finding, "affine") == pytest.approx(affine, rel=1e-7)
    assert rungs(report)["affine"] - affine < 1e-9
    rung = report.ladder.rung("affine")
    assert rung is not None
    assert rung.lower <= affine * (1 + 1e-12) <= rung.value * (1 + 1e-9)


def test_mostly_linear_is_told_how_much_is_left() -> None:
    finding = only(report := report_of("mostly-linear"), "L501")
    # Boosted trees keep less than half of the line's error out of sample (tests/test_fixtures.py).
    assert number(finding, "curve_out_of_sample") < 0.5 * number(finding, "affine")
    assert number(finding, "line_out_of_sample") == pytest.approx(number(finding, "affine"), rel=0.05)
    assert number(finding, "saved") > 10 * number(finding, "saved_error")
    assert "There is more to learn" in report.verdict


def test_numpy_cosine_is_stopped_by_weights_that_saturate_its_units() -> None:
    report = report_of("numpy-cosine")
    finding = report.findings[0]
    assert (finding.code, finding.severity) == ("W303", Severity.ERROR)
    assert {f.layer for f in found(report, "U402")} >= {"dense_2", "dense_3"}
    assert {f.because_of for f in found(report, "U402")} == {"W303"}
    assert only(report, "L502").because_of == "U402"
    assert "so tanh is saturated" in report.verdict


def test_four_relu_sine_has_one_unit_left() -> None:
    report = report_of("four-relu-sine")
    finding = report.findings[0]
    assert (finding.code, finding.severity, finding.layer) == ("U401", Severity.ERROR, "dense")
    assert (number(finding, "dead"), number(finding, "units"), number(finding, "live")) == (3, 4, 1)
    assert number(finding, "rows") == 10_000
    assert not found(report, "L501"), "it is a fifth below the best straight line"
    assert "3 of the 4 ReLU units in dense are dead" in report.verdict


def test_a_patient_never_has_its_own_rule_among_the_cleared() -> None:
    for name, code, suspect in (
        ("four-relu-sine", "U401", "dead ReLU units"),
        ("numpy-cosine", "U402", "saturated units"),
    ):
        assert outcome(report_of(name), code).status is Status.FOUND
        assert suspect not in cleared(report_of(name))
