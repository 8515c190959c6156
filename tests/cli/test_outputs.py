"""Where reports go: standard output, files by suffix, the summary of a step; and never half a file."""

import json
import os
import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from shell import FIXTURES, patient, run

from mlpdoctor.cli import results
from mlpdoctor.cli.output import form_of
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.whole_file import write_text

CHECK = ("check", "model.keras", "data.csv")


def test_several_files_in_one_run_and_the_terminal_still(tmp_path: Path) -> None:
    patient(tmp_path)
    names = ("r.sarif", "r.github.sarif", "r.json", "r.xml", "r.md", "r.txt")
    done = run(tmp_path, *CHECK, *(word for name in names for word in ("-o", name)))
    assert done.status == 1
    assert "loss ladder" in done.out
    text = {name: (tmp_path / name).read_text(encoding="utf-8") for name in names}
    assert json.loads(text["r.json"])["findings"][0]["code"] == "A101"
    assert json.loads(text["r.sarif"])["version"] == json.loads(text["r.github.sarif"])["version"] == "2.1.0"
    assert ET.fromstring(text["r.xml"]).tag == "testsuites"  # noqa: S314  our own file
    assert "A101" in text["r.md"]
    assert "loss ladder" in text["r.txt"]
    assert "\x1b" not in text["r.txt"]
    assert {path.name for path in tmp_path.iterdir()} == {*names, "model.keras", "data.csv"}


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "markdown"])
def test_a_file_holds_what_standard_output_would(tmp_path: Path, form: str) -> None:
    patient(tmp_path)
    name = {"json": "r.json", "sarif": "r.sarif", "junit": "r.xml", "markdown": "r.md"}[form]
    done = run(tmp_path, *CHECK, "--format", form, "--output", name)
    same = (tmp_path / name).read_text(encoding="utf-8").partition('"timing"')[0]
    assert done.out.partition('"timing"')[0] == same


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("a.json", "terminal", "json"),
        ("a.sarif.json", "terminal", "sarif"),
        ("A.SARIF", "terminal", "sarif"),
        ("a.txt", "json", "terminal"),
        ("report", "json", "json"),
        ("report", "terminal", "terminal"),
        ("/dev/stdout", "junit", "junit"),
    ],
)
def test_the_suffix_tells_the_format(name: str, form: str, expected: str) -> None:
    assert form_of(name, form) == expected


def test_an_unknown_suffix_is_told_before_anything_is_read(tmp_path: Path) -> None:
    line = run(tmp_path, "check", "missing.keras", "-o", "r.pdf").line
    assert ".pdf" in line
    assert ".sarif" in line


def test_a_folder_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    assert "the folder no does not exist" in run(tmp_path, "check", "missing.keras", "-o", "no/r.json").line
    assert "it is a folder" in run(tmp_path, "check", "missing.keras", "-o", tmp_path).line


def test_nothing_is_written_when_the_model_cannot_be_read(tmp_path: Path) -> None:
    assert "no such file" in run(tmp_path, "check", "missing.keras", "-o", "r.json").line
    assert not list(tmp_path.iterdir())


def test_a_file_is_either_the_old_one_or_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "r.json"
    file.write_text("old")

    def full(self: Path, *_: object, **__: object) -> None:
        self.touch()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_text", full)
        with pytest.raises(UsageError, match=r"-o r.json: cannot be written: No space left"):
            write_text("new", file, "-o r.json")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
    write_text("new", file, "-o r.json")
    assert file.read_text() == "new"


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "target.json"
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "link.json").symlink_to("target.json")
    write_text("new", tmp_path / "link.json", "-o link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    write_text("fresh", tmp_path / "fresh.json", "-o fresh.json")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "fresh.json").stat().st_mode) == 0o666 & ~mask


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_text("x", Path("/dev/null"), "-o /dev/null")
    assert Path("/dev/null").is_char_device()


def test_annotations_come_with_a_summary_of_the_step(tmp_path: Path) -> None:
    patient(tmp_path)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    done = run(tmp_path, *CHECK, "--format", "github", "-o", "r.md", GITHUB_STEP_SUMMARY=str(summary))
    assert done.status == 1
    assert done.out.startswith("::error file=model.keras,title=mlpdoctor%3A A101")
    assert summary.read_text() == "before\n" + (tmp_path / "r.md").read_text()


def test_without_that_variable_or_format_there_is_no_summary(tmp_path: Path) -> None:
    patient(tmp_path)
    summary = tmp_path / "summary.md"
    assert run(tmp_path, *CHECK, "--format", "github").status == 1
    assert run(tmp_path, *CHECK, "--format", "json", GITHUB_STEP_SUMMARY=str(summary)).status == 1
    assert not summary.exists()


def test_a_summary_never_grows_beyond_what_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "SUMMARY_BYTES", 40)
    summary = tmp_path / "s.md"
    for _ in range(3):
        results._append("0123456789\nabcdefghij\n", summary)  # noqa: SLF001
    assert summary.read_text() == "0123456789\nabcdefghij\n0123456789\n"


def test_quiet_leaves_other_formats_whole(tmp_path: Path) -> None:
    patient(tmp_path)
    assert json.loads(run(tmp_path, *CHECK, "-q", "--format", "json").out)["verdict"]


def test_the_configuration_can_name_outputs(tmp_path: Path) -> None:
    """They lie beside the configuration, wherever the run starts."""
    (tmp_path / "pyproject.toml").write_text('[tool.mlpdoctor]\noutput = ["r.json", "r.md"]\n')
    (tmp_path / "deep").mkdir()
    run(tmp_path / "deep", "check", FIXTURES / "three-points" / "model.keras", "-q")
    assert {path.name for path in tmp_path.iterdir()} == {"pyproject.toml", "deep", "r.json", "r.md"}
