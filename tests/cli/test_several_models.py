"""Several models in one run: told from data, from patterns and from the configuration; one summary, one status."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from shell import FIXTURES, patient, run

from mlpdoctor.cli.config.file import Configuration
from mlpdoctor.cli.config.settings import Section
from mlpdoctor.cli.plan import is_model, plan
from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.report_model import Report
from mlpdoctor.diagnosis import diagnose
from mlpdoctor.diagnosis.question import Question


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models, one ill and one well, and the data of both."""
    patient(tmp_path, "models/ill.keras")
    patient(tmp_path, "models/well.keras", "three-points-sigmoid")
    return tmp_path


ILL, WELL = "models/ill.keras", "models/well.keras"


def test_one_summary_and_the_worst_status(folder: Path) -> None:
    done = run(folder, "check", ILL, WELL, "data.csv")
    assert done.status == 1
    assert not done.err
    assert [line for line in done.out.splitlines() if line.startswith("  2 models")]
    assert run(folder, "check", WELL, WELL, "data.csv").status == 0


@pytest.mark.parametrize(
    "words",
    [
        (ILL, WELL, "data.csv"),
        (ILL, WELL, "--data", "data.csv"),
        ("models/*.keras", "data.csv"),
        ("--data", "data.csv", "models/*.keras"),
        (ILL, WELL, ILL, "data.csv"),
    ],
)
def test_the_same_run_in_other_words(folder: Path, words: Sequence[str]) -> None:
    done = run(folder, "check", *words, "--format", "json")
    whole = json.loads(done.out)
    assert [report["model"]["path"] for report in whole["reports"]] == [ILL, WELL]
    assert {report["data"]["path"] for report in whole["reports"]} == {"data.csv"}
    assert whole["summary"]["models"] == 2
    assert whole["summary"]["errors"] == 1


def test_each_report_is_that_of_a_run_alone(folder: Path) -> None:
    several = json.loads(run(folder, "check", ILL, WELL, "data.csv", "--format", "json").out)["reports"]
    for path, report in zip((ILL, WELL), several, strict=True):
        alone = json.loads(run(folder, "check", path, "data.csv", "--format", "json").out)
        assert {**alone, "timing": None} == {**report, "timing": None}


def test_one_that_cannot_be_read_does_not_stop_the_others(folder: Path) -> None:
    (folder / "models" / "broken.keras").write_bytes(b"PK\3\4 nothing")
    done = run(folder, "check", "models/*.keras", "missing.keras", "data.csv", "--format", "json", "-o", "all.md")
    whole = json.loads(done.out)
    assert done.status == 2
    assert [model["path"] for model in whole["unread"]] == ["models/broken.keras", "missing.keras"]
    assert len(whole["reports"]) == 2
    assert len(done.err.splitlines()) == 2
    assert "missing.keras: no such file" in done.err
    assert "models/broken.keras" in (folder / "all.md").read_text()


def test_a_fault_of_ours_on_one_does_not_stop_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = diagnose.diagnose

    def faulty(question: Question, **options: Any) -> Report:  # noqa: ANN401
        if question.model == ILL:
            raise RuntimeError("boom")
        return whole(question, **options)

    monkeypatch.setattr(diagnose, "diagnose", faulty)
    done = run(folder, "check", ILL, WELL, "--format", "json")
    assert done.status == 2
    assert "RuntimeError: boom" in done.err
    (unread,) = json.loads(done.out)["unread"]
    assert unread == {"path": ILL, "reason": "a fault in mlpdoctor: RuntimeError: boom"}


def test_quiet_is_a_line_a_model(folder: Path) -> None:
    lines = run(folder, "check", ILL, WELL, "data.csv", "-q").out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [ILL, WELL]
    assert "straight line" in lines[0]


@pytest.mark.slow
def test_warnings_are_counted_over_all_models(tmp_path: Path) -> None:
    for name in ("a.keras", "b.keras"):
        shutil.copy(FIXTURES / "mostly-linear" / "model.keras", tmp_path / name)
    data = FIXTURES / "mostly-linear" / "data.parquet"
    words = ("check", "a.keras", "b.keras", data, "--select", "L501", "--fail-on", "never", "--max-warnings")
    warnings = json.loads(run(tmp_path, *words, "9", "--format", "json").out)["summary"]["warnings"]
    assert warnings == 2
    assert run(tmp_path, *words, 2).status == 0
    done = run(tmp_path, *words, 1)
    assert done.status == 1
    assert "2 warnings are more than --max-warnings 1" in done.err


