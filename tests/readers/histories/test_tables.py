"""Histories in tables and in JSON, in every shape that pandas, R, TensorBoard and people give them."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpdoctor.history import History
from mlpdoctor.readers.histories.draft import canonical, canonical_names
from mlpdoctor.readers.histories.history import read_history
from mlpdoctor.readers.histories.json_log import parse_json, read_json
from mlpdoctor.readers.histories.table_log import is_table, read_table

TRUTH = {"loss": [0.75, 0.5123456789, 0.25], "val_loss": [1.5, 1.25, 1.0], "mae": [0.5, 0.25, 0.125]}
FRAME = pd.DataFrame(TRUTH)
COUNTED = FRAME.rename_axis("epoch").reset_index()
LONG = COUNTED.melt("epoch", var_name="metric").assign(epoch=lambda long: long["epoch"] + 1)
R_LONG = LONG.assign(
    data=np.where(LONG["metric"].str.startswith("val_"), "validation", "training"),
    metric=LONG["metric"].str.removeprefix("val_"),
)[["epoch", "value", "metric", "data"]]


def read(content: str | bytes, folder: Path) -> History:
    file = folder / "history"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_history(str(file))


def csv(frame: pd.DataFrame, **options: object) -> str:
    return str(frame.to_csv(**options))


SHAPES = {
    "CSVLogger": csv(COUNTED, index=False),
    "CSVLogger with semicolons": csv(COUNTED, index=False, sep=";"),
    "CSVLogger with tabs": csv(COUNTED, index=False, sep="\t"),
    "German Excel": csv(COUNTED, index=False, sep=";", decimal=","),
    "pandas with its index": csv(FRAME),
    "pandas without": csv(FRAME, index=False),
    "no epochs, another order": csv(FRAME[["val_loss", "mae", "loss"]], index=False),
    "printed by pandas": FRAME.to_string(),
    "write.csv of R": csv(FRAME.set_index(pd.RangeIndex(1, 4)), quoting=2),
    "write.table of R": csv(FRAME.set_index(pd.RangeIndex(1, 4)), sep=" ", quoting=2).removeprefix('"" '),
    "as.data.frame(history)": csv(R_LONG, quoting=2, index=False),
    "as.data.frame(history), printed": R_LONG.set_index(pd.RangeIndex(1, 10)).to_string(),
    "Windows": csv(COUNTED, index=False).replace("\n", "\r\n"),
    "blank lines": "\n\n" + csv(COUNTED, index=False).replace("\n", "\n\n"),
    "JSON": json.dumps(TRUTH),
    "JSON with strings": json.dumps({name: list(map(str, values)) for name, values in TRUTH.items()}),
    "JSON of the whole History": json.dumps({"history": TRUTH, "params": {"epochs": 90}, "epoch": [0, 1, 2]}),
    "to_json": FRAME.to_json(double_precision=15),
    "to_json of records": COUNTED.to_json(orient="records", double_precision=15),
    "to_json of lines": COUNTED.to_json(orient="records", lines=True, double_precision=15),
    "to_json split": FRAME.to_json(orient="split", double_precision=15),
    "a printed dictionary": repr(TRUTH),
    "a printed dictionary of NumPy numbers": repr(
        {name: list(map(np.float64, column)) for name, column in TRUTH.items()}
    ),
    "other names": csv(FRAME.rename(columns={"loss": "train_loss", "val_loss": "Validation Loss"}), index=False),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str, tmp_path: Path) -> None:
    history = read(SHAPES[shape], tmp_path)
    (run,) = history.runs
    assert set(run.columns) == set(TRUTH)
    assert not history.bad.count
    for name, values in TRUTH.items():
        assert list(run.columns[name].epochs) == [1, 2, 3]
        np.testing.assert_allclose(
            run.columns[name].values, values, rtol=1e-6 if "printed" in shape and "dictionary" not in shape else 1e-12
        )
    assert run.planned == (90 if "whole" in shape else None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    (run,) = read(csv(COUNTED, index=False).encode(encoding), tmp_path).runs
    assert run.epochs == 3


def test_gzip(tmp_path: Path) -> None:
    (run,) = read(gzip.compress(csv(COUNTED, index=False).encode()), tmp_path).runs
    assert run.epochs == 3


def test_standard_input() -> None:
    (run,) = read_history("-", stdin=io.BytesIO(csv(COUNTED).encode())).runs
    assert run.epochs == 3


def test_the_padding_of_csv_logger(tmp_path: Path) -> None:
    (run,) = read("epoch,loss,val_loss\n0,0.5,NA\n1,0.4,0.6\n2,0.3,NA\n3,0.2,0.4\n", tmp_path).runs
    assert list(run.columns["val_loss"].epochs) == [2, 4]
    assert list(run.columns["val_loss"].values) == [0.6, 0.4]
    assert list(run.columns["loss"].epochs) == [1, 2, 3, 4]


@pytest.mark.parametrize("content", ["epoch,loss\n0,0.5\n1,nan\n2,inf\n", 'epoch,loss\n0,0.5\n1,nan\n2,"inf"\n'])
def test_nan_is_a_value(content: str, tmp_path: Path) -> None:
    (run,) = read(content, tmp_path).runs
    np.testing.assert_array_equal(run.columns["loss"].values, [0.5, np.nan, np.inf])


@pytest.mark.parametrize("shape", ["csv", "json", "python"])
def test_nan_as_pandas_and_python_write_it(shape: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"loss": [0.5, np.nan], "val_loss": [1.0, 2.0]})
    content = {"csv": csv(frame), "json": frame.to_json(), "python": repr({"loss": [0.5, np.nan], "val_loss": [1, 2]})}
    (run,) = read(content[shape], tmp_path).runs
    np.testing.assert_array_equal(run.columns["loss"].values, [0.5, np.nan])


@pytest.mark.parametrize(("second", "runs"), [(0.3, 1), (0.9, 2)])
@pytest.mark.parametrize("header", ["", "epoch,loss\n"])
def test_appended_runs(second: float, runs: int, header: str, tmp_path: Path) -> None:
    history = read(f"epoch,loss\n0,0.91\n1,0.31\n{header}0,{second}\n1,0.2\n", tmp_path)
    assert [len(run.columns["loss"]) for run in history.runs] == ([4] if runs == 1 else [2, 2])
    assert history.last is not None
    assert history.last.calls == 3 - runs
    assert any("fit joined" in guess for guess in history.guesses) == (runs == 1)


def test_bad_lines(tmp_path: Path) -> None:
    history = read("epoch,loss\n0,0.5\n1,abc\nx,0.4\n2,0.3,7\n3\n4,0.1\n", tmp_path)
    assert history.bad.count == 4
    assert history.bad.examples == (
        "line 3: loss is no number: 'abc'",
        "line 4: no epoch: 'x'",
        "line 5: 3 cells where 2 were expected",
    )
    (run,) = history.runs
    assert list(run.columns["loss"].epochs) == [1, 5]


def test_columns_of_text_are_left_out(tmp_path: Path) -> None:
    history = read('epoch,loss,note,parts\n0,0.5,good,"[1, 2]"\n1,0.4,bad,"[1, 2]"\n', tmp_path)
    (run,) = history.runs
    assert set(run.columns) == {"loss"}
    assert not history.bad.count


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("0.5\n0.4\n0.3\n", [0.5, 0.4, 0.3]),
        ("[0.5, 0.4, 0.3]", [0.5, 0.4, 0.3]),
        ("Wall time,Step,Value\n1.7e9,0,0.5\n1.7e9,1,0.4\n", [0.5, 0.4]),
        ("[[1700000000.1, 0, 0.5], [1700000001.1, 1, 0.4]]", [0.5, 0.4]),
        ("Step,run - loss\n0,0.5\n1,0.4\n", [0.5, 0.4]),
        ("1700000000123 0.5 0\n1700000000124 0.4 1\n", [0.5, 0.4]),
        ('{"a": {"loss": [0.9]}, "b": {"loss": [0.5, 0.4]}}', [0.5, 0.4]),
        ('[{"loss": [0.9]}, {"loss": [0.5, 0.4]}]', [0.5, 0.4]),
        ('{"epoch": 1, "loss": 0.5}\nnoise\n{"epoch": 2, "loss": 0.4}\n', [0.5, 0.4]),
        ('{"loss": [0.5, 0.4], "val_loss": [0.6]}', [0.5, 0.4]),
    ],
)
def test_losses_without_more(content: str, expected: list[float], tmp_path: Path) -> None:
    history = read(content, tmp_path)
    assert history.last is not None
    assert list(history.last.columns["loss"].values) == expected


@pytest.mark.parametrize(
    ("values", "halves", "decimals"),
    [
        (["0.0057", "0.0060"], [5e-5, 5e-5], 4),
        (["0.0057", "0.006"], [5e-5, 5e-5], None),
        (["0.0057", "1.2345e-05"], [5e-5, 5e-10], 4),
        (["0.123456789012", "0.5"], [0.123456789012 * 2**-24, 0.5 * 2**-24], None),
        (["12.3", "0.1"], [0.05, 0.05], 1),
    ],
)
def test_rounding(values: list[str], halves: list[float], decimals: int | None, tmp_path: Path) -> None:
    for content in ("epoch,loss\n" + "".join(f"{place},{value}\n" for place, value in enumerate(values)),):
        (run,) = read(content, tmp_path).runs
        np.testing.assert_allclose(run.columns["loss"].rounding, halves)
        assert run.columns["loss"].decimals == decimals


def test_names() -> None:
    assert canonical("lr") == canonical("Learning Rate") == "learning_rate"
    assert canonical("Training loss") == canonical("loss/train") == "loss"
    assert canonical("valid_loss") == "val_loss"
    assert canonical("head_loss") == "head_loss"
    assert canonical_names(["loss", "train_loss"]) == ("loss", "train_loss")
    assert canonical_names(["train_loss", "loss"]) == ("train_loss", "loss")


CELLS = st.sampled_from(["0.5", "nan", "NA", "", "x", '"', "1e5", ",", "\t", "-", "[1, 2]", "inf", "0", "3"])


@given(st.lists(st.lists(CELLS, max_size=5).map(",".join), max_size=12))
def test_any_table(lines: list[str]) -> None:
    text = ["epoch,loss,val_loss", "0,0.5,0.6", *lines]
    assert is_table(text)
    drafts, bad = read_table(text)
    assert drafts
    assert bad.count <= 3 * len(lines)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["loss", "epoch", "a"]), inner),
        max_leaves=20,
    )
)
def test_any_json(content: object) -> None:
    for draft in read_json(parse_json(json.dumps(content))):
        assert draft.rows
