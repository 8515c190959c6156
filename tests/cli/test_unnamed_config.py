"""A configuration that was found and not named writes nothing outside its folder, and starts Keras only aloud."""

from pathlib import Path

import pytest
from shell import patient, run

from mlpdoctor.cli.config.file import Configuration
from mlpdoctor.cli.config.settings import COMMAND_LINE, Placed, Section, Settings
from mlpdoctor.cli.config.unnamed import starts_keras

CHECK = ("check", "../model.keras", "../data.csv", "-q")


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """A folder inside a project that somebody unpacked, with a model, inside a folder of one's own."""
    patient(tmp_path / "project")
    (tmp_path / "project" / "deep").mkdir()
    return tmp_path / "project" / "deep"


def says(deep: Path, text: str) -> None:
    (deep.parent / "pyproject.toml").write_text(f"[tool.mlpdoctor]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ('output = ["r.json", "../r.txt"]', ()),
        ('output = "../.bashrc"', ()),
        ('output = "way-out/r.txt"', ()),
        ('output = "link.txt"', ()),
        ('baseline = "../b.json"', ("--update-baseline",)),
    ],
)
@pytest.mark.parametrize("above", [True, False])
def test_what_it_writes_stays_in_its_folder(deep: Path, text: str, more: tuple[str, ...], *, above: bool) -> None:
    project, outside = deep.parent, deep.parent.parent
    (project / "way-out").symlink_to(outside)
    (project / "link.txt").symlink_to(outside / "r.txt")
    says(deep, text)
    words = CHECK if above else ("check", "model.keras", "data.csv", "-q")
    line = run(deep if above else project, *words, *more).line
    assert f"pyproject.toml:2: {text.partition(' ')[0]} = " in line
    assert "lies outside the folder of this file, which was found and not named" in line
    assert "--config" in line
    assert [path.name for path in outside.iterdir()] == ["project"]
    assert not (project / "r.json").exists()


def test_inside_its_folder_it_may_write(deep: Path) -> None:
    says(deep, 'output = ["r.json", "deep/r.txt"]\nbaseline = "b.json"')
    assert run(deep, *CHECK, "--update-baseline").status == 0
    assert (deep / "r.txt").exists()
    assert (deep.parent / "r.json").exists()
    assert (deep.parent / "b.json").exists()


def test_who_names_it_trusts_it_and_who_names_the_output_himself_may(deep: Path) -> None:
    says(deep, 'output = "../r.json"')
    outside = deep.parent.parent
    assert run(deep, *CHECK, "-o", "../../own.json").status == 1
    assert (outside / "own.json").exists()
    assert not (outside / "r.json").exists()
    assert run(deep, *CHECK, "--config", "../pyproject.toml").status == 1
    assert (outside / "r.json").exists()


def test_a_baseline_outside_may_be_read(deep: Path) -> None:
    (deep.parent.parent / "b.json").write_text('{"version": 1, "findings": []}')
    says(deep, 'baseline = "../b.json"')
    assert run(deep, *CHECK).status == 1


def started(*, found: bool = True, general: str = "auto", own: str | None = None, line: str | None = None) -> list[str]:
    top = Section({"engine": Placed(general, "p.toml:1", "p.toml")})
    of_model = Section({} if own is None else {"engine": Placed(own, "p.toml:5", "p.toml")})
    typed = Section({} if line is None else {"engine": Placed(line, COMMAND_LINE)})
    configuration = Configuration("p.toml", top, found=found)
    return list(starts_keras(configuration, [Settings((top, of_model, typed)), Settings((top, typed))]))


def test_that_it_starts_keras_is_told_with_its_line() -> None:
    assert started(general="keras") == ["p.toml:1"]
    assert started(own="keras") == ["p.toml:5"]
    assert started(general="keras", own="keras") == ["p.toml:5", "p.toml:1"]
    assert started() == started(general="numpy") == started(general="keras", found=False) == []
    assert started(line="keras") == started(general="keras", line="numpy") == []


def test_it_is_told_on_standard_error_before_the_work(deep: Path) -> None:
    says(deep, 'engine = "keras"')
    (deep.parent / "model.keras").write_text("no model")
    told, complaint = run(deep, *CHECK).err.splitlines()
    assert told.startswith("mlpdoctor: ../pyproject.toml:2: engine = keras: this file, which was found and not named")
    assert "neither a .keras archive" in complaint
    (alone,) = run(deep, *CHECK, "--config", "../pyproject.toml").err.splitlines()
    assert alone == complaint


def test_it_cannot_name_code_to_run(deep: Path) -> None:
    says(deep, 'custom-objects = "code.py"')
    (deep.parent / "code.py").write_text("raise SystemExit(3)\n")
    assert "there is no such key" in run(deep, *CHECK).line
