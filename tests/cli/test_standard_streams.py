"""Standard streams that are closed, full or broken, pipes that nobody writes to, and a folder that is gone."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from shell import FIXTURES, patient

pytestmark = pytest.mark.slow  # processes of their own

TOOL = f"'{sys.executable}' -m mlpdoctor"
MODEL = FIXTURES / "three-points" / "model.keras"
CHECK = f"{TOOL} check '{MODEL}' --no-config -q"
FULL = "mlpdoctor: standard output cannot be written: No space left on device\n"
CLOSED = "mlpdoctor: standard output cannot be written: it is closed\n"
NOTHING = "mlpdoctor: -: the data should come from standard input, and nothing is piped into it\n"


def shell(folder: Path, script: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """A script of bash, with standard output buffered as users have it, or not."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | variables
    words = ["bash", "-c", script]
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environment, check=False, timeout=60)


@pytest.mark.parametrize(
    ("script", "status", "told"),
    [
        (f"{CHECK} >/dev/full", 2, FULL),
        (f"{CHECK} --format json >/dev/full", 2, FULL),
        (f"{TOOL} --help >/dev/full", 2, FULL),
        (f"{TOOL} rules >/dev/full", 2, FULL),
        (f"{CHECK} >&-", 2, CLOSED),
        (f"{TOOL} --version >&-", 2, CLOSED),
        (f"{CHECK} 2>/dev/full", 1, ""),
        (f"{CHECK} 2>&-", 1, ""),
        (f"{CHECK} no.csv 2>/dev/full", 2, ""),
        (f"{CHECK} <&-", 1, ""),
        (f"{CHECK} - <&-", 2, NOTHING),
        (f"{TOOL} curve - <&-", 2, NOTHING),
        (f"{TOOL} treat '{MODEL}' - <&-", 2, NOTHING),
        (f"{CHECK} - <&- >&- 2>&-", 2, ""),
    ],
)
def test_a_stream_that_is_closed_or_full_is_one_line_at_most(
    tmp_path: Path, script: str, status: int, told: str
) -> None:
    done = shell(tmp_path, script)
    assert (done.returncode, done.stderr) == (status, told)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", ["--help", "rules"])
def test_without_a_buffer_it_is_the_same(tmp_path: Path, words: str) -> None:
    done = shell(tmp_path, f"{TOOL} {words} >/dev/full", PYTHONUNBUFFERED="1")
    assert (done.returncode, done.stderr) == (2, FULL)


def test_no_file_that_is_opened_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """Else a library that prints would print into the report, or into the model."""
    (tmp_path / "sitecustomize.py").write_text(
        "import mlpdoctor.diagnosis.diagnose as d, os\n"
        "whole = d.diagnose\n\n"
        "def loud(*words, **options):\n"
        "    with open('mine', 'w') as mine:\n"
        "        for stream in (1, 2):\n"
        "            try: os.write(stream, b'loud')\n"
        "            except OSError: pass\n"
        "    return whole(*words, **options)\n\n"
        "d.diagnose = loud\n"
    )
    paths = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    done = shell(tmp_path, f"{CHECK} -o r.txt <&- >&- 2>&-", PYTHONPATH=paths)
    assert done.returncode == 2
    assert not (tmp_path / "mine").read_text()
    assert "loud" not in (tmp_path / "r.txt").read_text()


@pytest.mark.parametrize("words", [f"check '{MODEL}'", f"check '{MODEL}' --no-config", "curve log.csv", "config"])
def test_a_working_directory_that_is_gone_is_one_line(tmp_path: Path, words: str) -> None:
    done = shell(tmp_path, f"mkdir gone; cd gone; rmdir ../gone; {TOOL} {words}")
    assert done.returncode == 2
    assert done.stderr == "mlpdoctor: the working directory has been deleted; change to one that exists\n"


def test_the_manual_needs_no_working_directory(tmp_path: Path) -> None:
    done = shell(tmp_path, f"mkdir gone; cd gone; rmdir ../gone; {TOOL} docs")
    assert done.returncode == 0
    assert "Topics of the manual" in done.stdout


def test_a_pipe_that_nobody_writes_to_yet_is_told_and_waited_for(tmp_path: Path) -> None:
    patient(tmp_path)
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    words = [sys.executable, "-m", "mlpdoctor", "check", "model.keras", pipe.name, "-q", "--no-config"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "mlpdoctor: rows.csv: waiting; nobody writes to this named pipe yet\n"
        pipe.write_bytes((tmp_path / "data.csv").read_bytes())
        out, err = process.communicate(timeout=30)
    assert out.startswith("The loss is stuck at 0.005676")
    assert not err
    assert process.returncode == 1


def test_a_pipe_with_a_writer_is_read_in_silence(tmp_path: Path) -> None:
    patient(tmp_path)
    done = shell(tmp_path, f"{TOOL} check model.keras <(cat data.csv) -q --config <(echo 'fail-on = \"never\"')")
    assert (done.returncode, done.stderr) == (0, "")


def test_runs_at_once_leave_whole_files_and_nothing_else(tmp_path: Path) -> None:
    patient(tmp_path)
    many = " ".join(f"{TOOL} check model.keras -q -o r.json --baseline b.json --update-baseline &" for _ in range(6))
    broken: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            files = [file for file in (tmp_path / "r.json", tmp_path / "b.json") if file.exists()]
            broken.extend(file.name for file in files if not file.read_text().endswith("}\n"))
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    done = shell(tmp_path, f"{many} wait")
    over.set()
    watcher.join()
    assert not broken
    assert done.stderr == "mlpdoctor: b.json: 1 known, 0 gone\n" * 6
    assert {path.name for path in tmp_path.iterdir()} == {"model.keras", "data.csv", "r.json", "b.json"}
