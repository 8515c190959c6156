"""``--validation`` and ``--split``: which rows they mean in every kind of file, and what each format says of them."""

import json
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import numpy as np
import numpy.typing as npt
import pytest
from memorised import fitted, rows
from shell import run
from sklearn.model_selection import train_test_split

from mlpdoctor.core.network import Array
from mlpdoctor.report.json import schema

CHECK = ("check", "weights.npz", "--layers", "tanh,linear", "--loss", "mse")
ROWS, SEED = 150, 42


def save_weights(folder: Path, *arrays: Array) -> None:
    np.savez(folder / "weights.npz", allow_pickle=False, **dict(zip(("W1", "b1", "W2", "b2"), arrays, strict=True)))


def write_csv(path: Path, names: Sequence[str], table: Array) -> None:
    np.savetxt(path, table, delimiter=",", header=",".join(names), comments="", fmt="%.17g")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    x, y = rows(ROWS, 0)
    trained, unseen = train_test_split(np.arange(ROWS), test_size=0.4, random_state=SEED)
    save_weights(tmp_path, *fitted(x[trained], y[trained], 80))
    names, table = ("a", "b", "c", "d", "y"), np.concatenate([x, y[:, None]], axis=1)
    write_csv(tmp_path / "all.csv", names, table)
    write_csv(tmp_path / "train.csv", names, table[np.sort(trained)])
    write_csv(tmp_path / "val.csv", names, table[np.sort(unseen)])
    order = [4, 2, 0, 3, 1]
    write_csv(tmp_path / "other-order.csv", [names[k] for k in order], table[np.sort(unseen)][:, order])
    arrays = {"X_train": x[trained], "y_train": y[trained], "X_test": x[unseen], "y_test": y[unseen]}
    np.savez(tmp_path / "both.npz", allow_pickle=False, **arrays)
    np.savez(tmp_path / "one.npz", x=x, y=y)
    return tmp_path


def as_json(folder: Path, *words: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run(folder, *CHECK, *words, "--format", "json").out)
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("all.csv", "--split", "0.4:42"),
        ("train.csv", "--validation", "val.csv"),
        ("train.csv", "--validation", "other-order.csv"),
        ("both.npz", "--validation", "both.npz"),
        ("train.csv", "--validation", "both.npz"),
    ],
)
def test_the_same_rows_have_one_report_however_they_are_told(folder: Path, words: tuple[str, ...]) -> None:
    report = as_json(folder, *words)
    jsonschema.Draft202012Validator(json.loads(schema.of_check())).validate(report)
    expected = as_json(folder, "train.csv", "--validation", "val.csv")
    one, other = (dict(found["unseen"]) for found in (report, expected))  # type: ignore[call-overload]
    assert one["rows"] == 60
    assert one["gap"] == pytest.approx(other["gap"], rel=1e-9)
    values = [[rung["value"] for rung in found["ladder"]["rungs"]] for found in (one, other)]
    assert values[0] == pytest.approx(values[1], rel=1e-9)
    assert str(report["verdict"]).startswith("The network overfits: its loss is ")


def test_the_arrays_that_were_read_and_that_were_not_are_said(folder: Path) -> None:
    told = run(folder, *CHECK, "both.npz").out
    assert "not read: X_test, y_test, which --validation judges" in " ".join(told.split())


def test_rows_from_standard_input_are_split_too(folder: Path) -> None:
    given = (folder / "all.csv").read_text()
    done = run(folder, *CHECK, "-", "--split", "0.4:42", "-q", given=given)
    assert done.out.startswith("The network overfits: its loss is ")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_every_format_for_people_shows_the_second_ladder(folder: Path, form: str) -> None:
    told = " ".join(run(folder, *CHECK, "all.csv", "--split", "0.4:42", "--format", form).out.split()).lower()
    assert "60 rows, those of train_test_split(test" in told.replace("\\", "")
    assert "overfits" in told
    assert "±" in told


