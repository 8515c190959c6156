"""Known findings are hidden and kept, new ones are reported, and what is gone is said to be."""

import json
from pathlib import Path
from typing import Any

import pytest
from shell import Done, patient, run

from mlpdoctor.cli.baseline import Baseline, Known

CHECK = ("check", "model.keras", "data.csv")
KNOWN = (*CHECK, "--baseline", "known.json")


def entries(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "known.json").read_text())["findings"]
    return found


def drawn(folder: Path, *words: str) -> Done:
    patient(folder)
    done = run(folder, *KNOWN, "--update-baseline", *words)
    assert done.status == 0, done.err
    return done


def test_what_was_there_when_the_line_was_drawn_fails_no_more(tmp_path: Path) -> None:
    patient(tmp_path)
    assert run(tmp_path, *CHECK).status == 1
    drawn(tmp_path)
    done = run(tmp_path, *KNOWN)
    assert done.status == 0
    assert not done.err
    assert "Apart from 1 suppressed finding, nothing was found" in " ".join(done.out.split())
    assert "  error  " not in done.out


def test_drawing_it_says_how_much_is_known(tmp_path: Path) -> None:
    done = drawn(tmp_path)
    assert f"known.json: {len(entries(tmp_path))} known, 0 gone" in done.err
    assert {entry["rule"] for entry in entries(tmp_path)} >= {"A101", "D710"}


def test_the_file_holds_no_numbers_and_is_sorted(tmp_path: Path) -> None:
    drawn(tmp_path)
    text = (tmp_path / "known.json").read_text()
    drawn(tmp_path)
    assert (tmp_path / "known.json").read_text() == text
    found = entries(tmp_path)
    assert found == sorted(found, key=lambda entry: (entry["model"], entry["rule"], entry["layer"]))
    assert all(set(entry) == {"model", "rule", "layer", "name", "fingerprint", "reason"} for entry in found)
    assert "0.005676" not in text


def test_other_data_are_the_same_finding(tmp_path: Path) -> None:
    """The fingerprint has the rule, the layer and the model in it and nothing that was measured."""
    drawn(tmp_path)
    (tmp_path / "data.csv").write_text("x,y\n0,0\n1,5\n2,1\n3,9\n4,2\n")
    done = run(tmp_path, *KNOWN, "--select", "A101")
    assert (done.status, done.err) == (0, "")


def test_another_model_has_its_own(tmp_path: Path) -> None:
    drawn(tmp_path)
    patient(tmp_path, "other.keras")
    assert run(tmp_path, "check", "other.keras", "data.csv", "--baseline", "known.json").status == 1


def test_the_way_the_path_is_written_does_not_matter(tmp_path: Path) -> None:
    drawn(tmp_path)
    for path in ("./model.keras", tmp_path / "model.keras"):
        assert run(tmp_path, "check", path, "data.csv", "--baseline", "known.json").status == 0


def test_what_is_no_longer_found_is_stale(tmp_path: Path) -> None:
    drawn(tmp_path)
    patient(tmp_path, fixture="three-points-sigmoid")
    done = run(tmp_path, *KNOWN)
    assert done.status == 0
    assert (
        "known.json: A101 missing-nonlinearity of model.keras is no longer found; --update-baseline removes" in done.err
    )
    again = run(tmp_path, *KNOWN, "--update-baseline")
    assert " gone" in again.err
    assert "A101" not in {entry["rule"] for entry in entries(tmp_path)}
    assert not run(tmp_path, *KNOWN).err


def test_what_was_not_looked_at_is_not_stale(tmp_path: Path) -> None:
    """Another model, a rule that was not asked, and a rule that lacked its data say nothing about an entry."""
    drawn(tmp_path)
    before = entries(tmp_path)
    patient(tmp_path, "other.keras", "three-points-sigmoid")
    assert not run(tmp_path, "check", "other.keras", "--baseline", "known.json").err
    assert not run(tmp_path, *KNOWN, "--select", "U401").err
    patient(tmp_path, fixture="three-points-sigmoid")
    assert "A101" in run(tmp_path, *KNOWN, "--select", "A101").err
    run(tmp_path, "check", "model.keras", "--baseline", "known.json", "--update-baseline")
    left = entries(tmp_path)
    assert [entry for entry in before if entry["rule"] == "D710"] == [
        entry for entry in left if entry["rule"] == "D710"
    ]
    assert "A101" not in {entry["rule"] for entry in left}


def test_reasons_outlive_an_update(tmp_path: Path) -> None:
    drawn(tmp_path)
    whole = json.loads((tmp_path / "known.json").read_text())
    for entry in whole["findings"]:
        entry["reason"] = f"{entry['rule']} is on purpose"
    (tmp_path / "known.json").write_text(json.dumps(whole))
    drawn(tmp_path)
    assert all(entry["reason"] == f"{entry['rule']} is on purpose" for entry in entries(tmp_path))
    report = json.loads(run(tmp_path, *KNOWN, "--format", "json").out)
    assert {finding["suppressed"] for finding in report["findings"]} == {
        f"{r['rule']} is on purpose" for r in entries(tmp_path)
    }


