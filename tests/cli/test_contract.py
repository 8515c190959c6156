"""What scripts rely on: exit statuses, one line for bad input, results alone on standard output."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest
import shell
from paths import FIXTURES

pytestmark = pytest.mark.slow  # whole runs, and processes of their own

MODEL = FIXTURES / "three-points" / "model.keras"
DATA = FIXTURES / "three-points" / "data.csv"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the tool in an empty folder, inside this process."""

    def start(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
        done = shell.run(tmp_path, *words, **variables)
        return subprocess.CompletedProcess([str(word) for word in words], done.status, done.out, done.err)

    return start


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Runs the tool as a user does, in an empty folder: what Python itself has a part in."""

    def start(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlpdoctor", *map(str, words)]
        settings: dict[str, Any] = {"capture_output": True, "text": True, "cwd": tmp_path, "timeout": 60} | options
        done: subprocess.CompletedProcess[str] = subprocess.run(command, check=False, **settings)
        return done

    return start


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The complaint, after checking that it is all there is."""
    assert done.returncode == 2, done.stderr
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("mlpdoctor: ")
    return line


def test_a_finding_of_an_error_exits_with_1(process: Run) -> None:
    assert process("check", MODEL, DATA).returncode == 1


def test_a_healthy_model_exits_with_0(process: Run) -> None:
    healthy = FIXTURES / "three-points-sigmoid"
    assert process("check", healthy / "model.keras", healthy / "data.csv").returncode == 0


def test_a_warning_fails_only_when_asked_to(run: Run) -> None:
    linear = FIXTURES / "mostly-linear"
    files = (linear / "model.keras", linear / "data.parquet")
    assert run("check", *files).returncode == 0
    assert run("check", *files, "--fail-on", "warning").returncode == 1
    assert run("check", *files, "--fail-on", "never").returncode == 0


def test_fail_on_never_lets_an_error_pass(run: Run) -> None:
    assert run("check", MODEL, DATA, "--fail-on", "never").returncode == 0


def test_a_note_fails_only_when_asked_to(run: Run) -> None:
    two = FIXTURES / "three-points-two-rows"
    assert run("check", two / "model.keras", two / "data.csv", "--fail-on", "warning").returncode == 0
    assert run("check", two / "model.keras", two / "data.csv", "--fail-on", "note").returncode == 1


def truncated(path: Path) -> None:
    path.write_bytes(MODEL.read_bytes()[:3000])


def zip_without_config(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no model")


def foreign_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = [1.0, 2.0]


def misfit(path: Path) -> None:
    with zipfile.ZipFile(MODEL) as source, zipfile.ZipFile(path, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                content = content.replace(b'"units": 10', b'"units": 12')
            archive.writestr(name, content)


def nothing(path: Path) -> None:
    path.touch()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (None, ["no such file"]),
        (Path.mkdir, ["folder", "model.save"]),
        (nothing, ["empty"]),
        (truncated, ["damaged"]),
        (zip_without_config, ["config.json"]),
        (foreign_hdf5, ["HDF5", "no Keras model"]),
        (misfit, ["dense", "(1, 12)", "(1, 10)"]),
        (lambda path: path.write_text("x,y\n1,2\n"), ["neither", ".keras"]),
    ],
    ids=["missing", "folder", "empty", "truncated", "zip without config", "foreign HDF5", "misfit weights", "text"],
)
def test_a_bad_model_file_is_one_line_and_status_2(
    run: Run, tmp_path: Path, make: Callable[[Path], object] | None, words: list[str]
) -> None:
    bad = tmp_path / "bad.keras"
    if make is not None:
        make(bad)
    line = one_line(run("check", bad, DATA))
    assert "bad.keras" in line
    assert all(word in line for word in words), line


def test_a_model_with_a_wrong_suffix_is_read_all_the_same(run: Run, tmp_path: Path) -> None:
    shutil.copy(MODEL, tmp_path / "model.txt")
    assert run("check", tmp_path / "model.txt", DATA).returncode == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["empty"]),
        ("x,y\n", ["header", "no rows"]),
        ("x,y\n1,2\nabc,3\n", ["line 3", "'x'", "'abc'", "--drop"]),
        ("a,b,c,d\n1,2,3,4\n", ["4 columns", "1 feature", "1 target"]),
        ("x\n1\n2\n", ["no target", "1 column"]),
        ("x,y\n1,2\n3\n4,5\n", ["line 3", "1 cell", "2 were expected"]),
    ],
    ids=["empty", "header only", "text", "too many columns", "no target", "ragged"],
)
def test_bad_data_are_one_line_and_status_2(run: Run, tmp_path: Path, content: str, words: list[str]) -> None:
    (tmp_path / "bad.csv").write_text(content)
    line = one_line(run("check", MODEL, "bad.csv"))
    assert all(word in line for word in ["bad.csv", *words]), line


def test_a_folder_without_data_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert "no files" in one_line(run("check", MODEL, "nothing"))


def test_a_file_over_the_limit_names_the_option_that_raises_it(run: Run) -> None:
    assert "--max-bytes" in one_line(run("check", MODEL, DATA, "--max-bytes", "100"))
    assert run("check", MODEL, DATA, "--max-bytes", "1000000").returncode == 1


def test_swapped_arguments_are_told_so(process: Run) -> None:
    assert "MODEL, then DATA" in one_line(process("check", DATA, MODEL))


def test_an_unknown_target_lists_the_columns(run: Run) -> None:
    assert "x, y" in one_line(run("check", MODEL, DATA, "--target", "price"))


