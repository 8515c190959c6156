"""The SARIF log: held against the standard's schema, read by real clients, and stable where it must be."""

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pydantic_sarif.model
import pytest
from paths import ROOT
from report_cases import HOSTILE, UNREAD, awkward, fixtures, of_fixture
from sarif import loader
from sarif.operations import codeclimate_op

from mlpdoctor.core.finding import Severity, fingerprint, location
from mlpdoctor.core.project import REPOSITORY, rule_address
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.report.catalogue import rules
from mlpdoctor.report.formats import FORMATS


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def log(*reports: Report, unread: tuple[Unread, ...] = (), form: str = "sarif") -> dict[str, Any]:
    value: dict[str, Any] = json.loads(FORMATS[form].render(reports, unread))
    return value


def run(*reports: Report, unread: tuple[Unread, ...] = (), form: str = "sarif") -> dict[str, Any]:
    (only,) = log(*reports, unread=unread, form=form)["runs"]
    assert isinstance(only, dict)
    return only


def failing(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [result for result in results if result["kind"] == "fail"]


@pytest.mark.parametrize("form", ["sarif", "code-scanning"])
@pytest.mark.slow
def test_the_models_made_from_the_standards_schema_accept_it(form: str) -> None:
    """``pydantic-sarif`` is generated from the schema of SARIF 2.1.0 and forbids what that does not have."""
    standard = pydantic_sarif.model.StaticAnalysisResultsFormatSarifVersion210JsonSchema
    for reports in ([awkward()], fixtures(), []):
        standard.model_validate(log(*reports, unread=(UNREAD,), form=form))
    wrong = log(awkward())
    wrong["runs"][0]["results"][0]["severity"] = "error"
    with pytest.raises(ValueError, match="severity"):
        standard.model_validate(wrong)


def test_a_sarif_reader_counts_what_was_found(tmp_path: Path) -> None:
    for name, report in (("a", of_fixture("three-points")), ("b", awkward())):
        (tmp_path / f"{name}.sarif").write_text(FORMATS["sarif"].render([report]), encoding="utf-8")
        read = loader.load_sarif_files(str(tmp_path / f"{name}.sarif"))
        counted = read.get_report().get_issue_type_histogram_for_severity
        for severity in Severity:
            expected = Counter(f.code for f in report.findings if f.severity is severity)
            assert {code.split()[0]: number for code, number in counted(severity.value).items()} == expected
        (record, *_) = read.get_records()
        assert unquote(record["Location"]) == report.path
        assert record["Tool"] == "mlpdoctor"


def test_it_turns_into_what_gitlab_wants(tmp_path: Path) -> None:
    (tmp_path / "report.sarif").write_text(FORMATS["code-scanning"].render([of_fixture("three-points")]))
    files = loader.load_sarif_files(str(tmp_path / "report.sarif"))
    codeclimate_op.generate(files, str(tmp_path / "quality.json"), output_multiple_files=False)
    issues = json.loads((tmp_path / "quality.json").read_text())
    assert [issue["check_name"] for issue in issues] == ["A101", "D710"]
    assert issues[0]["location"] == {"path": "fixtures/three-points/model.keras", "lines": {"begin": 1}}
    assert issues[0]["severity"] == "major"


@pytest.mark.slow
def test_other_operations_of_the_reader_work(tmp_path: Path) -> None:
    from sarif.operations import csv_op, html_op  # they load a library that draws

    (tmp_path / "report.sarif").write_text(FORMATS["sarif"].render([awkward()]), encoding="utf-8")
    files = loader.load_sarif_files(str(tmp_path / "report.sarif"))
    csv_op.generate_csv(files, str(tmp_path / "report.csv"), output_multiple_files=False)
    html_op.generate_html(files, None, str(tmp_path / "report.html"), output_multiple_files=False, date_val=None)
    assert "A101" in (tmp_path / "report.csv").read_text(encoding="utf-8")


def test_the_driver_has_every_rule_with_its_page() -> None:
    known = run(awkward())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in known] == [rule.code for rule in rules()]
    for described, rule in zip(known, rules(), strict=True):
        assert described["name"] == rule.name
        assert described["shortDescription"]["text"] == rule.summary
        assert described["defaultConfiguration"]["level"] == rule.severity.value
        assert "How to fix it" in described["help"]["text"]
        assert "**When it stays silent**" in described["help"]["markdown"]
        assert len(described["shortDescription"]["text"]) < 1024  # GitHub cuts there
        assert len(described["fullDescription"]["text"]) < 1024


def test_its_addresses_are_those_of_the_project() -> None:
    """That each leads to a rule's page is held in ``tests/cli/test_manual.py``."""
    driver = run(awkward())["tool"]["driver"]
    assert driver["informationUri"] == REPOSITORY
    assert [rule["helpUri"] for rule in driver["rules"]] == [rule_address(rule.code, rule.name) for rule in rules()]


def test_every_result_points_at_its_rule_and_its_file() -> None:
    only = run(*fixtures(), awkward())
    codes = [rule["id"] for rule in only["tool"]["driver"]["rules"]]
    assert failing(only["results"])
    for result in only["results"]:
        assert codes[result["ruleIndex"]] == result["ruleId"]
        (place,) = result["locations"]
        file = place["physicalLocation"]["artifactLocation"]
        assert only["artifacts"][file["index"]]["location"]["uri"] == file["uri"]
        assert file["uriBaseId"] == "%SRCROOT%"
        assert place["physicalLocation"]["region"]["startLine"] == 1


