"""The JSON report keeps to the schema that ships with the package, and the schema says no more than is true."""

import copy
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from report_cases import HOSTILE, UNREAD, awkward, fixtures, of_fixture

from mlpdoctor.core.errors import legible
from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.ladder import Penalty, Rung
from mlpdoctor.core.report_model import DataSummary, ModelSummary, Report, RuledOut, Unread
from mlpdoctor.report import rule_page
from mlpdoctor.report.catalogue import rules
from mlpdoctor.report.formats import FORMATS
from mlpdoctor.report.json import schema
from mlpdoctor.report.tally import Tally

SCHEMA = json.loads(schema.of_check())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
RULE = jsonschema.Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": "#/$defs/rule"}]})


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def written(*reports: Report, unread: tuple[Unread, ...] = ()) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(FORMATS["json"].render(reports, unread))
    return value


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("2020-12/schema")


def test_every_report_on_a_fixture_keeps_to_it() -> None:
    for report in fixtures():
        VALIDATOR.validate(written(report))
    VALIDATOR.validate(written(of_fixture("three-points", data=False)))


def test_several_models_keep_to_it() -> None:
    VALIDATOR.validate(written(*fixtures()))
    VALIDATOR.validate(written(awkward(), unread=(UNREAD,)))
    VALIDATOR.validate(written(unread=(UNREAD,)))
    VALIDATOR.validate(written())


def test_the_several_are_the_single_ones_side_by_side() -> None:
    first, second = fixtures()[:2]
    both = written(first, second)
    assert both["reports"] == [written(first), written(second)]
    found = [finding["severity"] for report in both["reports"] for finding in report["findings"]]
    assert both["summary"]["errors"] == found.count("error")
    assert both["summary"]["notes"] == found.count("note")


def test_summary_counts_what_is_suppressed_crashed_and_unread_apart() -> None:
    summary = written(awkward(), unread=(UNREAD,))["summary"]
    expected = {"models": 2, "unread": 1, "errors": 2, "warnings": 1, "notes": 2, "suppressed": 1, "crashed": 1}
    assert summary == expected


@pytest.mark.parametrize("name", ['größe 中文 "q" a|b`c` <x> 100%', HOSTILE])
def test_names_come_through_as_everywhere_else(name: str) -> None:
    findings = written(awkward(name))["findings"]
    assert findings[2]["layer"] == legible(name)
    assert (legible(name) == name) is (name != HOSTILE)
    assert findings[3]["suppressed"].startswith("known since May")


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(st.text(min_size=1))
def test_any_name_gives_json_that_keeps_to_it(name: str) -> None:
    text = FORMATS["json"].render([awkward(name, path=name)])
    VALIDATOR.validate(json.loads(text.encode()))


def test_a_name_that_is_no_unicode_is_spelt_out() -> None:
    text = FORMATS["json"].render([awkward("n\udcffm")])
    assert "n\\\\udcffm" in text.encode().decode()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401  JSON
    """The way to every object in a JSON value whose keys are fixed."""
    if isinstance(value, dict):
        if path[-1:] not in {("evidence",), ("timing",), ("by",)}:
            yield path
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*path, number))


def changed(value: dict[str, Any], path: tuple[Any, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A copy, and the object in it at that place."""
    copied = copy.deepcopy(value)
    inner = copied
    for step in path:
        inner = inner[step]
    return copied, inner


@pytest.mark.slow
def test_a_missing_or_an_unknown_key_is_noticed_wherever_it_is() -> None:
    report = written(awkward())
    report["checks"], report["findings"] = report["checks"][:1], report["findings"][:1]
    seen = 0
    for path in places(report):
        copied, inner = changed(report, path)
        inner["unknown"] = 1
        assert not VALIDATOR.is_valid(copied), path
        for key in changed(report, path)[1]:
            copied, inner = changed(report, path)
            del inner[key]
            assert not VALIDATOR.is_valid(copied), (*path, key)
            seen += 1
    assert seen > 60


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("model", ModelSummary),
        ("data", DataSummary),
        ("rung", Rung),
        ("penalty", Penalty),
    ],
)
def test_it_has_what_the_classes_have(name: str, kind: type) -> None:
    assert list(SCHEMA["$defs"][name]["properties"]) == [field.name for field in dataclasses.fields(kind)]


def test_of_a_fix_it_has_what_a_reader_can_use() -> None:
    """How a remedy draws weights is for its trial alone."""
    assert list(SCHEMA["$defs"]["fix"]["properties"]) == ["text", "code"]
    assert [field.name for field in dataclasses.fields(Remedy)] == ["text", "code", "draws"]


def test_it_has_what_the_summary_has() -> None:
    several = SCHEMA["$defs"]["several"]["properties"]
    assert list(several["summary"]["properties"]) == [field.name for field in dataclasses.fields(Tally)]
    ruled_out = SCHEMA["$defs"]["report"]["properties"]["ruled_out"]["items"]["properties"]
    assert list(ruled_out) == [field.name for field in dataclasses.fields(RuledOut)]


def test_pages_keep_to_it() -> None:
    for rule in rules():
        RULE.validate(json.loads(rule_page.as_json(rule)))
    for listed in json.loads(rule_page.list_as_json(rules())):
        RULE.validate(listed)


def test_a_finding_about_layers_names_them() -> None:
    found = {finding["code"]: finding for report in fixtures() for finding in written(report)["findings"]}
    assert (found["A101"]["layer"], found["A101"]["layers"]) == ("dense", ["dense", "dense_1"])
    assert found["U401"]["layer"] == "dense"
    assert (found["D710"]["layer"], found["D710"]["layers"]) == (None, [])
    for report in fixtures():
        for told, finding in zip(written(report)["findings"], report.findings, strict=True):
            assert told["layers"] == list(finding.layers)
            assert told["layer"] == (finding.layers[0] if finding.layers else None)


def test_there_is_nothing_to_fix_on_a_healthy_model() -> None:
    findings = written(of_fixture("healthy-linear"))["findings"]
    assert findings
    assert all(finding["fix"] is None for finding in findings)
    assert written(of_fixture("three-points"))["findings"][0]["fix"]["code"].startswith("Dense(10")
