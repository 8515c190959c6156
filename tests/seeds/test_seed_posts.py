"""What the people of the forum posts must be told, with the number they were stuck at."""

import json
from functools import cache
from typing import Any

import pytest
from paths import FIXTURES

from mlpdoctor.core.finding import Certainty, Finding, Severity
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question

pytestmark = pytest.mark.slow  # whole diagnoses of real patients

EXPECTED: dict[str, dict[str, Any]] = json.loads((FIXTURES / "expected.json").read_text())
HEALTHY = [
    "relu-cosine",
    "four-sigmoid-sine",
    "numpy-cosine-mean-error",
    "three-points-sigmoid",
    *(name for name in EXPECTED if name.startswith("healthy-")),
]


@cache
def report(name: str, model: str | None = None) -> Report:
    files = EXPECTED[name]
    return diagnose(Question(str(FIXTURES / (model or files["model"])), str(FIXTURES / files["data"])))


def first(name: str, model: str | None = None) -> Finding:
    return report(name, model).findings[0]


def rungs(found: Report) -> dict[str, float]:
    assert found.ladder is not None
    return {rung.name: rung.value for rung in found.ladder.rungs}


@pytest.mark.parametrize("model", ["three-points/model.keras", "three-points/model.h5"])
class TestThreePoints:
    """Linear layers stuck at 0.0057, which is the least squares floor of the three points."""

    def test_the_first_finding_is_the_missing_nonlinearity_proved(self, model: str) -> None:
        finding = first("three-points", model)
        assert (finding.code, finding.name) == ("A101", "missing-nonlinearity")
        assert finding.severity is Severity.ERROR
        assert finding.evidence.certainty is Certainty.PROVED
        assert finding.evidence.explains == pytest.approx(1.0, abs=1e-4)

    def test_the_ladder_has_the_numbers(self, model: str) -> None:
        found = report("three-points", model)
        low = dict.fromkeys(("affine", "model", "readout", "architecture"), 0.005676)
        expected = {"constant": 0.034508, **low, "data": 0}
        assert {name: round(value, 6) for name, value in rungs(found).items()} == expected

    def test_the_plateau_is_the_floor_of_the_architecture_to_six_digits(self, model: str) -> None:
        ladder = report("three-points", model).ladder
        assert ladder is not None
        assert ladder.standing == "architecture"
        assert ladder.digits == 6

    def test_the_witness_is_the_line(self, model: str) -> None:
        ladder = report("three-points", model).ladder
        assert ladder is not None
        line = ladder.rung("affine")
        assert line is not None
        assert line.witness == "y = 0.20796 x + 0.01671"

    def test_everything_the_poster_tried_is_ruled_out(self, model: str) -> None:
        cleared = {suspect.what for suspect in report("three-points", model).ruled_out}
        assert {"learning rate", "epochs", "local minimum", "width"} <= cleared

    def test_the_verdict_answers_the_question(self, model: str) -> None:
        verdict = report("three-points", model).verdict
        assert "stuck at 0.005676" in verdict
        assert "straight line" in verdict
        assert "no learning rate or number of epochs can improve it" in verdict


def test_the_untrained_network_is_told_the_same_number_beforehand() -> None:
    found = report("three-points-untrained")
    assert found.findings[0].code == "A101"
    assert "will stop at 0.005676" in found.verdict
    assert rungs(found)["architecture"] == pytest.approx(0.005676, abs=5e-7)
    assert any(finding.code == "W304" for finding in found.findings)


def test_nothing_is_ruled_out_of_a_training_that_has_not_begun_but_width() -> None:
    cleared = {suspect.what for suspect in report("three-points-untrained").ruled_out}
    assert "width" in cleared
    assert "learning rate" not in cleared


def test_two_rows_have_floor_zero_and_the_verdict_says_so() -> None:
    found = report("three-points-two-rows")
    assert rungs(found)["architecture"] == 0
    assert rungs(found)["affine"] == 0
    assert found.verdict.endswith("zero to the precision of its weights, and so is the lowest this network can reach.")
    assert all(finding.severity is Severity.NOTE for finding in found.findings)


def test_mostly_linear_is_measured_against_the_line_and_what_is_left_is_said() -> None:
    found = report("mostly-linear")
    assert [finding.code for finding in found.findings] == ["L501"]
    finding = found.findings[0]
    assert finding.severity is Severity.WARNING
    assert rungs(found)["affine"] == pytest.approx(EXPECTED["mostly-linear"]["affine"], rel=1e-9)
    assert round(rungs(found)["affine"], 2) == 0.13
    curve, line = (finding.evidence.numbers[key] for key in ("curve_out_of_sample", "line_out_of_sample"))
    assert isinstance(curve, float)
    assert isinstance(line, float)
    assert curve < line / 2
    assert "more to learn" in found.verdict


def test_the_hand_written_tanh_net_is_told_of_its_large_weights_first() -> None:
    found = report("numpy-cosine")
    assert found.findings[0].name == "init-scale"
    assert found.findings[0].severity is Severity.ERROR
    causes = {finding.code: finding.because_of for finding in found.findings}
    assert causes["U402"] == "W303"
    assert causes["L502"] == "U402"
    assert not any(finding.code == "W304" for finding in found.findings)


def test_four_relus_are_told_that_three_of_them_are_dead() -> None:
    finding = first("four-relu-sine")
    assert finding.name == "dead-relu"
    assert finding.message == "3 of the 4 relu units are zero on all 10,000 rows"
    assert finding.layer == "dense"


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_twins_and_controls_get_no_error_and_no_warning(name: str) -> None:
    assert [finding for finding in report(name).findings if finding.severity is not Severity.NOTE] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_the_rungs_are_those_worked_out_independently(name: str) -> None:
    found, expected = rungs(report(name)), EXPECTED[name]
    scale = expected["constant"]
    assert found["constant"] == pytest.approx(expected["constant"], rel=1e-9)
    assert found["affine"] == pytest.approx(expected["affine"], rel=1e-7, abs=1e-12 * scale)
    assert found["model"] == pytest.approx(expected["trained"], rel=1e-4, abs=1e-12 * scale)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_ladder_is_in_order(name: str) -> None:
    found = rungs(report(name))
    slack = 1e-12 * found["constant"]
    assert found["data"] <= found["affine"] + slack <= found["constant"] + 2 * slack
    assert found["data"] <= found.get("architecture", found["data"]) <= found["model"] + slack
