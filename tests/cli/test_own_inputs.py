"""No command writes over what it reads, and each says so before it reads anything."""

import hashlib
from pathlib import Path

import pytest
from shell import patient, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that is none, so that whatever reads it complains of that; and data, a history, a configuration."""
    (tmp_path / "model.keras").write_text("no model")
    (tmp_path / "data.csv").write_text("x,y\n1,2\n")
    (tmp_path / "log.json").write_text("[1, 2]")
    (tmp_path / "c.txt").write_text('fail-on = "never"\n')
    (tmp_path / "code.txt").write_text("raise SystemExit\n")
    (tmp_path / "b.json").write_text('{"version": 1, "findings": []}')
    for name in ("model.keras", "data.csv"):
        (tmp_path / f"hard-{name}.txt").hardlink_to(tmp_path / name)
        (tmp_path / f"soft-{name}.txt").symlink_to(name)
    return tmp_path


def prints(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def refused(folder: Path, *words: str) -> str:
    """The complaint, after checking that no file is another one than before."""
    before = prints(folder)
    line = run(folder, *words).line
    assert prints(folder) == before
    return line


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("-o", "hard-model.keras.txt"), "the model"),
        (("-o", "soft-model.keras.txt"), "the model"),
        (("-o", "hard-data.csv.txt"), "the data"),
        (("-o", "./soft-data.csv.txt"), "the data"),
        (("-o", "r.json", "-o", "log.json", "--history", "log.json"), "the history"),
        (("-o", "c.txt", "--config", "c.txt"), "the configuration"),
        (("-o", "b.json", "--baseline", "b.json"), "the baseline"),
        (("-o", "code.txt", "--custom-objects", "code.txt"), "the code of --custom-objects"),
        (("--baseline", "data.csv", "--update-baseline"), "the data"),
        (("--baseline", "model.keras", "--update-baseline"), "the model"),
        (("--baseline", "c.txt", "--update-baseline", "--config", "c.txt"), "the configuration"),
    ],
)
def test_check_keeps_its_inputs(folder: Path, words: tuple[str, ...], what: str) -> None:
    line = refused(folder, "check", "model.keras", "data.csv", *words)
    assert f": is {what}, which is read and must stay as it is; give another name" in line


@pytest.mark.parametrize(
    "words",
    [
        ("-o", "r.json", "-o", "./r.json"),
        ("-o", "r.json", "--baseline", "r.json", "--update-baseline"),
        ("-o", "new.json", "-o", "to-new.json"),
    ],
)
def test_check_writes_no_file_twice(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "to-new.json").symlink_to("new.json")
    assert "is the same file as" in refused(folder, "check", "model.keras", "data.csv", *words)


def test_outputs_that_a_configuration_sets_count(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.mlpdoctor]\noutput = ["r.md", "hard-data.csv.txt"]\n')
    assert "is the data" in refused(folder, "check", "model.keras", "data.csv")
    (folder / "pyproject.toml").write_text('[tool.mlpdoctor]\nbaseline = "hard-data.csv.txt"\n')
    assert "is the data" in refused(folder, "check", "model.keras", "data.csv", "--update-baseline")


def test_the_summary_of_a_step_counts(folder: Path) -> None:
    before = prints(folder)
    line = run(folder, "check", "model.keras", "data.csv", "--format", "github", GITHUB_STEP_SUMMARY="data.csv").line
    assert line.startswith("mlpdoctor: GITHUB_STEP_SUMMARY=data.csv: is the data")
    assert prints(folder) == before


def test_every_model_of_a_run_counts(folder: Path) -> None:
    (folder / "other.keras").write_text("no model")
    (folder / "other.txt").hardlink_to(folder / "other.keras")
    assert "is the model" in refused(folder, "check", "model.keras", "other.keras", "-o", "other.txt")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_treat_keeps_its_inputs(folder: Path, force: tuple[str, ...]) -> None:
    words = ("treat", "model.keras", "data.csv", *force, "-o")
    assert "is the model" in refused(folder, *words, "model.keras")
    (folder / "data.keras").hardlink_to(folder / "data.csv")
    assert "is the data" in refused(folder, *words, "data.keras")


def test_treat_says_before_it_reads_that_its_output_has_no_place(folder: Path) -> None:
    (folder / "there.keras").touch()
    assert "--force" in refused(folder, "treat", "model.keras", "data.csv", "-o", "there.keras")
    assert "does not exist" in refused(folder, "treat", "model.keras", "data.csv", "-o", "no/cured.keras")


def test_of_a_folder_the_files_that_are_read_count(folder: Path) -> None:
    for place in ("rows/a.txt", "rows/report.json", "runs/trial.json", "runs/report.json", "runs/metrics/loss"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text("1,2\n")
    words = ("check", "model.keras", "--data", "rows", "--history", "runs", "-o")
    assert "is the data" in refused(folder, *words, "rows/a.txt")
    assert "is the history" in refused(folder, *words, "runs/trial.json")
    assert "is the history" in refused(folder, *words, "runs/metrics/loss")
    for beside in ("rows/report.json", "runs/report.json", "runs/new.txt"):
        assert "neither a .keras archive" in refused(folder, *words, beside)  # so it went on to read the model


def test_streams_that_a_shell_leads_to_a_file_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlpdoctor.core import whole_file

    data = (folder / "data.csv").stat()
    there = {(data.st_dev, data.st_ino)}
    monkeypatch.setattr(whole_file, "_stream_marks", lambda number: there if number == 0 else set())
    assert "is the data" in refused(folder, "check", "model.keras", "-", "-o", "hard-data.csv.txt")
    monkeypatch.setattr(whole_file, "_stream_marks", lambda number: there if number == 1 else set())
    assert "standard output: is the data" in refused(folder, "check", "model.keras", "data.csv")
    assert "same file as standard output" in refused(folder, "check", "model.keras", "-o", "hard-data.csv.txt")


def test_what_lies_apart_is_written(tmp_path: Path) -> None:
    patient(tmp_path)
    before = prints(tmp_path)
    words = ("-o", "r.json", "-o", "r.txt", "--baseline", "b.json", "--update-baseline")
    assert run(tmp_path, "check", "model.keras", "data.csv", *words).status == 0
    after = prints(tmp_path)
    assert before.items() <= after.items()
    assert {Path(file).name for file in after.keys() - before.keys()} == {"r.json", "r.txt", "b.json"}
    assert run(tmp_path, "check", "model.keras", "data.csv", *words).status == 0