def test_an_unknown_loss_lists_those_that_are_known(run: Run) -> None:
    line = one_line(run("check", MODEL, DATA, "--loss", "huber_typo"))
    assert "mae" in line
    assert "mse" in line


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("x,w,y\n1,1,2\n2,-1,3\n", [], ["row 2", "'w'", "-1", "0 or more"]),
        ("x,w,y\n1,0,2\n2,0,3\n", [], ["no row counts", "'w'"]),
        ("x,v,y\n1,0,2\n2,0,3\n", [], ["--sample-weight", "'w'", "x, v, y"]),
        ("x,w,y\n1,1,2\n", ["--target", "w"], ["--target and --sample-weight", "'w'"]),
        ("x,w,y\n1,1,2\n", ["--drop", "w"], ["--drop and --sample-weight", "'w'"]),
    ],
    ids=["negative", "all zero", "missing", "also the target", "also dropped"],
)
def test_bad_sample_weights_are_one_line(
    run: Run, tmp_path: Path, content: str, options: list[str], words: list[str]
) -> None:
    (tmp_path / "weighted.csv").write_text(content)
    line = one_line(run("check", MODEL, "weighted.csv", "--sample-weight", "w", *options))
    assert all(word in line for word in ["weighted.csv", *words]), line


def test_a_row_without_a_weight_is_left_out_and_counted(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"{k},{1 + k % 2},{k * k}\n" for k in range(20))
    (tmp_path / "weighted.csv").write_text(f"x,w,y\n{rows}21,,441\n")
    done = run("check", MODEL, "weighted.csv", "--sample-weight", "w", "--fail-on", "never")
    assert "21 rows (20 complete)" in done.stdout
    assert "rows weighted by w" in " ".join(done.stdout.split())


def test_an_unknown_option_is_one_line_that_points_to_the_help(run: Run) -> None:
    assert "--help" in one_line(run("check", MODEL, DATA, "--bogus"))


def test_an_unknown_rule_suggests_the_near_ones(run: Run) -> None:
    assert "dead-relu" in one_line(run("explain", "dead-rellu"))


def test_an_output_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    assert "cannot be written" in one_line(run("check", MODEL, DATA, "-o", tmp_path / "no" / "report.txt"))


def test_nothing_is_written_but_what_was_asked_for(process: Run, tmp_path: Path) -> None:
    process("check", MODEL, DATA)
    process("check", MODEL, "missing.csv")
    assert not list(tmp_path.iterdir())
    process("check", MODEL, DATA, "--format", "json", "-o", "report.json")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert json.loads((tmp_path / "report.json").read_text())["findings"][0]["code"] == "A101"


def test_data_come_from_standard_input_too(process: Run) -> None:
    piped = process("check", MODEL, "-", "-q", input=DATA.read_text())
    assert piped.returncode == 1
    assert piped.stdout == process("check", MODEL, DATA, "-q").stdout


def test_quiet_prints_the_verdict_alone(process: Run) -> None:
    done = process("check", MODEL, DATA, "-q")
    assert done.stdout.startswith("The loss is stuck at 0.005676")
    assert len(done.stdout.splitlines()) == 1
    assert not done.stderr


def test_a_fault_in_mlpdoctor_itself_is_status_2_never_1(process: Run, tmp_path: Path) -> None:
    """Status 1 means that something was found; a crash must not pass for a diagnosis."""
    (tmp_path / "sitecustomize.py").write_text(
        "import mlpdoctor.diagnosis.diagnose as d\n\n"
        "def broken(*a, **k):\n    raise RuntimeError('boom')\n\n"
        "d.diagnose = broken\n"
    )
    done = process("check", MODEL, DATA, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert "fault in mlpdoctor" in done.stderr
    assert not done.stdout


def test_a_crashed_check_is_status_2_and_says_so(process: Run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import mlpdoctor.checks.state.never_trained as n\n\n"
        "def never_trained(network: n.Network):\n    raise ValueError('boom')\n\n"
        "object.__setattr__(n.never_trained, 'function', never_trained)\n"
    )
    done = process("check", MODEL, DATA, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert "W304 never-trained crashed: ValueError: boom" in done.stderr
    assert "W304 never-trained crashed" in done.stdout
    assert "A101" in done.stdout


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["rules"], ["explain", "A101"], ["--version"]])
def test_information_goes_to_standard_output_with_status_0(process: Run, words: list[str]) -> None:
    done = process(*words)
    assert done.returncode == 0
    assert done.stdout
    assert not done.stderr


def test_a_reader_that_stops_early_ends_the_tool_quietly(tmp_path: Path) -> None:
    script = f"{sys.executable} -m mlpdoctor check {MODEL} {DATA} --format json | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout == "{"
    assert not done.stderr


def test_help_shows_examples_and_exit_statuses(run: Run) -> None:
    text = run("check", "--help").stdout
    assert "mlpdoctor check model.keras data.csv" in text
    assert "Exit status" in text


def test_without_a_command_the_help_is_shown(process: Run) -> None:
    alone, asked = process(), process("--help")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == asked.stdout
    assert "\n  check Explain why" in re.sub(r"(?<=\w) +", " ", alone.stdout)


def test_a_command_does_not_wait_for_the_others() -> None:
    code = "import sys; from mlpdoctor.cli.main import main\ntry: main()\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, "rules"], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "mlpdoctor.cli.commands.reference" in loaded
    assert not {"mlpdoctor.cli.commands.check", "mlpdoctor.cli.commands.treat", "numpy"} & loaded