def test_the_brief_line_has_the_loss_there(folder: Path) -> None:
    with_rows = json.loads(run(folder, *CHECK, "all.csv", "--split", "0.4:42", "--format", "brief").out)
    jsonschema.Draft202012Validator(json.loads(schema.of_brief())).validate(with_rows)
    assert with_rows["ladder"]["unseen"] > 3 * with_rows["ladder"]["model"]
    assert "unseen" not in json.loads(run(folder, *CHECK, "all.csv", "--format", "brief").out)["ladder"]


def test_settings_of_a_project_say_it_once(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.mlpdoctor]\ndata = "train.csv"\nvalidation = "val.csv"\n')
    assert "60 rows, of val.csv" in run(folder, *CHECK).out
    (folder / "pyproject.toml").write_text('[tool.mlpdoctor]\ndata = "all.csv"\nsplit = "0.4:42"\n')
    assert "60 rows, those of train_test_split" in " ".join(run(folder, *CHECK).out.split())


def test_without_them_a_healthy_report_says_what_it_judges(folder: Path) -> None:
    x, y = rows(900, 3, noise=0.1)
    save_weights(folder, *fitted(x, y, 40))
    np.savez(folder / "data.npz", x=x, y=y)
    said = "only the rows given were judged; see --validation and --split"
    assert said in " ".join(run(folder, *CHECK, "data.npz").out.split())
    told = " ".join(run(folder, *CHECK, "data.npz", "--split", "0.2").out.split())
    assert said not in told
    assert "Looks healthy, on 180 unseen rows too." in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--split", "0.2"), "--validation and --split need the rows trained on too"),
        (("all.csv", "--split", "1.5"), "--split: '1.5' was given; expected --split 0.2 for the last fifth"),
        (("all.csv", "--split", "0.2:42:stratify"), "cannot be split by stratify"),
        (("all.csv", "--split", "0.2", "--validation", "val.csv"), "give one of them"),
        (("-", "--validation", "-"), "standard input can be read only once"),
        (("all.csv", "--validation", "none.csv"), "none.csv: there is no such file"),
        (("all.csv", "--validation", "all.csv"), "these are the rows of DATA"),
        (("one.npz", "--validation", "one.npz"), "these are the rows of DATA"),
        (("all.csv", "--validation", "val.csv", "-o", "val.csv"), "val.csv"),
    ],
)
def test_what_does_not_fit_ends_in_one_line(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = run(folder, *CHECK, *words)
    assert done.status == 2
    assert said in done.line
    assert len(done.line.split()) <= 60


def test_classes_in_words_keep_the_numbers_of_the_rows_trained_on(tmp_path: Path) -> None:
    """A validation file without the first class would number the others again."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 2))
    words = np.array(["ant", "bee", "cat"])[np.digitize(x[:, 0], [-0.4, 0.4])]
    last, start = np.array([[-2.0, 0, 2], [0, 0, 0]]), np.array([0, 0.5, 0])
    save_weights(tmp_path, np.eye(2), np.zeros(2), last, start)

    def write(name: str, chosen: npt.NDArray[np.intp], extra: str = "") -> None:
        lines = [f"{a},{b},{word}" for (a, b), word in zip(x[chosen], words[chosen], strict=True)]
        (tmp_path / name).write_text("\n".join(["a,b,kind", *lines, *([f"0,0,{extra}"] if extra else [])]) + "\n")

    write("train.csv", np.arange(90))
    write("val.csv", np.flatnonzero(words != "ant"))
    write("new.csv", np.arange(40), "dog")
    command = ("check", "weights.npz", "--layers", "tanh,softmax", "--loss", "sparse_categorical_crossentropy")
    report = json.loads(run(tmp_path, *command, "train.csv", "--validation", "val.csv", "--format", "json").out)
    rungs = {rung["name"]: rung["value"] for rung in report["unseen"]["ladder"]["rungs"]}
    kept = words != "ant"
    scores = np.tanh(x[kept]) @ last + start
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = np.searchsorted(["ant", "bee", "cat"], words[kept])
    assert rungs["model"] == pytest.approx(-np.log(chances[np.arange(len(truth)), truth]).mean(), rel=1e-6)
    done = run(tmp_path, *command, "train.csv", "--validation", "new.csv")
    assert "the target 'kind' holds dog" in done.line