def test_hidden_findings_stay_in_json_and_sarif(tmp_path: Path) -> None:
    drawn(tmp_path)
    done = run(tmp_path, *KNOWN, "--format", "json", "--output", "report.sarif")
    found = json.loads(done.out)["findings"]
    assert all(finding["suppressed"] == "known, in known.json" for finding in found)
    assert "A101" in {finding["code"] for finding in found}
    (sarif,) = json.loads((tmp_path / "report.sarif").read_text())["runs"]
    fails = [result for result in sarif["results"] if result["kind"] == "fail"]
    assert len(fails) == len(found)
    assert all(result["suppressions"][0]["justification"] == "known, in known.json" for result in fails)


@pytest.mark.parametrize(
    ("words", "text", "parts"),
    [
        (["--baseline", "known.json"], None, ["no such file", "--update-baseline"]),
        (["--update-baseline"], None, ["--baseline FILE"]),
        (["--baseline", "known.json"], "{", ["is not a baseline"]),
        (["--baseline", "known.json"], "[]", ["is not a baseline", "findings"]),
        (["--baseline", "known.json"], '{"version": 7, "findings": []}', ["version 1", "7"]),
        (["--baseline", "known.json"], '{"version": 1, "findings": [{"rule": "A101"}]}', ["is not a baseline"]),
        (["--baseline", "known.json"], '{"version": 1, "findings": [{"rule": 1}]}', ["is not a baseline", "strings"]),
        (["--baseline", "known.json", "--update-baseline"], "{", ["is not a baseline"]),
    ],
)
def test_a_bad_baseline_is_one_line_and_is_left_as_it_is(
    tmp_path: Path, words: list[str], text: str | None, parts: list[str]
) -> None:
    patient(tmp_path)
    if text is not None:
        (tmp_path / "known.json").write_text(text)
    line = run(tmp_path, *CHECK, *words).line
    assert all(part in line for part in parts), line
    assert text is None or (tmp_path / "known.json").read_text() == text


def suppressed(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(
        f"[[tool.mlpdoctor.suppress]]\n{text}\nreason = 'a linear model on purpose'\n"
    )


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("rule = 'A101'", 0),
        ("rule = 'missing-nonlinearity'\nmodels = 'mod*.keras'", 0),
        ("rule = 'A101'\nmodels = ['other.keras']", 1),
        ("rule = 'A101'\nlayer = 'dense_7'", 1),
        ("rule = 'A102'", 1),
    ],
)
def test_a_suppression_is_for_a_rule_a_layer_and_models(tmp_path: Path, text: str, status: int) -> None:
    patient(tmp_path)
    suppressed(tmp_path, text)
    done = run(tmp_path, *CHECK, "--select", "A", "--format", "json")
    assert done.status == status
    (finding,) = json.loads(done.out)["findings"]
    assert finding["suppressed"] == (None if status else "a linear model on purpose")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule = 'A101'", False),
        ("rule = 'A'\nlayer = 'dense_7'", True),
        ("rule = 'A102'", True),
        ("rule = 'D702'", False),  # not selected, so nobody looked
        ("rule = 'A102'\nmodels = ['other.keras']", False),
    ],
)
def test_a_suppression_that_hides_nothing_is_named(tmp_path: Path, text: str, said: bool) -> None:  # noqa: FBT001
    patient(tmp_path)
    suppressed(tmp_path, text)
    err = run(tmp_path, *CHECK, "--select", "A").err
    assert ("pyproject.toml:1: the suppression of A" in err and "hid nothing; remove it" in err) is said
    assert bool(err) is said


def test_a_suppressed_finding_does_not_enter_the_baseline(tmp_path: Path) -> None:
    patient(tmp_path)
    suppressed(tmp_path, "rule = 'A101'")
    drawn(tmp_path)
    assert "A101" not in {entry["rule"] for entry in entries(tmp_path)}
    assert "D710" in {entry["rule"] for entry in entries(tmp_path)}


def test_less_certain_findings_are_hidden_and_fail_nothing(tmp_path: Path) -> None:
    """Three points: A101 is proved, D710 measured."""
    patient(tmp_path)
    words = (*CHECK, "--format", "json", "--fail-on", "note", "--certainty")
    report = json.loads(run(tmp_path, *words, "proved").out)
    hidden = {finding["code"]: finding["suppressed"] for finding in report["findings"]}
    assert hidden["A101"] is None
    assert hidden["D710"] == "measured, and --certainty asks for proved or surer"
    assert run(tmp_path, *words, "proved", "--select", "D710").status == 0
    assert run(tmp_path, *words, "measured", "--select", "D710").status == 1


def test_updating_twice_is_updating_once() -> None:
    old = Baseline({"f": Known("m", "A101", "", "missing-nonlinearity", "f", "why")})
    assert old.updated([], []) == old
    assert json.loads(old.text())["findings"][0]["reason"] == "why"
