"""The verdict on top, and the list of what was ruled out."""

from dataclasses import replace

import pytest

from mlpdoctor.core.check import Absent
from mlpdoctor.core.finding import Certainty, Evidence, Finding, Remedy, Severity
from mlpdoctor.core.ladder import Ladder, Rung, standing
from mlpdoctor.core.report_model import Outcome, RuledOut, Status
from mlpdoctor.diagnosis.diagnose import all_checks
from mlpdoctor.diagnosis.rank import agreed
from mlpdoctor.diagnosis.rank import ruled_out as ruled_out_by
from mlpdoctor.diagnosis.verdict import Scope, verdict
from mlpdoctor.facts.ladder.loss_position import LossPosition


def where(model: float = 0.5, reach: float = 0.5, *, trained: bool = True) -> LossPosition:
    """A model somewhere between a constant that loses 2 and the lowest known."""
    return LossPosition(2.0, None, 0.0, reach, model, trained=trained)


TRAINED = where()
RULES = {check.rule.code: check.rule for check in all_checks()}


def ruled_out(findings: list[Finding], outcomes: list[Outcome]) -> tuple[RuledOut, ...]:
    return ruled_out_by(findings, outcomes, RULES)


def finding(
    code: str, severity: Severity = Severity.ERROR, says: str | None = None, out: tuple[str, ...] = ()
) -> Finding:
    evidence = Evidence({}, Certainty.PROVED, "why", verdict=says, rules_out=out)
    return Finding(code, code.lower(), severity, f"{code.lower()} was seen", evidence)


def ladder(**values: float) -> Ladder:
    rungs = tuple(Rung(name, name, value, value, "proved", "") for name, value in values.items())
    return Ladder("mean squared error", rungs, *standing(rungs))


def test_the_first_finding_that_is_no_note_answers() -> None:
    found = (
        finding("A", Severity.NOTE, "Not this."),
        finding("B", Severity.WARNING, "This."),
        finding("C", says="No."),
    )
    assert verdict(found, Absent(""), TRAINED) == "This."


def test_a_finding_without_an_answer_of_its_own_speaks_by_its_message() -> None:
    assert verdict((finding("A101"),), Absent(""), TRAINED) == "A101 was seen."


def test_without_findings_and_data_no_more_is_claimed_than_is_known() -> None:
    said = verdict((finding("A", Severity.NOTE, "Not this."),), Absent(""), TRAINED)
    assert said.startswith("Nothing was found")
    assert "without its loss" in said


@pytest.mark.parametrize(
    ("rungs", "part"),
    [
        (
            {"constant": 2.0, "affine": 1.0, "model": 0.5, "data": 0.5},
            "Loss 0.5000: the lowest possible on these data, 0.5000",
        ),
        ({"constant": 2.0, "affine": 1.0, "model": 1.0, "data": 0.0}, "1: that of affine"),
        ({"constant": 2.0, "affine": 1.0, "model": 0.5, "data": 0.0}, "Loss 0.5000; constant gives 2, affine gives 1."),
        ({"constant": 2.0, "affine": 1.0, "model": 1e-12, "data": 0.0}, "zero to the precision of its weights"),
    ],
)
def test_a_healthy_model_is_told_where_it_stands(rungs: dict[str, float], part: str) -> None:
    said = verdict((), ladder(**rungs), TRAINED)
    assert said.startswith("Looks healthy. ")
    assert part in said
    assert said.endswith(".")


@pytest.mark.parametrize(("model", "little"), [(0.95, True), (0.8, False)])
def test_that_little_can_be_learned_is_said_with_the_share(model: float, *, little: bool) -> None:
    position = LossPosition(1.0, model, 0.0, model, model)
    said = verdict((), ladder(constant=1.0, affine=model, model=model, data=0.0), position)
    assert said.startswith("Looks healthy. ")
    assert ("There is little to learn" in said) == little
    assert ("at most 5 %" in said) == little


