"""Outputs and inputs are told apart as the files they are, not as names."""

import os
from pathlib import Path

import pytest

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.whole_file import keep_apart


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("x,y\n")
    Path("folder").mkdir()


def clash(*outputs: str, read: str = "data.csv") -> str:
    with pytest.raises(UsageError) as caught:
        keep_apart([(f"-o {file}", file) for file in outputs], [("the data", read)])
    return str(caught.value)


def test_the_name_itself_by_any_way_to_it(tmp_path: Path) -> None:
    for name in ("data.csv", "./data.csv", "folder/../data.csv", str(tmp_path / "data.csv")):
        assert clash(name) == f"-o {name}: is the data, which is read and must stay as it is; give another name"
    assert clash("missing.csv", read="./missing.csv")


def test_links_of_both_kinds_to_either(tmp_path: Path) -> None:
    Path("soft").symlink_to("data.csv")
    Path("hard").hardlink_to("data.csv")
    Path("other").symlink_to(tmp_path)
    for name in ("soft", "hard", "other/data.csv", "other/soft"):
        assert "is the data" in clash(name)
        assert "is the data" in clash("data.csv", read=name)


def test_two_outputs_that_are_one(tmp_path: Path) -> None:
    assert clash("r.json", "folder/../r.json") == (
        "-o r.json: is the same file as -o folder/../r.json; give each its own"
    )
    Path("link.json").symlink_to("r.json")
    assert "same file" in clash("link.json", str(tmp_path / "r.json"))


def test_what_differs_may_be_written(tmp_path: Path) -> None:
    Path("copy.csv").write_text("x,y\n")
    keep_apart([("-o", "r.json"), ("-o", "folder/r.json"), ("-o", "copy.csv")], [("the data", "data.csv")])
    keep_apart([("-o", os.devnull), ("-o", os.devnull)], [("the data", os.devnull)])
    keep_apart([("-o", str(tmp_path / "r.json"))], [("the data", "-"), ("the data", "folder")])
