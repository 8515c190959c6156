"""A file is the old one or the new one, whoever else writes, and whatever happens on the way."""

import os
import stat
import threading
from pathlib import Path

import pytest

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.whole_file import PREFIX, replacing, require_place, unless_there, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("odd")])
def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, fault: BaseException) -> None:
    file = tmp_path / "r.json"
    file.write_text("old")
    told = UsageError if isinstance(fault, OSError) else type(fault)

    def half() -> None:
        with replacing(file, "-o r.json") as new:
            new.write_text("half")
            raise fault

    with pytest.raises(told):
        half()
    assert file.read_text() == "old"
    assert names(tmp_path) == ["r.json"]


def test_the_place_beside_it_is_ours_alone_and_cannot_be_guessed(tmp_path: Path) -> None:
    met = set()
    for _ in range(2):
        with replacing(tmp_path / "r.json", "-o r.json") as new:
            assert new.parent.parent == tmp_path
            assert new.parent.name.startswith(PREFIX)
            assert stat.S_IMODE(new.parent.stat().st_mode) == 0o700
            assert str(os.getpid()) not in str(new.relative_to(tmp_path))
            met.add(new)
            new.touch()
    assert len(met) == 2
    assert names(tmp_path) == ["r.json"]


def test_a_link_laid_where_an_older_version_wrote_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep")
    for name in (f".r.json.{os.getpid()}.part", "r.json.tmp"):
        (tmp_path / name).symlink_to(precious)
    write_text("new", tmp_path / "r.json", "-o r.json")
    assert precious.read_text() == "keep"
    assert (tmp_path / "r.json").read_text() == "new"


def test_many_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    file, texts = tmp_path / "r.json", [str(number) * 100_000 for number in range(8)]
    seen: set[str] = set()
    write_text(texts[0], file, "-o r.json")
    writers = [threading.Thread(target=write_text, args=(text, file, "-o r.json")) for text in texts]
    for one in writers:
        one.start()
    while any(one.is_alive() for one in writers):
        seen.add(file.read_text())
    assert seen | {file.read_text()} <= set(texts)
    assert names(tmp_path) == ["r.json"]


def test_without_leave_to_replace_a_file_made_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "cured.keras"

    def late() -> None:
        with replacing(file, "-o cured.keras", unless_there) as new:
            new.write_text("ours")
            file.write_text("theirs")

    with pytest.raises(UsageError, match="File exists"):
        late()
    assert file.read_text() == "theirs"
    file.unlink()
    with replacing(file, "-o cured.keras", unless_there) as new:
        new.write_text("ours")
    assert file.read_text() == "ours"
    assert names(tmp_path) == ["cured.keras"]


def test_a_disk_without_hard_links_does_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    new, place = tmp_path / "new", tmp_path / "place"
    new.write_text("new")
    unless_there(new, place)
    assert place.read_text() == "new"
    new.write_text("newer")
    with pytest.raises(FileExistsError):
        unless_there(new, place)
    assert place.read_text() == "new"


def test_a_place_that_cannot_be_written_to_is_told_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_place(tmp_path / "r.json", "-o")
    require_place(Path(os.devnull), "-o")
    with pytest.raises(UsageError, match="-o: cannot be written: it is a folder"):
        require_place(tmp_path, "-o")
    with pytest.raises(UsageError, match="does not exist"):
        require_place(tmp_path / "no" / "r.json", "-o")
    (tmp_path / "link.json").symlink_to("nowhere/r.json")
    with pytest.raises(UsageError, match="does not exist"):
        require_place(tmp_path / "link.json", "-o")
    monkeypatch.setattr(os, "access", lambda folder, how: (Path(folder), how) != (tmp_path, os.W_OK))
    with pytest.raises(UsageError, match="is read-only"):
        require_place(tmp_path / "r.json", "-o")


def test_a_folder_that_takes_no_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refused)
    with pytest.raises(UsageError, match=r"^-o r\.json: cannot be written: Permission denied$"):
        write_text("new", tmp_path / "r.json", "-o r.json")
