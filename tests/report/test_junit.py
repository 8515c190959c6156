"""The JUnit report, read by ``junitparser`` and counted again."""

import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from paths import ROOT
from report_cases import UNREAD, awkward, fixtures, of_fixture

from mlpdoctor.core.finding import Severity
from mlpdoctor.core.report_model import Report, Status, Unread
from mlpdoctor.report.formats import FORMATS

TestCase.__test__ = TestSuite.__test__ = False  # they are no tests, whatever pytest thinks of their names


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def parsed(*reports: Report, unread: tuple[Unread, ...] = ()) -> list[TestSuite]:
    read = JUnitXml.fromstring(FORMATS["junit"].render(reports, unread).encode())
    assert isinstance(read, JUnitXml)
    return list(read)


def kinds(suite: TestSuite) -> dict[str, list[type]]:
    return {case.name: [type(result) for result in case.result] for case in suite}


@pytest.mark.slow
def test_a_suite_for_each_model_and_a_case_for_each_check() -> None:
    reports = fixtures()
    suites = parsed(*reports)
    assert [suite.name for suite in suites] == [report.path for report in reports]
    for suite, report in zip(suites, reports, strict=True):
        assert [case.name for case in suite] == [f"{o.code} {o.name}" for o in report.outcomes]
        assert {case.classname for case in suite} == {report.path}


@pytest.mark.parametrize("alone", [True, False])
def test_the_numbers_at_the_top_are_those_below(*, alone: bool) -> None:
    reports = [awkward()] if alone else [awkward(), *fixtures()]
    text = FORMATS["junit"].render(reports, () if alone else (UNREAD,))
    root = ET.fromstring(text)  # noqa: S314  our own document
    for element in (root, *root):
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(attribute, "")) == len(list(element.iter(tag)))
        assert int(element.get("tests", "")) == len(list(element.iter("testcase")))


def test_what_each_outcome_becomes() -> None:
    (suite,) = parsed(awkward())
    seen = kinds(suite)
    assert seen["A101 missing-nonlinearity"] == [Failure]
    assert seen["U401 dead-relu"] == [Failure]
    assert seen["D702 unscaled-inputs"] == [Skipped]  # suppressed
    assert seen["D704 constant-feature"] == []  # a note fails nothing
    assert seen["W306 learning-rate-collapsed"] == [Error]
    assert seen["W307 over-regularised"] == seen["W308 stale-normalization"] == [Skipped]
    assert seen["A102 rank-bottleneck"] == []
    report = of_fixture("three-points")
    quiet = {o.name for o in report.outcomes if o.status in {Status.SKIPPED, Status.NOT_APPLICABLE}}
    skipped = {name.split()[1] for name, results in kinds(parsed(report)[0]).items() if results == [Skipped]}
    assert skipped == quiet


def test_failures_say_how_bad_and_all_that_is_known() -> None:
    (suite,) = parsed(of_fixture("three-points"))
    (failure,) = next(iter(suite)).result
    assert failure.type == "error"
    assert failure.message.startswith("dense -> dense_1 have no activation between")
    assert 'Dense(10, activation="tanh", name="dense")' in failure.text
    notes = next(case for case in suite if case.name.startswith("D710")).system_out
    assert notes.startswith("note: 3 rows for 31 trained parameters")


def test_properties() -> None:
    root = ET.fromstring(FORMATS["junit"].render([of_fixture("three-points")]))  # noqa: S314  our own document
    of_suite, of_case, *_ = ({o.get("name"): o.get("value", "") for o in part} for part in root.iter("properties"))
    assert of_suite["verdict"].startswith("The loss is stuck at 0.005676")
    assert (of_case["severity"], of_case["certainty"]) == ("error", "proved")


def test_failures_are_the_errors_and_warnings() -> None:
    for report in fixtures():
        grave = Counter(f.code for f in report.findings if f.severity is not Severity.NOTE)
        assert parsed(report)[0].failures == len(grave)


def test_an_unread_model_is_an_error_in_a_suite_of_its_own() -> None:
    first, second = parsed(of_fixture("healthy-linear"), unread=(UNREAD,))
    assert (first.errors, second.errors) == (0, 1)
    (case,) = second
    assert case.result[0].message == UNREAD.reason


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(st.text(min_size=1))
def test_any_name_gives_a_document(name: str) -> None:
    (suite,) = parsed(awkward(name))
    assert suite.failures == 3


def test_it_holds_no_times() -> None:
    assert not re.search(r" time(stamp)?=", FORMATS["junit"].render([of_fixture("three-points")]))
