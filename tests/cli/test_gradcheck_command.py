"""``mlpdoctor gradcheck``: a file of the user's is run, its gradient judged, and the answer written as text or JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from paths import FIXTURES
from shell import run

from mlpdoctor.gradcheck.templates import TEMPLATES

WRONG = ("* (1 - a1**2)", "")
"""What is left out of the template of functions: the slope of its hidden layer."""


def written(folder: Path, text: str) -> Path:
    file = folder / "net.py"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_is_right_as_it_is_written(tmp_path: Path, kind: str) -> None:
    text = run(tmp_path, "gradcheck", "--example", kind).out
    assert text == TEMPLATES[kind]
    done = run(tmp_path, "gradcheck", written(tmp_path, text))
    assert done.status == 0
    assert "The gradient is right" in done.out
    assert done.err == f"mlpdoctor: runs {tmp_path / 'net.py'}\n"


def test_without_a_kind_the_functions_are_shown(tmp_path: Path) -> None:
    assert run(tmp_path, "gradcheck", "--example").out == TEMPLATES["functions"]


def test_a_mistake_has_its_name_its_line_and_status_1(tmp_path: Path) -> None:
    done = run(tmp_path, "gradcheck", written(tmp_path, TEMPLATES["functions"].replace(*WRONG)))
    assert done.status == 1
    assert "1  The slope of tanh is missing at layer 1." in done.out
    assert "do:  delta = delta * (1 - a1**2)" in done.out
    rows = {line.split()[0]: line.split()[2] for line in done.out.splitlines() if line.startswith(("  W", "  b"))}
    assert rows == {"W1": "wrong", "b1": "wrong", "W2": "ok", "b2": "ok"}


def test_json_says_the_same_to_programs(tmp_path: Path) -> None:
    file = written(tmp_path, TEMPLATES["functions"].replace(*WRONG))
    done = run(tmp_path, "gradcheck", file, "--format", "json")
    told = json.loads(done.out)
    assert done.status == 1
    assert (told["right"], told["explained"], told["start"]) == (False, True, "W1")
    assert [one["kind"] for one in told["mistakes"]] == ["slope-missing"]
    assert [one["status"] for one in told["arrays"]] == ["wrong", "wrong", "ok", "ok"]
    assert told["arrays"][0]["shape"] == [2, 10]


def test_what_the_file_prints_is_not_in_the_report(tmp_path: Path) -> None:
    file = written(tmp_path, "print('hello')\n" + TEMPLATES["functions"])
    done = run(tmp_path, "gradcheck", file, "--format", "json")
    assert json.loads(done.out)["right"]
    assert "hello" in done.err


def test_it_finds_the_modules_beside_it(tmp_path: Path) -> None:
    done = run(tmp_path, "gradcheck", FIXTURES / "hand-written" / "cosine_squared.py")
    assert done.status == 1
    assert "The loss itself (a - y)**2 is used in place of its derivative." in done.out


def test_without_layers_it_says_where_and_what_is_missing(tmp_path: Path) -> None:
    text = (
        TEMPLATES["functions"]
        .replace(*WRONG)
        .replace("x = ", "rows = ")
        .replace("x[", "rows[")
        .replace("x @", "rows @")
    )
    done = run(tmp_path, "gradcheck", written(tmp_path, text.replace("x.T", "rows.T")))
    flat = " ".join(done.out.split())
    assert done.status == 1
    assert "Counted from the output, b1 is the first that is wrong" in flat
    assert "the file must define layers, x and y: x and y are not given." in flat


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 3\n", "defines no parameters and no loss; 'mlpdoctor gradcheck --example > net.py' writes a file"),
        ("x = (\n", "cannot be run: SyntaxError: '(' was never closed (line 1)"),
        ("import nothing_of_this_name\n", "cannot be run: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("a = 1\nb = 1 / 0\n", "cannot be run: ZeroDivisionError: division by zero (line 2)"),
        ("raise SystemExit\n", "ends itself with sys.exit()"),
        (
            TEMPLATES["functions"].replace("def loss():", "def loss():\n    return y"),
            "loss() returned an array of shape",
        ),
    ],
)
def test_a_file_that_cannot_be_checked_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    done = run(tmp_path, "gradcheck", written(tmp_path, text))
    said, *_, complaint = done.err.splitlines()
    assert done.status == 2
    assert not done.out
    assert said == f"mlpdoctor: runs {tmp_path / 'net.py'}"
    assert message in complaint


def test_no_file_and_no_such_file_are_told(tmp_path: Path) -> None:
    assert "give the Python file to check" in run(tmp_path, "gradcheck").line
    assert "no such file" in run(tmp_path, "gradcheck", "none.py").err


def test_the_same_in_python() -> None:
    import mlpdoctor

    given: dict[str, Any] = {}
    exec(compile(TEMPLATES["functions"].replace(*WRONG), "net.py", "exec"), given)  # noqa: S102
    names = ("parameters", "loss", "gradients", "layers", "x", "y")
    report = mlpdoctor.gradcheck(**{name: given[name] for name in names})
    assert [one.kind for one in report.mistakes] == ["slope-missing"]