TABLE = """
[tool.mlpdoctor]
fail-on = "never"

[tool.mlpdoctor.models]
ill = { model = "models/ill.keras", data = "data.csv", fail-on = "error", select = ["A101"] }
well = "models/well.keras"
"""


def test_the_table_of_models_is_checked_when_none_is_given(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(TABLE)
    whole = json.loads((done := run(folder, "check", "--format", "json")).out)
    assert done.status == 1
    ill, well = whole["reports"]
    assert (ill["model"]["path"], well["model"]["path"]) == (ILL, WELL)
    assert ill["data"]["path"] == "data.csv"
    assert well["data"] is None
    assert len(ill["checks"]) == 1 < len(well["checks"])
    assert run(folder, "check", "well").status == 0
    assert run(folder, "check", "ill", "-q").out == run(folder, "check", ILL, "-q").out


def test_the_table_works_from_a_folder_below(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(TABLE)
    (folder / "deep").mkdir()
    done = run(folder / "deep", "check", "-q")
    assert done.out.splitlines()[0].startswith("../models/ill.keras: ")


def test_without_a_model_and_without_a_table_it_says_how(folder: Path) -> None:
    line = run(folder, "check").line
    assert "mlpdoctor check MODEL [DATA]" in line
    assert "[tool.mlpdoctor.models]" in line


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("data.csv", ILL), ["data.csv: is not a model, but models/ill.keras is", "MODEL, then DATA"]),
        ((ILL, "data.csv", WELL), ["data.csv: is not a model", "--data data.csv"]),
        ((ILL, "data.csv", "data.csv"), ["neither data.csv nor data.csv is a model", "only one DATA"]),
        ((ILL, "data.csv", "--data", "data.csv"), ["given twice"]),
        ((ILL, WELL, "-"), ["standard input", "once"]),
        (("models/*.h5",), ["no file is called models/*.h5"]),
    ],
)
def test_arguments_that_make_no_sense_are_one_line(folder: Path, words: Sequence[str], parts: list[str]) -> None:
    line = run(folder, "check", *words).line
    assert all(part in line for part in parts), line


def test_a_misspelt_name_of_the_table_is_told_so(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(TABLE)
    assert "did you mean well?" in run(folder, "check", "wel").line


@pytest.mark.parametrize(
    ("name", "fixture", "expected"),
    [
        ("m.keras", "three-points/model.keras", True),
        ("m.h5", "three-points/model.h5", True),
        ("m.bin", "three-points/model.keras", True),
        ("m.bin", "three-points/model.h5", True),
        ("d.npz", "numpy-cosine/data.npz", False),
        ("d.bin", "numpy-cosine/data.npz", False),
        ("d.parquet", "mostly-linear/data.parquet", False),
        ("d.gz", "four-relu-sine/data.csv.gz", False),
    ],
)
def test_a_model_is_told_by_suffix_and_content(tmp_path: Path, name: str, fixture: str, expected: bool) -> None:  # noqa: FBT001
    shutil.copy(FIXTURES / fixture, tmp_path / name)
    assert is_model(str(tmp_path / name)) is expected


def test_no_name_is_too_long(folder: Path) -> None:
    assert run(folder, "check", "x" * 5000, "y" * 5000).status == 2
    assert "fault" not in run(folder, "check", ILL, "y" * 5000).err


def test_what_is_not_there_is_told_by_its_suffix(tmp_path: Path) -> None:
    assert is_model(str(tmp_path / "no.keras"))
    assert not is_model(str(tmp_path / "no.csv"))
    assert not is_model("-")
    assert not is_model(str(tmp_path))


def test_a_damaged_archive_is_data_only_when_its_name_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\3\4 nothing")
    assert not is_model(str(tmp_path / "x.zip"))


def test_the_first_argument_is_a_model_whatever_it_holds() -> None:
    (job,) = plan(["model.bin", "data.bin"], Configuration(), Section())
    assert (job.model, job.settings.value("data")) == ("model.bin", "data.bin")
    with pytest.raises(UsageError, match="give the path"):
        plan([], Configuration(), Section())
