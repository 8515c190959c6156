"""Reports as SARIF 2.1.0, the standard of static analysis, and its variant for GitHub's code scanning."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from mlpdoctor import __version__
from mlpdoctor.core.check import Rule
from mlpdoctor.core.finding import Finding, Severity, fingerprint, location
from mlpdoctor.core.project import REPOSITORY, rule_address
from mlpdoctor.core.report_model import Outcome, Report, Status, Unread
from mlpdoctor.report import phrases
from mlpdoctor.report.catalogue import family, readable, sections
from mlpdoctor.report.catalogue import rules as all_rules
from mlpdoctor.report.folding import live
from mlpdoctor.report.json.report import clean
from mlpdoctor.report.markdown import marked
from mlpdoctor.report.phrases import crashed

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
"""Stands for the top of the repository, which is taken to be the working directory."""
TOP = {Severity.ERROR: 100.0, Severity.WARNING: 70.0, Severity.NOTE: 40.0}
"""The highest rank a finding may have; SARIF's runs from 0 to 100."""
NEXT = 0.98
"""A finding ranks at most so far below the one above it: the order of the report is that of the ranks."""


def render(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """One run with all models: findings, checks that did not apply, and what went wrong on the way."""
    return json.dumps(log(reports, unread), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def log(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> dict[str, Any]:
    """The log as plain values."""
    rules = all_rules()
    index = {rule.code: number for number, rule in enumerate(rules)}
    artifacts = list(dict.fromkeys(path for report in reports for path in _files(report)))
    results = [result for report in reports for result in _results(report, index, artifacts)]
    notifications = [note for report in reports for note in _crashes(report, index, artifacts)]
    notifications += [_unread(model) for model in unread]
    run = {
        "tool": {
            "driver": {
                "name": "mlpdoctor",
                "version": __version__,
                "informationUri": REPOSITORY,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "invocations": [{"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The working directory of the run."}}},
        "artifacts": [{"location": _artifact(path), "roles": ["analysisTarget"]} for path in artifacts],
        "results": results,
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    page, summary = dict(sections(rule.page)), readable(rule.summary)
    text = "\n\n".join((summary, *(f"{heading}: {words}" for heading, words in page.items())))
    rich = "\n\n".join((marked(summary), *(f"**{heading}**\n\n{marked(words)}" for heading, words in page.items())))
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": page.get("Why it matters", summary)},
        "help": {"text": text, "markdown": rich},
        "helpUri": rule_address(rule.code, rule.name),
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": [family(rule)], "problem.severity": _problem(rule.severity)},
    }


def _problem(severity: Severity) -> str:
    """What GitHub calls a severity."""
    return "recommendation" if severity is Severity.NOTE else severity.value


def _results(report: Report, index: Mapping[str, int], artifacts: Sequence[str]) -> Iterator[dict[str, Any]]:
    shown = live(report.findings)
    seen: Counter[str] = Counter()
    rank = TOP[Severity.ERROR] / NEXT
    for finding in (*shown, *(one for one in report.findings if one.suppressed is not None)):
        rank = min(rank * NEXT, TOP[finding.severity])
        print_of = fingerprint(finding, report.path)
        seen[print_of] += 1
        yield {
            "ruleId": finding.code,
            "ruleIndex": index[finding.code],
            "kind": "fail",
            "level": finding.severity.value,
            "rank": round(rank, 2),
            "message": {"text": phrases.told(finding, report)},
            "locations": [_place(report.path, artifacts, finding.layers)],
            "partialFingerprints": _fingerprints(print_of, seen[print_of]),
            **({} if finding.suppressed is None else {"suppressions": [_suppression(finding.suppressed)]}),
            "properties": _properties(finding),
        }
    for outcome in report.outcomes:
        if outcome.status in {Status.NOT_APPLICABLE, Status.SKIPPED}:
            yield {
                "ruleId": outcome.code,
                "ruleIndex": index[outcome.code],
                "kind": "notApplicable",
                "level": "none",
                "message": {"text": f"{_sentence(outcome.reason)}."},
                "locations": [_place(report.path, artifacts)],
                "properties": {"outcome": outcome.status.value},
            }


def _fingerprints(print_of: str, number: int) -> dict[str, str]:
    """Ours, and the name under which GitHub would else put a hash of the file's first line, which training changes."""
    return {"mlpdoctor/v1": f"{print_of}:{number}", "primaryLocationLineHash": f"{print_of}:{number}"}


def _suppression(reason: str) -> dict[str, str]:
    return {"kind": "external", "justification": reason}


def _properties(finding: Finding) -> dict[str, Any]:
    evidence = finding.evidence
    remedy = evidence.remedy
    properties: dict[str, Any] = clean(
        {
            "certainty": evidence.certainty.value,
            "explains": evidence.explains,
            "because_of": finding.because_of,
            "layers": finding.layers,
            "evidence": evidence.numbers,
            "fix": None if remedy is None else {"text": remedy.text, "code": remedy.code},
        }
    )
    return properties


def _crashes(report: Report, index: Mapping[str, int], artifacts: Sequence[str]) -> Iterator[dict[str, Any]]:
    for outcome in crashed(report.outcomes):
        yield {
            "level": "error",
            "message": {"text": f"The check {outcome.code} {outcome.name} crashed: {_told(outcome)}"},
            "associatedRule": {"id": outcome.code, "index": index[outcome.code]},
            "locations": [_place(report.path, artifacts)],
        }


def _told(outcome: Outcome) -> str:
    return outcome.reason or "no reason given"


def _unread(model: Unread) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": f"The model could not be read: {model.reason}"},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(location(model.path))}}],
    }


def _files(report: Report) -> Iterator[str]:
    yield location(report.path)
    if report.data is not None and report.data.path != "-":
        yield location(report.data.path)


def _place(model: str, artifacts: Sequence[str], layers: Sequence[str] = ()) -> dict[str, Any]:
    """The file, at a line because GitHub wants one, and the layers in it."""
    path = location(model)
    physical = {
        "artifactLocation": {**_artifact(path), "index": artifacts.index(path)},
        "region": {"startLine": 1},
    }
    name = PurePosixPath(path).name
    logical = [{"name": layer, "fullyQualifiedName": f"{name}/{layer}", "kind": "object"} for layer in layers]
    logical.append({"name": name, "fullyQualifiedName": name, "kind": "module"})
    return {"physicalLocation": physical, "logicalLocations": logical}


def _artifact(path: str) -> dict[str, str]:
    """Where a file is: from the root where it lies under it, else by its own address."""
    if PurePosixPath(path).is_absolute():
        return {"uri": f"file://{quote(path)}"}
    if path[1:2] == ":":
        return {"uri": f"file:///{path[:2]}{quote(path[2:])}"}
    return {"uri": quote(path), "uriBaseId": ROOT}


def _sentence(text: str | None) -> str:
    words = text or "it did not apply"
    return f"{words[0].upper()}{words[1:]}"


def render_code_scanning(reports: Sequence[Report], unread: Sequence[Unread] = ()) -> str:
    """The log with nothing in it but findings that are to be fixed."""
    whole = log(reports, unread)
    for run in whole["runs"]:
        run["results"] = [one for one in run["results"] if one["kind"] == "fail" and "suppressions" not in one]
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
