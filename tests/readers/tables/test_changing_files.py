"""A file that somebody writes to while it is read gives one line, and neither a mixture nor a crashed check."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shell import patient, run

from mlpdoctor.core.dataset import Wanted
from mlpdoctor.core.errors import DataFileError
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.subject import opened
from mlpdoctor.engine.stream import collect
from mlpdoctor.readers.tables.data import open_dataset

CHANGED = "was changed while it was read; give a copy that stays as it is"


def appended(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"7,8\n")


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def replaced(file: Path) -> None:
    other = file.with_suffix(".new")
    other.write_bytes(file.read_bytes())
    other.replace(file)


def rewritten(file: Path) -> None:
    content, before = file.read_bytes(), file.stat()
    file.write_bytes(content[::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


CHANGES = [appended, cut, replaced, rewritten]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["d.csv", "d.npy", "d.npz"])
def test_between_two_passes(tmp_path: Path, name: str, change: Callable[[Path], None]) -> None:
    file = tmp_path / name
    cells = np.arange(40.0).reshape(20, 2)
    if name == "d.csv":
        np.savetxt(file, cells, delimiter=",", header="x,y", comments="")
    elif name == "d.npy":
        np.save(file, cells)
    else:
        np.savez(file, x=cells[:, :1], y=cells[:, 1:])
    data = open_dataset(str(file), Wanted(1, (1,)))
    assert sum(len(batch.features) for batch in data.batches(8)) == 20
    change(file)
    with pytest.raises(DataFileError, match=CHANGED):
        list(data.batches(8))


@pytest.mark.slow
@pytest.mark.parametrize("change", [appended, cut])
def test_in_the_middle_of_a_pass(tmp_path: Path, change: Callable[[Path], None]) -> None:
    file = tmp_path / "d.csv"
    np.savetxt(file, np.arange(2e5).reshape(-1, 2), delimiter=",", header="x,y", comments="")
    rows = open_dataset(str(file), Wanted(1, (1,))).batches(64)
    next(rows)
    change(file)
    with pytest.raises(DataFileError, match=CHANGED):
        list(rows)


def test_a_file_that_stays_is_read_as_often_as_one_likes(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n1,2\n3,4\n")
    data = open_dataset(str(tmp_path / "d.csv"), Wanted(1, (1,)))
    for _ in range(3):
        (batch,) = data.batches(8)
        assert batch.features.tolist() == [[1.0], [3.0]]


def test_no_check_takes_it_for_a_crash_of_its_own(tmp_path: Path) -> None:
    model = patient(tmp_path)
    question = Question(str(model), str(tmp_path / "data.csv"))
    subject = opened(question)
    appended(tmp_path / "data.csv")
    with pytest.raises(DataFileError, match=CHANGED):
        diagnose(question, subject=subject)


def test_it_is_one_line_where_a_later_pass_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def changing(*words: Any, **more: Any) -> Any:  # noqa: ANN401
        made = collect(*words, **more)
        appended(tmp_path / "data.csv")
        return made

    monkeypatch.setattr("mlpdoctor.diagnosis.diagnose.collect", changing)
    patient(tmp_path)
    assert CHANGED in run(tmp_path, "check", "model.keras", "data.csv").line


def test_a_log_may_grow_while_it_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("epoch,loss\n0,3\n1,2\n")
    assert run(tmp_path, "curve", "log.csv").status == 0
    appended(log)
    assert run(tmp_path, "curve", "log.csv").status == 0
