"""Whatever layers, classes, columns and files are called, no output carries more than what can be seen."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from named_models import archive, layer, legacy, two_dense
from report_cases import HOSTILE
from shell import Done, run

from mlpdoctor.core.errors import legible
from mlpdoctor.core.text import quoted

NAME = f"{HOSTILE}\n::warning::x \x9b\u2028\u200b".replace("/", "")
"""Of a layer, in which Keras allows no slash."""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse files of such names")
Write = Callable[[Path, dict[str, Any]], Path]
FORMS = ("terminal", "json", "sarif", "code-scanning", "junit", "github", "markdown")
FILES = ("r.txt", "r.json", "r.sarif", "r.github.sarif", "r.xml", "r.md")
OURS = re.compile(r"::(error|warning|notice) file=[^:]*::[^:]*$|::(error|warning|notice) file=\S+,title=")
ODD_FILE = "mo\udcffdel\x1b[2J\n::error::m.keras"
ROWS = "1,2\n2,5\n3,7\n"


def harmless(text: str) -> None:
    """No line can do more than be read, but for the workflow commands that we write ourselves."""
    for line in text.split("\n"):
        assert line.isprintable(), line
        assert not re.search("::(error|warning|group)|##\\[", line) or OURS.match(line), line


def one_line(done: Done) -> str:
    harmless(done.err)
    return done.line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model and data with such names, in files that are called so."""
    archive(tmp_path / ODD_FILE, two_dense((NAME, "lone \ud800"), NAME))
    (tmp_path / "d\udc80\n.csv").write_text(f'"a\x1b[2J\n::error::x","y\u202e"\n{ROWS}', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("form", FORMS)
def test_every_format_is_harmless(folder: Path, form: str) -> None:
    done = run(folder, "check", ODD_FILE, "d\udc80\n.csv", "--format", form, "-v")
    assert done.status in {0, 1}, done.err
    assert re.search(r"mo(\\|%5C)+udcffdel(\\|%5C)+x1b", done.out)
    harmless(done.out)
    harmless(done.err)


def test_every_file_and_the_baseline_are_harmless_and_whole(folder: Path) -> None:
    words = ("check", ODD_FILE, "d\udc80\n.csv", "-q", "--baseline", "b.json")
    done = run(folder, *words, "--update-baseline", *(word for file in FILES for word in ("-o", file)))
    assert done.status == 0, done.err
    for file in (*FILES, "b.json"):
        harmless((folder / file).read_text(encoding="utf-8"))
    ET.fromstring((folder / "r.xml").read_text(encoding="utf-8"))  # noqa: S314  our own
    known = json.loads((folder / "b.json").read_text(encoding="utf-8"))["findings"]
    assert legible(NAME) in {one["layer"] for one in known}
    again = run(folder, *words)
    assert again.status == 0
    assert not again.err  # known again, and none of them stale
    assert "suppressed" in again.out


@pytest.mark.parametrize("write", [archive, legacy])
def test_a_layer_is_told_by_its_name_and_its_weights_are_found(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "model", two_dense((NAME, "dense_1"), NAME))
    (tmp_path / "d.csv").write_text(ROWS)
    done = run(tmp_path, "check", "model", "d.csv", "--format", "json")
    found = {one["code"]: one for one in json.loads(done.out)["findings"]}
    assert found["W302"]["layer"] == legible(NAME)  # three units with the weights of the file
    code = found["A101"]["fix"]["code"]
    assert quoted(legible(NAME)) in code  # as the report has it, in a string that it does not end
    assert "\n" not in code


def test_a_layer_can_be_suppressed_by_either_spelling(folder: Path) -> None:
    odd = json.dumps(NAME.replace("[", "?"), ensure_ascii=True)
    (folder / "c.toml").write_text(f'[[suppress]]\nrule = "W302"\nreason = "so it is"\nlayer = {odd}\n')
    done = run(folder, "check", ODD_FILE, "--config", "c.toml", "--format", "json")
    hidden = [one["code"] for one in json.loads(done.out)["findings"] if one["suppressed"]]
    assert hidden == ["W302"]
    assert not done.err


@pytest.mark.parametrize(
    "words", [("check", "no\x1b\n::error::.keras"), ("check", "m.keras", "--\x1b[2J\n"), ("\x1b\nx",)]
)
def test_errors_about_what_was_typed_are_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert "\\x1b" in one_line(run(tmp_path, *words))


def test_errors_about_a_file_are_one_line(tmp_path: Path) -> None:
    config = two_dense(("a", "b"))
    config["config"]["layers"].append(layer("Su\x1b[2J\n::error::b", "l\nm"))
    archive(tmp_path / "m.keras", {**config, "config": {"name": "x"}, "class_name": "Su\x1b[2J\n::error::b"})
    assert r"Su\x1b[2J\n:\x3aerror::b" in one_line(run(tmp_path, "check", "m.keras"))
    archive(tmp_path / "m.keras", two_dense(("s\n::error::t", "s\n::error::t")))
    assert r"s\n:\x3aerror::t" in one_line(run(tmp_path, "check", "m.keras"))
    (tmp_path / "h\n.csv").write_text("epoch,\x1bfoo,bar\n1,2,3\n")
    assert r"h\n.csv" in one_line(run(tmp_path, "curve", "h\n.csv")).replace(" .csv", r"\n.csv")


def test_the_configuration_is_shown_and_blamed_in_one_line(tmp_path: Path) -> None:
    odd = tmp_path / "c\n::error::\x1b.toml"
    odd.write_text('target = ["a\\u001b[2J\\n::error::b"]\n')
    for form in ("table", "json"):
        done = run(tmp_path, "config", "--config", odd.name, "--format", form)
        assert done.status == 0
        harmless(done.out)
        assert r"\x3aerror::b" in done.out.replace("\\\\", "\\")
    odd.write_text('"b\\u001b\\nad" = 1\n')
    one_line(run(tmp_path, "config", "--config", odd.name))


def test_a_history_is_harmless_whatever_it_logged(tmp_path: Path) -> None:
    rows = "".join(f"{epoch},{1 / (epoch + 1)},{2 / (epoch + 1)}\n" for epoch in range(20))
    (tmp_path / "l\x1b.csv").write_text(f"epoch,loss,val_loss\n{rows}")
    log = '{"a\\u001b::error::b": [1, 2, 3], "loss": [3, 2, 1]}'
    (tmp_path / "j\n.json").write_text(log)
    for file in ("l\x1b.csv", "j\n.json"):
        for form in ("terminal", "json", "markdown"):
            done = run(tmp_path, "curve", file, "--format", form)
            assert done.status in {0, 1}, done.err
            harmless(done.out)
            harmless(done.err)


@pytest.mark.slow
def test_several_models_and_one_that_is_not_read(folder: Path) -> None:
    (folder / "un\x1b\nread.keras").write_text("x")
    for form in ("terminal", "json", "junit", "markdown"):
        done = run(folder, "check", ODD_FILE, "un\x1b\nread.keras", "--format", form, "--data", "d\udc80\n.csv")
        assert done.status == 2
        harmless(done.out)
        harmless(done.err)


def test_a_fault_of_ours_is_told_without_what_a_file_wrote(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpdoctor.diagnosis import diagnose

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("odd \x1b[2J\u202e ::error::name")

    monkeypatch.setattr(diagnose, "diagnose", broken)
    done = run(folder, "check", ODD_FILE)
    assert done.status == 2
    harmless(done.err)
    assert r"RuntimeError: odd \x1b[2J\u202e :\x3aerror::name" in done.err


def test_an_end_of_file_that_escapes_is_a_fault_and_no_ctrl_c(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise EOFError("short")

    monkeypatch.setattr("mlpdoctor.diagnosis.diagnose.diagnose", broken)
    done = run(folder, "check", ODD_FILE)
    assert done.status == 2
    assert "fault in mlpdoctor" in done.err


def test_the_detector_sees_what_it_should() -> None:
    for text in ("a\x1b[2J", "::error::x", "a ::warning file=x::y", "a\u202eb", "##[group]", "a\rb"):
        with pytest.raises(AssertionError):
            harmless(text)
    harmless("::error file=models/x.keras,title=mlpdoctor%3A A101::text")
    assert os.fsencode(ODD_FILE).startswith(b"mo\xffdel")