def test_targets_that_are_features_are_not_called_linear() -> None:
    line = Rung("affine", "best linear fit", 0.0, 0.0, "proved", "")
    found = Ladder("mean squared error", (*ladder(constant=1.0).rungs, line, *ladder(model=0.5).rungs))
    lead = (finding("O204", says="The output cannot reach them."),)
    assert "exactly linear" in verdict(lead, found, TRAINED)
    assert verdict(lead, found, TRAINED, Scope(0, 0, copies=True)) == "The output cannot reach them."


def test_how_far_a_curve_has_to_go_is_not_said_before_why() -> None:
    """It follows from a finding that follows from the leading one."""
    lead, units = finding("G603", says="The rate is too high."), replace(finding("U401"), because_of="G603")
    curve = finding("H806", Severity.WARNING, "180 more epochs.")
    found = ladder(constant=2.0, model=0.5)
    assert verdict((lead, units, replace(curve, because_of="U401")), found, TRAINED) == "The rate is too high."
    assert verdict((lead, units, curve), found, TRAINED) == "180 more epochs. The rate is too high."


def test_rows_that_may_be_known_by_heart_are_no_proof_of_health() -> None:
    rise = finding("H805", Severity.NOTE)
    assert "by heart" in verdict((rise,), ladder(constant=2.0, model=0.5, data=0.0), TRAINED)


@pytest.mark.parametrize(
    ("model", "position"), [(float("nan"), where(float("nan"))), (None, None), (1.5, where(1.5)), (1.5, None)]
)
def test_health_is_claimed_of_a_model_that_has_come_far_alone(
    model: float | None, position: LossPosition | None
) -> None:
    rungs = {"constant": 2.0} if model is None else {"constant": 2.0, "model": model}
    assert verdict((), ladder(**rungs, data=0.0), position).startswith("Nothing was found")


def test_health_is_claimed_as_far_as_was_looked() -> None:
    hidden = (finding("A101"),)
    found = ladder(constant=2.0, model=0.5, data=0.0)
    assert verdict((), found, TRAINED, Scope(3, 67)).startswith("Looks healthy, as far as 3 rules of 67 can tell.")
    assert verdict((), found, TRAINED, Scope(67, 67, hidden)).startswith("Apart from 1 suppressed finding, nothing")


def test_an_untrained_model_is_told_what_to_beat() -> None:
    found = ladder(constant=2.0, affine=0.25, model=3.0, data=0.0)
    said = verdict((), found, where(3.0, trained=False))
    assert "not been trained" in said
    assert "0.25" in said


def test_that_the_weights_are_no_numbers_comes_before_why() -> None:
    lead, broken = finding("D702", says="The inputs are not scaled."), finding("W301", says="It is broken.")
    assert (
        verdict((lead, broken), Absent(""), TRAINED, Scope(0, 0, broken=("W301",)))
        == "It is broken. The inputs are not scaled."
    )


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (1.0, "architecture"),
        (1.009, "architecture"),
        (1.011, None),
        (0.5, "data"),
        (4.0, "constant"),
        (0.991, "architecture"),
    ],
)
def test_it_stands_on_the_rung_that_it_equals_in_digits(model: float, name: str | None) -> None:
    found = ladder(constant=4.0, affine=1.0, model=model, architecture=1.0, data=0.5)
    assert found.standing == name
    assert (found.digits is None) == (name is None)


def test_of_two_rungs_close_together_it_stands_on_the_nearer_one() -> None:
    """A model that predicts a constant has not found the best line, however little that gains."""
    found = ladder(constant=0.501258, affine=0.4965, architecture=0.4965, model=0.501257, data=0.0)
    assert (found.standing, found.digits) == ("constant", 5)


