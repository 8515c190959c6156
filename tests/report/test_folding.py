"""What is folded: nothing is lost, nothing is shown twice, and only what follows or is a note steps back."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.core.finding import Certainty, Evidence, Finding, Remedy, Severity
from mlpdoctor.report.folding import Arranged, arranged, live, names

CODES = ("A101", "U401", "L502", "G606", "D710")


def finding(
    code: str,
    severity: Severity = Severity.ERROR,
    because_of: str | None = None,
    suppressed: str | None = None,
    remedy: Remedy | None = None,
) -> Finding:
    evidence = Evidence({}, Certainty.MEASURED, "because", remedy)
    return Finding(code, f"name-{code.lower()}", severity, "seen", evidence, None, because_of, suppressed)


FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from(CODES),
        st.sampled_from(Severity),
        st.none() | st.sampled_from(CODES),
        st.none() | st.just("known"),
        st.none() | st.just(Remedy("do")),
    ),
    max_size=8,
)


def everything(of: Arranged) -> list[Finding]:
    return [one for shown in of.shown for one in (shown.finding, *shown.folded)] + list(of.notes)


def identities(findings: Sequence[Finding]) -> list[int]:
    return sorted(map(id, findings))


@given(FINDINGS)
def test_every_finding_that_is_not_suppressed_is_in_one_place(findings: list[Finding]) -> None:
    present = live(findings)
    for whole in (False, True):
        assert identities(everything(arranged(findings, whole=whole))) == identities(present)
    assert [one.finding for one in arranged(findings, whole=True).shown] == list(present)


@given(FINDINGS)
def test_what_is_shown_is_counted_and_in_order(findings: list[Finding]) -> None:
    shown = arranged(findings).shown
    assert [one.number for one in shown] == list(range(1, len(shown) + 1))
    places = [identities(findings).index(id(one.finding)) for one in shown]
    order = {id(one): place for place, one in enumerate(findings)}
    assert [order[id(one.finding)] for one in shown] == sorted(order[id(one.finding)] for one in shown)
    assert len(places) == len(shown)


@given(FINDINGS)
def test_notes_are_shown_only_where_one_says_what_to_do_and_nothing_is_worse(findings: list[Finding]) -> None:
    made = arranged(findings)
    grave = any(one.severity is not Severity.NOTE for one in live(findings))
    if grave or all(one.evidence.remedy is None for one in live(findings)):
        assert not any(one.finding.severity is Severity.NOTE and one.finding.because_of is None for one in made.shown)
    else:
        assert not made.notes


def test_a_consequence_of_a_consequence_stands_under_the_cause() -> None:
    findings = [
        finding("A101"),
        finding("L502", because_of="A101"),
        finding("G606", because_of="L502"),
        finding("U401", Severity.WARNING),
        finding("D710", Severity.NOTE),
    ]
    made = arranged(findings)
    assert [one.finding.code for one in made.shown] == ["A101", "U401"]
    assert [one.code for one in made.shown[0].folded] == ["L502", "G606"]
    assert made.shown[1].folded == ()
    assert [one.code for one in made.notes] == ["D710"]
    assert [one.follows for one in arranged(findings, whole=True).shown] == [None, 1, 2, None, None]


def test_a_cause_that_is_not_there_explains_nothing() -> None:
    for findings in ([finding("L502", because_of="A101")], [finding("A101", suppressed="known"), finding("L502")]):
        (one,) = arranged(findings).shown
        assert (one.finding.code, one.follows) == ("L502", None)


def test_what_follows_is_folded_once_where_its_rule_was_found_in_several_layers() -> None:
    made = arranged([finding("U401"), finding("U401"), finding("L502", because_of="U401")])
    assert [len(one.folded) for one in made.shown] == [1, 0]


def test_names_are_counted_and_shortened() -> None:
    findings = [finding("U401"), finding("L502"), finding("L502")]
    assert names(findings) == "U401 name-u401, L502 name-l502 ×2"  # noqa: RUF001
    assert names(findings, brief=True) == "U401 name-u401, L502 ×2"  # noqa: RUF001
