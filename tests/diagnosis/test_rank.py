"""The first finding is the one to fix first; effects stand under their causes; none is lost."""

from collections.abc import Iterable
from dataclasses import replace

import hand_built
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.finding import Certainty, Evidence, Finding, Severity
from mlpdoctor.core.network import Node
from mlpdoctor.diagnosis.diagnose import all_checks
from mlpdoctor.diagnosis.rank import Joined, anywhere, joined_in
from mlpdoctor.diagnosis.rank import rank as rank_by

RULES = {check.rule.code: check.rule for check in all_checks()}


def rank(findings: Iterable[Finding], joined: Joined = anywhere) -> tuple[Finding, ...]:
    return rank_by(findings, RULES, joined)


def finding(
    code: str,
    severity: Severity = Severity.ERROR,
    certainty: Certainty = Certainty.MEASURED,
    explains: float | None = None,
    strength: float = 0.0,
    layer: str | None = None,
) -> Finding:
    evidence = Evidence({}, certainty, "why", explains=explains, strength=strength)
    return Finding(code, code.lower(), severity, "message", evidence, layer)


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [one.code for one in findings]


def test_severity_goes_before_certainty() -> None:
    sure = finding("A101", Severity.WARNING, Certainty.PROVED)
    assert codes(rank([sure, finding("D701", certainty=Certainty.ESTIMATED)])) == ["D701", "A101"]


def test_certainty_goes_before_the_share_explained() -> None:
    proved = finding("L503", certainty=Certainty.PROVED, explains=0.1)
    assert codes(rank([finding("D701", explains=0.9), proved])) == ["L503", "D701"]


def test_a_file_of_another_scale_comes_before_its_gaps() -> None:
    """The weights are sound, so that the gaps were not there in training: the file is not what they were trained on."""
    gaps = finding("D701", strength=1.0)
    other = finding("D713", certainty=Certainty.ESTIMATED)
    assert codes(rank([gaps, other])) == ["D713", "D701"]
    assert codes(rank([gaps, replace(other, severity=Severity.WARNING)])) == ["D701", "D713"]


def test_the_share_explained_goes_before_strength() -> None:
    assert codes(rank([finding("D701", strength=1.0), finding("L503", explains=0.5)])) == ["L503", "D701"]


def test_an_effect_stands_under_its_cause() -> None:
    ranked = rank([finding("L502", explains=1.0), finding("U402"), finding("D701", strength=0.1)])
    assert codes(ranked) == ["D701", "U402", "L502"] or codes(ranked) == ["U402", "L502", "D701"]
    assert {one.code: one.because_of for one in ranked}["L502"] == "U402"


def test_what_made_weights_stop_being_numbers_comes_first() -> None:
    proved = finding("A101", certainty=Certainty.PROVED, explains=1.0)
    assert codes(rank([proved, finding("D702"), finding("W301")])) == ["D702", "W301", "A101"]
    assert codes(rank([proved, finding("W301")])) == ["W301", "A101"]
    assert codes(rank([proved, finding("W301", Severity.WARNING)])) == ["A101", "W301"]


def test_findings_of_one_rule_stay_together_before_what_they_bring_about() -> None:
    ranked = rank([finding("U402", layer="b"), finding("L502"), finding("U402", layer="a")])
    assert [(one.code, one.layer) for one in ranked] == [("U402", "a"), ("U402", "b"), ("L502", None)]


def test_a_note_never_hides_an_error_below_it() -> None:
    ranked = rank([finding("U401", Severity.NOTE), finding("L502", Severity.ERROR)])
    assert codes(ranked) == ["L502", "U401"]
    assert ranked[0].because_of is None


def test_a_symptom_stands_under_a_milder_cause_and_any_other_effect_does_not() -> None:
    ranked = rank([finding("A104", Severity.WARNING), finding("L502", Severity.ERROR)])
    assert [(one.code, one.because_of) for one in ranked] == [("A104", None), ("L502", "A104")]
    ranked = rank([finding("G605", Severity.WARNING), finding("G604", Severity.ERROR)])
    assert [(one.code, one.because_of) for one in ranked] == [("G604", None), ("G605", None)]


def test_raw_inputs_are_as_grave_as_the_saturation_of_the_units_they_enter() -> None:
    raw = finding("D702", Severity.WARNING)
    raw = replace(raw, evidence=replace(raw.evidence, numbers={"door": "first"}))
    ranked = rank([raw, finding("U402", layer="second")])
    assert [(one.code, one.because_of) for one in ranked] == [("U402", None), ("D702", None)]
    ranked = rank([raw, finding("U402", layer="first")])
    assert [(one.code, one.severity) for one in ranked] == [("D702", Severity.ERROR), ("U402", Severity.ERROR)]


