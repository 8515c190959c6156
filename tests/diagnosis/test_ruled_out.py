"""What is ruled out: what people try first comes first, and nothing that another finding names as a cause."""

import pytest

from mlpdoctor.core.finding import Certainty, Evidence, Finding, Severity
from mlpdoctor.core.report_model import TRIED_FIRST, Outcome, Status
from mlpdoctor.diagnosis.diagnose import all_checks
from mlpdoctor.diagnosis.rank import ruled_out

RULES = {check.rule.code: check.rule for check in all_checks()}


def finding(code: str, *suspects: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code, "name", severity, "seen", Evidence({}, Certainty.PROVED, "because", rules_out=suspects))


def passed(code: str, clears: str) -> Outcome:
    return Outcome(code, "name", Status.PASSED, clears=clears)


def whats(findings: list[Finding], outcomes: list[Outcome]) -> list[str]:
    return [suspect.what for suspect in ruled_out(findings, outcomes, RULES)]


def test_what_people_try_first_comes_first_in_their_order() -> None:
    suspects = ("local minimum", "width", "epochs", "learning rate", "optimizer")
    told = whats([finding("A101", *suspects)], [passed("D709", "outliers"), passed("D702", "input scale")])
    assert told == [*TRIED_FIRST, "outliers"]


def test_the_learning_rate_is_not_ruled_out_beside_a_finding_on_it() -> None:
    floor = finding("A101", "learning rate", "epochs")
    assert whats([floor, finding("G603")], []) == ["epochs"]
    assert whats([floor, finding("G607", severity=Severity.WARNING)], []) == ["learning rate"]
    assert whats([floor, finding("G603", severity=Severity.NOTE)], []) == ["learning rate", "epochs"]


def test_a_gradient_of_zero_does_not_rule_out_a_vanishing_one() -> None:
    clear = passed("G601", "a vanishing gradient")
    assert whats([], [clear]) == ["a vanishing gradient"]
    assert whats([finding("G606")], [clear]) == []


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.names])
def test_a_rule_names_suspects_that_something_rules_out(code: str) -> None:
    known = {*TRIED_FIRST, *(rule.clears for rule in RULES.values())}
    assert set(RULES[code].names) <= known
