"""The first finding is the one to mend first; effects stand under their causes; none is lost."""

from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.finding import Certainty, Evidence, Finding, Severity
from mlpdoctor.diagnosis.causes import CAUSES
from mlpdoctor.diagnosis.rank import SYMPTOMS, rank


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


def test_the_share_explained_goes_before_strength() -> None:
    assert codes(rank([finding("D701", strength=1.0), finding("L503", explains=0.5)])) == ["L503", "D701"]


def test_an_effect_stands_under_its_cause() -> None:
    ranked = rank([finding("L502", explains=1.0), finding("U402"), finding("D701", strength=0.1)])
    assert codes(ranked) == ["D701", "U402", "L502"] or codes(ranked) == ["U402", "L502", "D701"]
    assert {one.code: one.because_of for one in ranked}["L502"] == "U402"


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
    ranked = rank([finding("D702", Severity.WARNING), finding("U402", Severity.ERROR)])
    assert [(one.code, one.because_of) for one in ranked] == [("U402", None), ("D702", None)]


findings = st.lists(
    st.builds(
        finding,
        st.sampled_from(sorted(CAUSES)),
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
    roots = [order.index(one.severity) for one in ranked if one.because_of is None]
    if ranked:
        assert order.index(ranked[0].severity) == min(roots)
        assert ranked[0].because_of is None


@given(findings)
def test_only_a_symptom_stands_under_a_milder_cause(given_findings: list[Finding]) -> None:
    order = list(Severity)
    ranked = rank(given_findings)
    for one in ranked:
        if one.because_of is not None and one.code not in SYMPTOMS:
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


def id_of(one: Finding) -> tuple[str, str, str, str, float, float]:
    evidence = one.evidence
    return one.code, one.severity, evidence.certainty, str(one.layer), evidence.explains or 0.0, evidence.strength
