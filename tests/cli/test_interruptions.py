"""How a run ends before its time, and what a person sees while it lasts."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from shell import FIXTURES, patient

pytestmark = pytest.mark.slow  # processes of their own

CHECK = (sys.executable, "-m", "mlpdoctor", "check")
SLOW = """
import time
import mlpdoctor.diagnosis.diagnose as d

whole = d.diagnose

def slow(*words, progress=None, **options):
    print("ready", flush=True)
    for rows in range(1000, 30000, 1000):
        if progress is not None:
            progress(rows, 30000)
        time.sleep(0.05)
    return whole(*words, progress=progress, **options)

d.diagnose = slow
"""


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A folder in which the tool takes a second or two and says on standard output when it has begun."""
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    patient(tmp_path)
    return tmp_path


def test_ctrl_c_ends_with_130_and_leaves_nothing_behind(slow: Path) -> None:
    words = (*CHECK, "model.keras", "-o", "r.json")
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=slow,
        env={**os.environ, "PYTHONPATH": str(slow)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert not out
    assert not err.strip()
    assert not [path for path in slow.iterdir() if "r.json" in path.name]


def on_stderr(folder: Path, *words: str) -> str:
    """What standard error receives when it is a terminal and standard output is not."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(folder), "TERM": "xterm-256color"}
    with subprocess.Popen(
        (*CHECK, *words), stdout=subprocess.DEVNULL, stderr=follower, cwd=folder, env=environment
    ) as process:
        os.close(follower)
        received = b""
        while True:
            try:
                chunk = os.read(leader, 65536)
            except OSError:  # the terminal closes when the process ends
                break
            if not chunk:
                break
            received += chunk
        process.wait()
    os.close(leader)
    return received.decode()


def test_progress_is_shown_to_a_person_on_standard_error(slow: Path) -> None:
    seen = on_stderr(slow, "model.keras", "data.csv")
    assert re.search(r"\d,000 rows read", seen)
    assert "\u2501" in seen  # of the bar
    assert seen.endswith("\x1b[2K")  # and nothing is left of it


def test_progress_says_which_of_several_models(slow: Path) -> None:
    patient(slow, "other.keras")
    assert "1 of 2" in (seen := on_stderr(slow, "model.keras", "other.keras"))
    assert "2 of 2" in seen


@pytest.mark.parametrize("option", ["--no-progress", "-q"])
def test_progress_can_be_turned_off(slow: Path, option: str) -> None:
    assert not on_stderr(slow, "model.keras", option)


@pytest.mark.parametrize("form", ["terminal", "json", "sarif", "markdown"])
def test_a_reader_that_stops_early_is_no_fault(tmp_path: Path, form: str) -> None:
    began = time.monotonic()
    model = FIXTURES / "three-points" / "model.keras"
    script = f"{' '.join(CHECK)} {model} {model} --format {form} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert not done.stderr
    assert done.returncode in {0, 1}
    assert time.monotonic() - began < 30


IN_AN_IMPORT = """
import importlib.abc, sys, time

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            print("ready", flush=True)
            try:
                time.sleep(20)
            except KeyboardInterrupt:
                raise {raises} from None
        return None

sys.meta_path.insert(0, Slow())
"""


@pytest.mark.parametrize(
    ("module", "raises"),
    [
        ("click", "KeyboardInterrupt"),  # before a command runs
        ("mlpdoctor.cli.main", "KeyboardInterrupt"),
        ("h5py", "KeyboardInterrupt"),  # while it does
        ("h5py", "ImportError('DLL load failed')"),  # as libraries do that are interrupted half-way
    ],
)
def test_ctrl_c_in_an_import_ends_with_130_and_in_silence(tmp_path: Path, module: str, raises: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(IN_AN_IMPORT.format(module=module, raises=raises))
    model = patient(tmp_path)
    paths = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    with subprocess.Popen(
        (*CHECK, model),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err.strip()) == (130, "", "")


def test_what_is_told_to_ignore_ctrl_c_ignores_it(tmp_path: Path) -> None:
    """As a shell does with what runs in the background of a script."""
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    patient(tmp_path)
    paths = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    with subprocess.Popen(
        ("bash", "-c", f"trap '' INT; exec '{sys.executable}' -m mlpdoctor check model.keras -q"),
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "straight line" in out
