"""``--format brief``: a line of JSON for a chat or a dashboard, below a kilobyte whatever is in it."""

import dataclasses
import json
import math
from typing import Any

import jsonschema
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from report_cases import UNREAD, awkward, fixtures, of_fixture

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.report_model import Report, Unread
from mlpdoctor.report.formats import FORMATS
from mlpdoctor.report.json import schema
from mlpdoctor.report.json.brief import cut, from_the_left

VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema.of_brief()))
MOST = 1000


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def lines(*reports: Report, unread: tuple[Unread, ...] = ()) -> list[dict[str, Any]]:
    text = FORMATS["brief"].render(reports, unread)
    assert all(len(line.encode()) < MOST for line in text.splitlines(keepends=True))
    found: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    for one in found:
        VALIDATOR.validate(one)
    return found


def test_it_has_the_answer_the_fix_and_five_numbers() -> None:
    report = of_fixture("three-points")
    (one,) = lines(report)
    assert one["model"] == "fixtures/three-points/model.keras"
    assert one["verdict"] == report.verdict
    assert one["finding"] == {"code": "A101", "name": "missing-nonlinearity", "severity": "error"}
    assert one["fix"]["code"] == 'Dense(10, activation="tanh", name="dense")'
    assert one["ok"] is False
    told = json.loads(FORMATS["json"].render([report]))
    values = {rung["name"]: pytest.approx(rung["value"], rel=1e-7) for rung in told["ladder"]["rungs"]}
    assert one["ladder"] == {name: values[name] for name in ("constant", "affine", "model", "architecture", "data")}


def test_a_healthy_model_has_nothing_to_fix() -> None:
    (one,) = lines(of_fixture("healthy-linear"))
    assert (one["ok"], one["finding"], one["fix"]) == (True, None, None)


def test_what_is_not_known_is_null() -> None:
    (one,) = lines(of_fixture("three-points", data=False))
    assert set(one["ladder"].values()) == {None}
    (one,) = lines(awkward())
    assert one["ladder"]["model"] is None  # it is infinite


def test_a_line_for_each_model_read_or_not() -> None:
    found = lines(*fixtures(), unread=(UNREAD,))
    assert [one["model"] for one in found] == [*(report.path for report in fixtures()), UNREAD.path]
    assert found[-1]["ok"] is False
    assert "no such file" in found[-1]["verdict"]
    assert FORMATS["brief"].render([]) == ""


def test_a_crashed_check_is_not_ok() -> None:
    crashed = dataclasses.replace(awkward(), findings=())
    assert lines(crashed)[0]["ok"] is False


@pytest.mark.slow
@settings(max_examples=examples(50), deadline=None)
@given(st.text(min_size=1) | st.text('\\"\x7fé中😀', min_size=200, max_size=2000))
def test_no_text_makes_it_longer(text: str) -> None:
    finding = awkward().findings[0]
    remedy = Remedy(text, text)
    long = dataclasses.replace(finding, evidence=dataclasses.replace(finding.evidence, remedy=remedy))
    report = awkward(text, path=text)
    assert report.ladder is not None
    rungs = tuple(dataclasses.replace(rung, value=-math.pi * 1e-300) for rung in report.ladder.rungs)
    ladder = dataclasses.replace(report.ladder, rungs=rungs)
    lines(dataclasses.replace(report, verdict=text, findings=(long,), ladder=ladder), unread=(Unread(text, text),))


@given(st.text(), st.integers(5, 200))
def test_what_is_cut_ends_in_an_ellipsis(text: str, room: int) -> None:
    for made, keeps in ((cut(text, room), str.startswith), (from_the_left(text, room), str.endswith)):
        assert made == text or "…" in (made[0], made[-1])
        assert keeps(text, made.strip("…")) or "…" in text
        assert len(json.dumps(made, ensure_ascii=False).encode("utf-8", "surrogatepass")) <= room
