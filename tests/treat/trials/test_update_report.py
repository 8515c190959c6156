"""What trials make of a report: confirmed causes come first, refuted ones last, and nothing else changes."""

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_cases import of_fixture

from mlpdoctor.core.finding import Certainty, Evidence, Finding, Severity
from mlpdoctor.core.report_model import Report
from mlpdoctor.core.trial_result import RunGroup, Trial, Verdict
from mlpdoctor.treat.trials.conclusions import update_report

REPORT = of_fixture("three-points")


def finding(code: str, because_of: str | None = None, *, certainty: Certainty = Certainty.MEASURED) -> Finding:
    evidence = Evidence({}, certainty, f"why {code}.", verdict=f"verdict of {code}")
    return Finding(code, f"name-{code.lower()}", Severity.ERROR, f"message of {code}", evidence, because_of=because_of)


def trial(verdict: Verdict, *answers: str, loss: float = 0.1) -> Trial:
    return Trial(
        ("change-it",), answers, "change it", ("code",), (("+", "code"),), (), "mean squared error", 1.0,
        RunGroup((1.0, 1.0)), RunGroup((loss, loss)), None, 0.9, verdict, "because", 100,
    )  # fmt: skip


def with_findings(*findings: Finding) -> Report:
    return dataclasses.replace(REPORT, findings=findings, verdict=str(findings[0].evidence.verdict))


def test_a_confirmed_cause_is_tried_and_comes_first() -> None:
    report = update_report(with_findings(finding("A101"), finding("G604")), [trial(Verdict.CONFIRMED, "G604")])
    assert [one.code for one in report.findings] == ["G604", "A101"]
    assert report.findings[0].evidence.certainty is Certainty.TRIED
    assert report.findings[0].evidence.explains == 0.9
    assert "Tried: change it; 0.1000 beside 1" in report.findings[0].evidence.why
    assert report.verdict == "verdict of G604"


def test_a_refuted_one_comes_last_with_its_effects_and_says_so() -> None:
    findings = finding("A101"), finding("L501", "A101"), finding("G604")
    report = update_report(with_findings(*findings), [trial(Verdict.REFUTED, "A101", loss=1.0)])
    assert [one.code for one in report.findings] == ["G604", "A101", "L501"]
    assert "Tried and refuted: change it" in report.findings[1].evidence.why
    assert report.verdict == "verdict of G604"


def test_a_theorem_stays_one() -> None:
    report = update_report(
        with_findings(finding("A101", certainty=Certainty.PROVED)), [trial(Verdict.CONFIRMED, "A101")]
    )
    assert report.findings[0].evidence.certainty is Certainty.PROVED


def test_one_change_that_gains_is_enough_and_all_must_fail_to_refute() -> None:
    both = update_report(
        with_findings(finding("A101")), [trial(Verdict.REFUTED, "A101"), trial(Verdict.CONFIRMED, "A101")]
    )
    assert "refuted" not in both.findings[0].evidence.why
    open_ = update_report(
        with_findings(finding("A101")), [trial(Verdict.REFUTED, "A101"), trial(Verdict.UNDECIDED, "A101")]
    )
    assert "Tried, and undecided: change it" in open_.findings[0].evidence.why
    assert open_.findings[0].evidence.certainty is Certainty.MEASURED


@given(
    st.lists(st.sampled_from(("A101", "G604", "U401", "L501", "D702")), min_size=1, max_size=5, unique=True),
    st.lists(st.tuples(st.sampled_from(Verdict), st.sampled_from(("A101", "G604", "U401"))), max_size=4),
)
def test_no_finding_is_lost_or_made(codes: list[str], verdicts: list[tuple[Verdict, str]]) -> None:
    before = with_findings(*(finding(code) for code in codes))
    after = update_report(before, [trial(verdict, code) for verdict, code in verdicts])
    assert sorted(one.code for one in after.findings) == sorted(codes)
    assert {one.message for one in after.findings} == {one.message for one in before.findings}
    places = [_place(one) for one in after.findings]
    assert all(one <= other for one, other in pairwise(places))


def _place(one: Finding) -> int:
    why = one.evidence.why
    return 2 if "Tried and refuted" in why else 0 if "Tried: " in why else 1


@pytest.mark.parametrize("verdict", Verdict)
def test_without_an_answer_nothing_changes(verdict: Verdict) -> None:
    before = with_findings(finding("A101"), finding("G604"))
    assert update_report(before, [trial(verdict)]) == before