@pytest.mark.parametrize("model", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stands_nowhere(model: float) -> None:
    assert ladder(constant=4.0, model=model).standing is None


@pytest.mark.parametrize("severity", [Severity.NOTE, Severity.WARNING])
def test_what_the_curve_did_comes_before_what_the_file_adds(severity: Severity) -> None:
    lead, curve = finding("A101", Severity.ERROR, "The file."), finding("H801", severity, "The curve.")
    assert verdict((lead, curve), Absent(""), TRAINED) == "The curve. The file."
    broken = finding("H803", severity, "It broke.")
    assert verdict((lead, curve, broken), Absent(""), TRAINED) == "It broke. The file."
    assert verdict((broken, lead, curve), Absent(""), TRAINED).endswith("The file.") == (severity is Severity.NOTE)


def test_a_curve_on_the_rung_that_the_model_is_on_is_told_once() -> None:
    lead, curve = finding("A101", Severity.ERROR, "The file."), finding("H801", Severity.ERROR, "The curve.")
    curve = replace(curve, because_of="A101", evidence=replace(curve.evidence, numbers={"rung_loss": 1.0}))
    assert verdict((lead, curve), ladder(constant=2.0, affine=1.0, model=1.0), TRAINED) == "The file."
    assert verdict((lead, curve), ladder(constant=2.0, affine=1.0, model=2.0), TRAINED) == "The curve. The file."


def test_a_curve_that_leads_is_told_once() -> None:
    curve = finding("H801", Severity.WARNING, "The curve.")
    assert verdict((curve,), Absent(""), TRAINED) == "The curve."
    silent = finding("H801", Severity.NOTE)
    assert verdict((finding("A101", Severity.ERROR, "The file."), silent), Absent(""), TRAINED) == "The file."
    healthy = verdict((finding("H801", Severity.NOTE, "The curve."),), ladder(constant=2.0, model=0.5), TRAINED)
    assert healthy.startswith("The curve. Looks healthy.")


def passed(code: str, clears: str | None, status: Status = Status.PASSED) -> Outcome:
    return Outcome(code, code.lower(), status, clears=clears)


def test_findings_and_passed_checks_rule_suspects_out_each_once() -> None:
    out = ruled_out(
        [finding("A101", out=("rate", "width")), finding("L503", out=("rate",))],
        [
            passed("C", "scale"),
            passed("D", "rows", Status.SKIPPED),
            passed("E", "units", Status.CRASHED),
            passed("F", None),
        ],
    )
    assert set(out) == {RuledOut("rate", "A101"), RuledOut("width", "A101"), RuledOut("scale", "C")}
    assert out[-1] == RuledOut("scale", "C")


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PASSED])
def test_a_check_that_did_not_pass_clears_nothing(status: Status) -> None:
    assert ruled_out([], [passed("C", "scale", status)]) == ()


def test_what_a_finding_names_is_not_ruled_out() -> None:
    outcomes = [passed("G601", "a vanishing gradient"), passed("D702", "input scale")]
    slow = finding("G604")
    assert {one.what for one in ruled_out([finding("A101", out=("learning rate", "width")), slow], outcomes)} == {
        "width",
        "a vanishing gradient",
        "input scale",
    }
    dead = finding("U401")
    assert {one.what for one in ruled_out([dead], outcomes)} == {"input scale"}


def with_line(code: str, line: str, severity: Severity = Severity.ERROR) -> Finding:
    evidence = Evidence({}, Certainty.PROVED, "why", Remedy("change it", line))
    return Finding(code, code.lower(), severity, "seen", evidence)


def test_a_layer_gets_one_line() -> None:
    first, other = with_line("O204", 'Dense(1, name="out")'), with_line("U401", 'Dense(1, "tanh", name="out")')
    alike, elsewhere = with_line("U402", 'Dense(1, name="out")'), with_line("W303", 'Dense(8, name="hidden")')
    kept = agreed([first, other, alike, elsewhere], healthy=False)
    remedies = [one.evidence.remedy for one in kept]
    assert [one.code for one in remedies if one is not None] == [
        'Dense(1, name="out")',
        None,
        'Dense(1, name="out")',
        'Dense(8, name="hidden")',
    ]
    assert remedies[1] == Remedy("fix O204 first: it changes the same layer, out")


def test_a_healthy_model_gets_no_fix() -> None:
    note = with_line("U401", 'Dense(1, name="out")', Severity.NOTE)
    assert [one.evidence.remedy for one in agreed([note], healthy=True)] == [None]
    assert agreed([note], healthy=False) == (note,)
    assert agreed([note, first := finding("A101")], healthy=True) == (note, first)
