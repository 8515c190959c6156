"""``mlpdoctor compare``: what changed from one model, or one run, to the next."""

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from paths import FIXTURES
from shell import run

STUCK, WELL = (FIXTURES / name / "model.keras" for name in ("three-points", "three-points-sigmoid"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copy(FIXTURES / "three-points" / "data.csv", tmp_path / "data.csv"))


def test_two_models_on_the_same_rows(tmp_path: Path, data: Path) -> None:
    done = run(tmp_path, "compare", STUCK, WELL, data, "--format", "json")
    found = json.loads(done.out)
    assert done.status == 0
    assert found["verdict"].startswith("The loss went from 0.005676 to ")
    assert "Gone: A101 missing-nonlinearity" in found["verdict"]
    assert found["findings"]["gone"][0]["code"] == "A101"
    own = next(rung for rung in found["ladder"] if rung["name"] == "model")
    assert own["after"] < own["before"] == pytest.approx(0.005676, rel=1e-3)
    changed = {layer["layer"]: layer for layer in found["layers"]}
    assert any("activation: linear -> " in option for layer in changed.values() for option in layer["options"])
    assert all(layer["moved"] is None or layer["moved"] > 0 for layer in changed.values())


def test_the_other_way_round_is_worse(tmp_path: Path, data: Path) -> None:
    done = run(tmp_path, "compare", WELL, STUCK, data, "-q")
    assert done.status == 1
    assert "higher. New: A101 missing-nonlinearity" in done.out
    assert run(tmp_path, "compare", WELL, STUCK, data, "-q", "--fail-on", "never").status == 0


def test_a_model_and_itself(tmp_path: Path) -> None:
    done = run(tmp_path, "compare", STUCK, STUCK)
    assert done.status == 0
    assert "The networks are the same, weights included." in " ".join(done.out.split())
    assert "kept" in done.out


def test_on_the_screen(tmp_path: Path, data: Path) -> None:
    out = run(tmp_path, "compare", STUCK, WELL, data).out
    assert "before       after" in out
    assert "your model" in out
    assert max(map(len, out.splitlines())) <= 100


def test_two_training_histories(tmp_path: Path) -> None:
    for name, end in (("monday.csv", 0.5), ("tuesday.csv", 0.25)):
        rows = [f"{epoch},{end + 1 / (epoch + 1) ** 2:.4f}" for epoch in range(40)]
        (tmp_path / name).write_text("\n".join(["epoch,loss", *rows]) + "\n")
    found = json.loads(run(tmp_path, "compare", "monday.csv", "tuesday.csv", "--format", "json").out)
    assert found["verdict"].startswith("The loss went from 0.5006 to 0.2506")
    assert found["layers"] is None
    assert found["ladder"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((STUCK, "data.csv"), "give two models, or two training histories"),
        ((STUCK, WELL, "-"), "standard input can be read only once"),
        ((STUCK, "none.keras"), "no such file"),
    ],
)
def test_what_cannot_be_compared(tmp_path: Path, data: Path, words: tuple[object, ...], said: str) -> None:
    assert data.exists()
    assert said in run(tmp_path, "compare", *words).line


def test_the_json_keeps_to_its_schema_and_the_schema_is_strict(tmp_path: Path, data: Path) -> None:
    schema = json.loads(run(tmp_path, "schema", "compare").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    (tmp_path / "a.csv").write_text("epoch,loss\n" + "".join(f"{epoch},{1 / (epoch + 1)}\n" for epoch in range(30)))
    (tmp_path / "b.csv").write_text("epoch,loss\n" + "".join(f"{epoch},nan\n" for epoch in range(30)))
    for words in ((STUCK, WELL, data), (WELL, STUCK), ("a.csv", "b.csv"), ("a.csv", "a.csv", data)):
        done = run(tmp_path, "compare", *words, "--format", "json")
        assert done.out, done
        found = json.loads(done.out)
        validator.validate(found)
        for part, key in (((), "verdict"), (("before",), "data"), (("findings",), "gone")):
            broken = json.loads(json.dumps(found))
            inner = broken
            for step in part:
                inner = inner[step]
            inner["other"] = inner.pop(key)
            assert not validator.is_valid(broken)