def test_the_layer_is_a_logical_location() -> None:
    (on_layer,) = (result for result in run(awkward())["results"] if result["ruleId"] == "U401")
    layer, file = on_layer["locations"][0]["logicalLocations"]
    assert (layer["kind"], file["kind"]) == ("object", "module")
    assert layer["fullyQualifiedName"] == f"{file['name']}/{layer['name']}"


def test_levels_certainties_and_evidence_come_through() -> None:
    report = of_fixture("three-points")
    first = run(report)["results"][0]
    assert first["level"] == "error"
    assert first["properties"]["certainty"] == "proved"
    assert first["properties"]["evidence"]["layers"] == ["dense", "dense_1"]
    assert first["properties"]["explains"] == report.findings[0].evidence.explains
    assert first["message"]["text"].startswith("dense -> dense_1 have no activation between")


def test_ranks_order_a_report_and_keep_mild_findings_low() -> None:
    for report in (awkward(), *fixtures()):
        results = failing(run(report)["results"])
        ranks = [result["rank"] for result in results]
        assert ranks == sorted(ranks, reverse=True)
        assert len(set(ranks)) == len(ranks)
        assert all(0 < rank <= 100 for rank in ranks)
        assert all(result["rank"] <= 40 for result in results if result["level"] == "note")


def test_what_did_not_apply_is_no_finding() -> None:
    report = of_fixture("three-points")
    quiet = [result for result in run(report)["results"] if result["kind"] == "notApplicable"]
    expected = [o.code for o in report.outcomes if o.status.value in {"not applicable", "skipped"}]
    assert [result["ruleId"] for result in quiet] == expected
    assert {result["level"] for result in quiet} == {"none"}
    assert {result["properties"]["outcome"] for result in quiet} <= {"not applicable", "skipped"}


def test_a_crash_is_told_and_the_run_failed() -> None:
    (invocation,) = run(awkward())["invocations"]
    assert not invocation["executionSuccessful"]
    (note,) = invocation["toolExecutionNotifications"]
    assert note["level"] == "error"
    assert note["message"]["text"].startswith("The check W306 learning-rate-collapsed crashed: ValueError")
    assert note["associatedRule"]["id"] == "W306"
    assert run(of_fixture("three-points"))["invocations"][0]["executionSuccessful"]


def test_an_unread_model_is_told() -> None:
    (invocation,) = run(of_fixture("three-points"), unread=(UNREAD,))["invocations"]
    assert not invocation["executionSuccessful"]
    assert UNREAD.reason in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_a_suppressed_finding_says_why() -> None:
    (hidden,) = (result for result in run(awkward())["results"] if "suppressions" in result)
    (suppression,) = hidden["suppressions"]
    assert hidden["ruleId"] == "D702"
    assert suppression["kind"] == "external"
    assert suppression["justification"].startswith("known since May")


@pytest.mark.slow
def test_code_scanning_gets_nothing_that_it_would_take_for_an_alert() -> None:
    """GitHub shows every result, also those that are suppressed or not applicable (microsoft/PSRule issue 955)."""
    everything, alerts = run(awkward())["results"], run(awkward(), form="code-scanning")["results"]
    assert alerts == [result for result in failing(everything) if "suppressions" not in result]
    assert [result["ruleId"] for result in alerts] == ["A101", "L501", "U401", "D704", "D704"]
    assert run(awkward())["tool"] == run(awkward(), form="code-scanning")["tool"]


def fingerprints(report: Report) -> list[str]:
    return [result["partialFingerprints"]["mlpdoctor/v1"] for result in failing(run(report)["results"])]


def test_fingerprints_stay_when_the_numbers_change() -> None:
    def retrained(report: Report) -> Report:
        again = [
            dataclasses.replace(f, message="other", evidence=dataclasses.replace(f.evidence, numbers={"x": 1}))
            for f in report.findings
        ]
        return dataclasses.replace(report, findings=tuple(again))

    assert fingerprints(retrained(awkward())) == fingerprints(awkward())


@pytest.mark.slow
def test_fingerprints_tell_rules_layers_and_models_apart() -> None:
    prints = fingerprints(awkward())
    assert len(set(prints)) == len(prints)
    assert not set(prints) & set(fingerprints(awkward(path="other.keras")))
    first = awkward().findings[0]
    elsewhere = dataclasses.replace(first, layer="dense_7")
    assert fingerprint(first, "m.keras") != fingerprint(elsewhere, "m.keras")


def test_fingerprints_do_not_depend_on_how_a_path_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    first = awkward().findings[0]
    ways = ["fixtures/a.keras", "./fixtures/a.keras", "fixtures/x/../a.keras", str(ROOT / "fixtures" / "a.keras")]
    assert len({fingerprint(first, way) for way in ways}) == 1
    here = fingerprint(first, ways[0])
    monkeypatch.chdir(ROOT / "fixtures")
    assert fingerprint(first, "a.keras") != here  # the root of the repository is where it is run


def test_paths_are_addresses() -> None:
    assert location("/somewhere/else/a b.keras") == "/somewhere/else/a b.keras"
    for path, uri, base in (
        ("models/odd, name: 50% #1.keras", "models/odd%2C%20name%3A%2050%25%20%231.keras", "%SRCROOT%"),
        ("/somewhere/else/größe.keras", "file:///somewhere/else/gr%C3%B6%C3%9Fe.keras", None),
    ):
        (file, *_) = (artifact["location"] for artifact in run(awkward(path=path))["artifacts"])
        assert (file["uri"], file.get("uriBaseId")) == (uri, base)


def test_no_control_character_is_left() -> None:
    assert any(not character.isprintable() for character in HOSTILE)
    texts = [result["message"]["text"] for result in run(awkward())["results"]]
    assert all(line.isprintable() for text in texts for line in text.split("\n"))
