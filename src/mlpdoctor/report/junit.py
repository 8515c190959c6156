"""Reports as JUnit XML, for every CI that shows test results: a suite for each model, a test case for each check."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from mlpdoctor import __version__
from mlpdoctor.core.finding import Finding, Severity, fingerprint, location
from mlpdoctor.core.report_model import Outcome, Report, Status, Unread
from mlpdoctor.core.text import count
from mlpdoctor.report import phrases
from mlpdoctor.report.folding import live

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, not even escaped."""


def render(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """The document, without times: the same input gives the same bytes."""
    root = ET.Element("testsuites", name="mlpdoctor")
    for report in reports:
        _suite(root, report)
    for model in unread:
        _unread(root, model)
    for kind in ("tests", "failures", "errors", "skipped"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    for element in root.iter():
        element.text = None if element.text is None else FORBIDDEN.sub("?", element.text)
        for name, value in element.items():
            element.set(name, FORBIDDEN.sub("?", value))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(root: ET.Element, report: Report) -> None:
    path = location(report.path)
    suite = ET.SubElement(root, "testsuite", name=path)
    _properties(
        suite, version=__version__, verdict=report.verdict, data=None if report.data is None else report.data.path
    )
    cases = [_case(suite, path, outcome, report) for outcome in report.outcomes]
    _counts(suite, cases)
    ET.SubElement(suite, "system-out").text = report.verdict


def _case(suite: ET.Element, path: str, outcome: Outcome, report: Report) -> ET.Element:
    case = ET.SubElement(suite, "testcase", classname=path, name=f"{outcome.code} {outcome.name}", file=path)
    own = [finding for finding in report.findings if finding.code == outcome.code]
    shown = live(own)
    worst = [finding for finding in shown if finding.severity is not Severity.NOTE]
    notes = [finding for finding in shown if finding.severity is Severity.NOTE]
    if own:
        _properties(
            case,
            severity=min((finding.severity for finding in own), key=list(Severity).index).value,
            certainty=own[0].evidence.certainty.value,
            explains=own[0].evidence.explains,
            layers=", ".join(dict.fromkeys(layer for finding in own for layer in finding.layers)),
            fingerprint=fingerprint(own[0], report.path),
        )
    if outcome.status is Status.CRASHED:
        ET.SubElement(case, "error", type="crashed", message=outcome.reason or "")
    elif worst:
        more = f" (and {count(len(worst) - 1, 'finding')} more)" if len(worst) > 1 else ""
        failure = ET.SubElement(
            case, "failure", type=worst[0].severity.value, message=f"{phrases.seen(worst[0])}{more}"
        )
        failure.text = _told(worst, report)
    elif outcome.status in {Status.NOT_APPLICABLE, Status.SKIPPED}:
        ET.SubElement(case, "skipped", message=f"{outcome.status.value}: {outcome.reason}")
    elif own and not shown:
        ET.SubElement(case, "skipped", message=f"suppressed: {own[0].suppressed}")
    if notes:
        ET.SubElement(case, "system-out").text = _told(notes, report)
    return case


def _told(findings: Sequence[Finding], report: Report) -> str:
    return "\n\n".join(f"{finding.severity.value}: {phrases.told(finding, report)}" for finding in findings)


def _unread(root: ET.Element, model: Unread) -> None:
    path = location(model.path)
    suite = ET.SubElement(root, "testsuite", name=path)
    case = ET.SubElement(suite, "testcase", classname=path, name="read the model", file=path)
    ET.SubElement(case, "error", type="unread", message=model.reason)
    _counts(suite, [case])


def _counts(suite: ET.Element, cases: list[ET.Element]) -> None:
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))


def _properties(parent: ET.Element, **values: str | float | None) -> None:
    """Those that have a value."""
    holder = ET.SubElement(parent, "properties")
    for name, value in values.items():
        if value is not None and value != "":
            ET.SubElement(holder, "property", name=name, value=str(value))