def test_a_large_constant_column_is_as_grave_as_what_it_brings_about_and_a_note_on_one_brings_nothing_about() -> None:
    ranked = rank([finding("D704", Severity.WARNING), finding("U401")])
    assert [(one.code, one.because_of) for one in ranked] == [("D704", None), ("U401", "D704")]
    ranked = rank([finding("D704", Severity.NOTE), finding("U401", Severity.NOTE)])
    assert all(one.because_of is None for one in ranked)


def test_a_fault_is_as_grave_as_what_it_brings_about() -> None:
    ranked = rank([finding("A104", Severity.WARNING), finding("L502", Severity.ERROR)])
    assert [one.severity for one in ranked] == [Severity.ERROR, Severity.ERROR]


def test_the_nearest_cause_is_named() -> None:
    """A dead unit explains a constant output, whatever loss the network was given."""
    ranked = rank([finding("O207"), finding("U401"), finding("U404"), finding("G606")])
    assert {one.code: one.because_of for one in ranked} == {
        "O207": None,
        "U401": "O207",
        "U404": "U401",
        "G606": "U401",
    }


def test_a_few_dead_units_of_a_layer_explain_no_loss() -> None:
    ranked = rank([finding("U401", Severity.WARNING), finding("L501", Severity.WARNING), finding("G607")])
    assert {one.code: one.because_of for one in ranked} == {"U401": None, "L501": "G607", "G607": None}


def test_what_keeps_next_to_nothing_of_the_loss_explains_none() -> None:
    ranked = rank([finding("D709", explains=0.01), finding("L502")])
    assert all(one.because_of is None for one in ranked)


def test_a_layer_brings_about_what_lies_on_a_way_through_it() -> None:
    line = hand_built.sequential(3, (8, "relu"), (1, None))
    start, left, right = line.nodes[0], line.nodes[1], Node(replace(line.nodes[2].layer, name="right"), (0,), (1,))
    joined = joined_in(replace(line, nodes=(start, left, right), outputs=(1, 2)))
    assert joined((start.layer.name,), ("right",))
    assert not joined((left.layer.name,), ("right",))
    effect, cause = finding("U402", layer="right"), finding("W303", layer="left")
    assert [one.because_of for one in rank([cause, effect], lambda some, others: False)] == [None, None]  # noqa: ARG005
    assert [one.because_of for one in rank([cause, effect])] == [None, "W303"]


findings = st.lists(
    st.builds(
        finding,
        st.sampled_from(sorted(RULES)),
        st.sampled_from(list(Severity)),
        st.sampled_from(list(Certainty)),
        st.none() | st.floats(0, 1),
        st.floats(0, 1),
        st.none() | st.sampled_from(["a", "b", "c"]),
    ),
    max_size=12,
)


@given(findings)
def test_every_finding_is_kept_exactly_once(given_findings: list[Finding]) -> None:
    ranked = rank(given_findings)
    assert sorted(map(id_of, ranked)) == sorted(map(id_of, given_findings))


@given(findings)
def test_the_first_is_as_grave_as_any(given_findings: list[Finding]) -> None:
    order = list(Severity)
    ranked = rank(given_findings)
    if ranked:
        assert order.index(ranked[0].severity) == min(order.index(one.severity) for one in ranked)
        assert ranked[0].because_of is None


@given(findings)
def test_no_consequence_is_graver_than_its_cause(given_findings: list[Finding]) -> None:
    order = list(Severity)
    ranked = rank(given_findings)
    for one in ranked:
        if one.because_of is not None:
            assert min(order.index(o.severity) for o in ranked if o.code == one.because_of) <= order.index(one.severity)


@given(findings)
def test_a_cause_comes_before_its_effects(given_findings: list[Finding]) -> None:
    ranked = rank(given_findings)
    for position, one in enumerate(ranked):
        if one.because_of is not None:
            assert one.because_of in codes(ranked[:position])


@given(findings, st.randoms())
def test_the_order_found_does_not_matter(given_findings: list[Finding], random: object) -> None:
    shuffled = list(given_findings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert list(map(id_of, rank(shuffled))) == list(map(id_of, rank(given_findings)))


def id_of(one: Finding) -> tuple[str, str, str, float, float]:
    """All but the severity, which an effect may raise."""
    evidence = one.evidence
    return one.code, evidence.certainty, str(one.layer), evidence.explains or 0.0, evidence.strength
